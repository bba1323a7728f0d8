"""Summaries as the ledger stood at a moment: what was answered then is answered again, whatever was changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

import pytest

from services.accounting.books.loader import load_pricing
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.periods import Periods
from services.reporting.question import Question
from services.reporting.store import Store
from services.reporting.summary import By, Summary
from shared.clock import FixedClock
from shared.events import JobCompleted
from shared.events.jobs import PersonRef
from shared.periods import parse_period
from shared.postgres import Pool, open_pool
from tests.integration.amended import amend
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish, work_of
from tests.unit.accounting.price_lists import a1_line, job

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST: Final = datetime(2026, 10, 30, 12, tzinfo=UTC)
LINES: Final = (
    a1_line(category="line-colour", media="gloss"),
    a1_line(category="line-colour", media="plain", sheets=3),
    a1_line(category="image-high", ink_ul=None),
)
PERIODS: Final = ("2026", "2026-10", "2026-11", "2026-11-01", "2026-10-30..2026-10-31")


def jobs(first: int, count: int, *, back: timedelta = timedelta()) -> list[JobCompleted]:
    return [
        job(
            *LINES[number % 3 : number % 3 + 1 + number % 2],
            completed_at=FIRST - back + number * timedelta(minutes=150),
            job={"device_job_id": str(number), "source": "ipp"},
            project=f"P-{number % 3}" if number % 3 else None,
            person=PersonRef(claimed=f"user{number % 2}"),
            billable=number % 4 != 0,
        )
        for number in range(first, first + count)
    ]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=2)
    await publish(opened, COST, PRICES["minimum"])
    writer = LedgerWriter(database_url, ZONE)
    post(writer, jobs(0, 20))
    async with opened.connection() as connection:
        await connection.execute("UPDATE accounting.printer SET printer_group = 'cad' WHERE printer_no <> 0")
        await connection.execute(
            "INSERT INTO accounting.project (kind, code, name, customer) VALUES ('project', 'P-1', 'Quay', 'CITY')"
        )
    yield opened
    writer.close()
    await opened.close()


def post_late(database_url: str) -> None:
    """Six jobs of October that arrive only now."""
    writer = LedgerWriter(database_url, ZONE)
    with writer.plain_connection() as connection:
        work = work_of(jobs(20, 6, back=timedelta(days=3)), connection, first_offset=20)
        pricing = load_pricing(connection)
    assert writer.write(work, pricing).jobs == 6
    writer.close()


async def moment(pool: Pool) -> datetime:
    async with pool.connection() as connection:
        [now] = await (await connection.execute("SELECT clock_timestamp()")).fetchone() or [NOW]
    return now


def facts(summary: Summary) -> tuple[Any, ...]:
    return [(row.key, row.name, row.sums) for row in summary.rows], summary.total


async def every(store: Store, as_of: datetime | None = None, **filters: str) -> dict[tuple[str, str], Any]:
    found = {}
    for by in get_args(By):
        for period in PERIODS:
            asked = parse_period(period, now=NOW, timezone=ZONE.key)
            found[by, period] = facts(await store.summary(Question(by, asked, filters=filters, as_of=as_of)))
    return found


async def test_what_was_answered_then_is_answered_again(pool: Pool, database_url: str) -> None:
    store = Store(pool, currency="EUR", timezone=ZONE.key, timeout_s=20)
    periods = Periods(pool, FixedClock(datetime(2026, 12, 5, tzinfo=UTC)), timezone=ZONE.key)

    async def late() -> None:
        post_late(database_url)

    told: list[tuple[datetime, Any, Any]] = []
    for change in (
        lambda: amend(pool, "correction", where="project_no <> 0 AND line = 0", project="0"),
        lambda: amend(pool, "void", where="person_no % 2 = 0"),
        lambda: periods.close("2026-10", actor="anna"),
        late,
        lambda: amend(pool, "reprice", where="NOT voided", price="1234567"),
    ):
        told.append((await moment(pool), await every(store), await every(store, outcome="completed")))
        assert told[-1][1] == told[-1][2], "sums and ledger lines"
        await change()
    assert await every(store) == await every(store, group="cad")
    assert len({str(sums) for _, sums, _ in told}) == len(told) - 1, "a close alone changes none"
    for then, sums, lines in told:
        assert await every(store, then) == sums
        assert await every(store, then, outcome="completed") == lines


async def test_a_closed_month_keeps_its_figures_and_late_jobs_count_in_the_open_one(
    pool: Pool, database_url: str
) -> None:
    store = Store(pool, currency="EUR", timezone=ZONE.key, timeout_s=20)
    periods = Periods(pool, FixedClock(datetime(2026, 12, 5, tzinfo=UTC)), timezone=ZONE.key)
    october, first = (parse_period(name, now=NOW, timezone=ZONE.key) for name in ("2026-10", "2026-11-01"))
    await periods.close("2026-10", actor="anna")
    before = facts(await store.summary(Question("project", october)))
    booked = (await store.summary(Question("project", first))).total.jobs
    post_late(database_url)
    for filters in ({}, {"group": "cad"}):
        assert facts(await store.summary(Question("project", october, filters=filters))) == before
        assert (await store.summary(Question("project", first, filters=filters))).total.jobs == booked + 6
        days = await store.summary(Question("day", october, filters=filters))
        assert sum(row.sums.jobs for row in days.rows) == days.total.jobs


@pytest.mark.parametrize("name", ["billable", "unpriced"])
async def test_lines_that_are_and_that_are_not_add_up_to_the_whole(pool: Pool, name: str) -> None:
    store = Store(pool, currency="EUR", timezone=ZONE.key, timeout_s=20)
    await amend(pool, "reprice", where="cost_micro IS NULL AND line = 0", price="1234567")
    asked = parse_period("2026", now=NOW, timezone=ZONE.key)
    whole = await store.summary(Question("month", asked))
    questions = [Question("month", asked, filters={name: value}) for value in ("true", "false")]
    parts = [(await store.summary(each)).total for each in questions]
    assert parts[0].price + parts[1].price == whole.total.price
    assert parts[0].unpriced_lines + parts[1].unpriced_lines == whole.total.unpriced_lines
    assert min(part.jobs for part in parts) > 0
