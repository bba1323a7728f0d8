"""Which documents were printed again and again: by prints, however many sources told of each."""

from __future__ import annotations

from datetime import timedelta

from services.accounting.aggregates.alerts import Limits
from services.accounting.aggregates.store import AggregateStore
from shared.events import JobCompleted
from shared.postgres import open_pool
from tests.integration.ledger_posts import publish
from tests.integration.test_job_corrections import PRICE, Books, better, corrected, told


async def test_a_print_that_two_sources_told_of_is_one_print(database_url: str) -> None:
    pool = await open_pool(database_url, max_size=1)
    await publish(pool, PRICE)
    books = Books(database_url, "simple")
    first, second, third = (told(number, title="plan.pdf") for number in (1, 2, 3))
    measured = better(first, 600_000), better(second, 600_000)
    books.take(first, second, corrected(first, measured[0]), corrected(second, measured[1]))
    store = AggregateStore(pool)

    assert await repeats(store, first, second, *measured) == []
    books.take(third)
    assert await repeats(store, third, first) == [[str(each.job.id) for each in (*measured, third)]]
    books.writer.close()
    await pool.close()


async def repeats(store: AggregateStore, *jobs: JobCompleted) -> list[list[str]]:
    """What is found of some jobs that were told."""
    done = {str(each.job.id): each.completed_at for each in jobs if each.completed_at}
    found = await store.repeats(done, Limits(repeat_within_s=int(timedelta(hours=1).total_seconds())))
    return [list(each.jobs) for each in found]
