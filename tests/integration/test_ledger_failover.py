"""The database comes back without its last commits, as a standby may: old numbers are written no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.accounting.books.loader import load_pricing
from services.accounting.ledger.fast.path import packed_batch
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fast.rows import Days
from services.accounting.ledger.fence import APPLICATION_NAME
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.verify import verify
from shared.errors import Retry
from shared.events.jobs import PersonRef
from shared.postgres import connect
from tests.integration.ledger_events import START
from tests.integration.ledger_posts import ZONE, post, work_of
from tests.unit.accounting.price_lists import a1_line, job

ALICE = PersonRef(claimed="alice")


def told(number: int):
    """One of alice's jobs."""
    return job(
        a1_line(), completed_at=START + timedelta(minutes=number), job={"device_job_id": str(number)}, person=ALICE
    )


def lose_what_was_learnt_last(database_url: str) -> None:
    """What a fail-over to a standby that lags comes to: rows are gone, and so are the connections."""
    with connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM accounting.person WHERE key = 'alice'")
        connection.execute("DELETE FROM accounting.rule")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s "
            "AND datname = current_database()",
            [APPLICATION_NAME],
        )


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_charge_names_only_what_is_there_after_a_fail_over(database_url: str, is_packed: bool) -> None:
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, [told(0)]).jobs == 1
    with connect(database_url, autocommit=True) as connection:
        work, pricing = work_of([told(1), told(2)], connection, first_offset=1), load_pricing(connection)
    rates = Rates(pricing)
    packed = packed_batch(work, rates, Days(ZONE), writer.dimensions) if is_packed else None
    lose_what_was_learnt_last(database_url)

    with pytest.raises(Retry):
        writer.write(work, pricing, packed)
    assert writer.write(work, pricing, packed).jobs == 2
    with connect(database_url, autocommit=True) as connection:
        later = work_of([told(3)], connection, first_offset=3)
        writer.write(later, pricing, packed_batch(later, rates, Days(ZONE), writer.dimensions))
        of_alice = connection.execute("SELECT job_id FROM inkmeter.charges WHERE person = 'alice'").fetchall()
    writer.close()

    assert len(of_alice) == 3
    wrong = {each.check: each.wrong for each in verify(database_url).findings}
    assert wrong["charge_of_something_unknown"] == 1, "the one posted before names alice as she was"


def test_a_thread_that_forgets_takes_no_number_from_one_that_learns(database_url: str) -> None:
    writer = LedgerWriter(database_url, ZONE)
    post(writer, [told(0)])
    with connect(database_url, autocommit=True) as connection:
        work, pricing = work_of([told(1)], connection, first_offset=1), load_pricing(connection)
    learn = writer.dimensions.learn

    def forgetful(*arguments):
        found = learn(*arguments)
        writer.dimensions.forget()
        return found

    writer.dimensions.learn = forgetful
    packed = packed_batch(work, Rates(pricing), Days(ZONE), writer.dimensions)
    writer.dimensions.learn = learn

    assert packed.generation < writer.dimensions.generation
    assert writer.write(work, pricing, packed).jobs == 1
    writer.close()
    assert verify(database_url).ok
