"""A job's minimum charge follows what becomes of its lines: in the same correction, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from services.accounting.amend.request import Change
from services.accounting.browse.charges import Charges
from services.accounting.filters import LineFilters
from services.accounting.periods import Periods
from services.accounting.relay.pages import Pages
from shared.clock import FixedClock
from shared.errors import Conflict
from shared.events import ChargePosted, CloudEvent
from shared.postgres import Pool, connect, open_pool
from tests.integration.amended import assert_all_is_well
from tests.integration.ledger_events import TOPIC
from tests.integration.ledger_posts import ZONE, publish
from tests.integration.minimum_jobs import (
    COST,
    DEARER,
    LARGE,
    OTHER,
    PRICE,
    SMALL,
    TERMS,
    UNPRICED,
    jobs,
    make,
    repriced,
    take,
)
from tests.integration.minimum_oracle import assert_minimums_are_owed
from tests.integration.test_amendments import summaries


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=2)
    await publish(opened, COST, PRICE)
    yield opened
    await opened.close()


def charge(url: str, line: int, project: str = "P-0") -> str:
    """The id of a line of a project's only job."""
    with connect(url) as connection:
        row = connection.execute(
            "SELECT charge_id FROM inkmeter.charges WHERE project = %s AND line = %s AND correction_id IS NULL",
            [project, line],
        ).fetchone()
    assert row
    return str(row[0])


def job_ids(url: str) -> list[UUID]:
    with connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT job_id FROM inkmeter.jobs ORDER BY completed_at")]


def price_of(url: str, project: str = "P-0") -> Decimal:
    return Decimal(summaries(url)["project"].get(project, [0] * 9)[7])


async def test_voiding_one_line_raises_the_minimum_in_the_same_correction_and_undoing_lowers_it(
    pool: Pool, database_url: str
) -> None:
    take(database_url, jobs([SMALL, OTHER]))
    before = summaries(database_url)
    done = await make(pool, void=True, charges=[charge(database_url, 0)])
    assert done.lines == 2 + 1, "the line, the one that counts the job now, and the minimum charge"
    assert price_of(database_url) == 5
    assert_minimums_are_owed(database_url, TERMS)
    assert_all_is_well(database_url)
    with connect(database_url) as connection:
        told = connection.execute(
            "SELECT DISTINCT entry_kind, correction_id, actor, reason FROM inkmeter.charges "
            "WHERE line = 2 AND correction_id IS NOT NULL ORDER BY 1"
        ).fetchall()
    made = (done.correction_no, "anna", "as asked")
    assert told == [("correction", *made), ("void", *made)]

    await make(pool, undo=str(done.correction_no))
    assert summaries(database_url) == before
    assert_all_is_well(database_url)


async def test_a_job_that_newly_falls_below_its_minimum_gets_a_line_for_it(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([LARGE, SMALL]))
    before = summaries(database_url)
    done = await make(pool, void=True, filter=LineFilters(category=("plan",)))
    assert price_of(database_url) == 5
    assert_minimums_are_owed(database_url, TERMS)
    assert_all_is_well(database_url)

    await make(pool, undo=str(done.correction_no))
    assert summaries(database_url) == before
    again = await make(pool, void=True, filter=LineFilters(category=("plan",)))
    assert again.lines == done.lines, "the line that is there serves again"
    assert_minimums_are_owed(database_url, TERMS)
    assert_all_is_well(database_url)


async def test_a_dry_run_tells_of_the_minimum_and_leaves_nothing(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([LARGE, SMALL]))
    before = summaries(database_url)
    done = await make(pool, void=True, filter=LineFilters(category=("plan",)), dry_run=True)
    assert (done.correction_no, done.effects.total.after.price_micro) == (None, 5_000_000)
    assert summaries(database_url) == before
    with connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM inkmeter.charges").fetchone() == (2,)


async def test_a_job_whose_lines_are_all_void_owes_nothing(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([SMALL, OTHER], [SMALL]))
    for filters in (LineFilters(media=("plain",)), LineFilters(media=("gloss",))):
        await make(pool, void=True, filter=filters)
        assert_minimums_are_owed(database_url, TERMS)
    assert not any(summaries(database_url)["total"].values())
    assert_all_is_well(database_url)


async def test_a_whole_job_is_voided_with_its_minimum(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([SMALL, OTHER]))
    before = summaries(database_url)
    done = await make(pool, void=True, jobs=[job_ids(database_url)[0]])
    assert done.lines == 3
    assert not any(summaries(database_url)["total"].values())
    await make(pool, undo=str(done.correction_no))
    assert summaries(database_url) == before
    assert_all_is_well(database_url)


async def test_without_its_unpriced_line_a_job_owes_the_minimum_and_with_it_again_none(
    pool: Pool, database_url: str
) -> None:
    take(database_url, jobs([UNPRICED, SMALL]))
    before = summaries(database_url)
    assert price_of(database_url) < 2
    done = await make(pool, void=True, filter=LineFilters(unpriced=True))
    assert price_of(database_url) == 5
    assert_minimums_are_owed(database_url, TERMS)
    await make(pool, undo=str(done.correction_no))
    assert summaries(database_url) == before
    assert_all_is_well(database_url)


async def test_a_cancelled_job_owes_what_its_list_says_also_when_corrected(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([SMALL, OTHER], outcome="cancelled_by_user"))
    await make(pool, void=True, charges=[charge(database_url, 0)])
    assert price_of(database_url) == Decimal("4.0000"), "the minimum of the cost and its markup, none of the price"
    assert_minimums_are_owed(database_url, TERMS)
    assert_all_is_well(database_url)


async def test_a_minimum_that_is_voided_by_name_is_waived_for_good(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([SMALL, OTHER]))
    waived = await make(pool, void=True, charges=[charge(database_url, 2)])
    alone = price_of(database_url)
    first = await make(pool, void=True, charges=[charge(database_url, 0)])
    rest = await make(pool, void=True, charges=[charge(database_url, 1)])
    await make(pool, undo=str(rest.correction_no))
    await make(pool, undo=str(first.correction_no))
    assert price_of(database_url) == alone < 5
    await make(pool, undo=str(waived.correction_no))
    assert_minimums_are_owed(database_url, TERMS)
    assert_all_is_well(database_url)


async def test_a_minimum_that_a_filter_finds_beside_some_lines_follows_those_that_stand(
    pool: Pool, database_url: str
) -> None:
    take(database_url, jobs([SMALL, OTHER]))
    nothing = await make(pool, void=True, filter=LineFilters(media=("",)))
    assert (nothing.correction_no, nothing.lines) == (None, 0)
    done = await make(pool, void=True, filter=LineFilters(media=("", "plain")))
    assert done.lines == 3
    assert price_of(database_url) == 5
    assert_minimums_are_owed(database_url, TERMS)
    assert_all_is_well(database_url)


async def test_voids_that_are_undone_out_of_order_leave_what_the_lines_that_stand_owe(
    pool: Pool, database_url: str
) -> None:
    take(database_url, jobs([SMALL, OTHER, SMALL]))
    before = summaries(database_url)
    done = [await make(pool, void=True, charges=[charge(database_url, line)]) for line in range(3)]
    assert not any(summaries(database_url)["total"].values())
    for each in done:
        await make(pool, undo=str(each.correction_no))
        assert_minimums_are_owed(database_url, TERMS)
        assert_all_is_well(database_url)
    assert summaries(database_url) == before


async def test_moving_a_job_is_undone_also_where_its_minimum_has_followed_a_void_since(
    pool: Pool, database_url: str
) -> None:
    take(database_url, jobs([SMALL, OTHER, SMALL]))
    before = summaries(database_url)
    moved = await make(pool, change=Change(project="P-9"), jobs=[job_ids(database_url)[0]])
    voided = await make(pool, void=True, charges=[charge(database_url, 0)])
    assert price_of(database_url, "P-9") == 5
    with pytest.raises(Conflict):
        await make(pool, undo=str(moved.correction_no))
    await make(pool, undo=str(voided.correction_no))
    await make(pool, undo=str(moved.correction_no))
    assert summaries(database_url) == before
    assert_all_is_well(database_url)


async def test_what_somebody_moved_since_stays_where_it_is_when_a_void_is_undone(
    pool: Pool, database_url: str
) -> None:
    take(database_url, jobs([SMALL, OTHER]))
    voided = await make(pool, void=True, charges=[charge(database_url, 0)])
    await make(pool, change=Change(project="P-9"), charges=[charge(database_url, 1), charge(database_url, 2)])
    await make(pool, undo=str(voided.correction_no))
    assert price_of(database_url) + price_of(database_url, "P-9") == 5
    assert_minimums_are_owed(database_url, TERMS)
    assert_all_is_well(database_url)


async def test_in_a_closed_month_the_difference_is_booked_in_the_open_one(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([SMALL, OTHER], [LARGE, SMALL]))
    periods = Periods(pool, FixedClock(datetime(2026, 11, 3, tzinfo=UTC)), timezone=ZONE.key)
    await periods.close("2026-10", actor="a")
    before = summaries(database_url)
    done = await make(pool, void=True, filter=LineFilters(category=("plan",)))
    more = await make(pool, void=True, charges=[charge(database_url, 0)])
    after = summaries(database_url)
    assert after["month"]["2026-10"] == before["month"]["2026-10"]
    assert Decimal(after["total"][""][7]) == 10
    assert_minimums_are_owed(database_url, TERMS)
    await make(pool, undo=str(done.correction_no))
    await make(pool, undo=str(more.correction_no))
    assert summaries(database_url)["total"] == before["total"]
    assert_all_is_well(database_url)


async def test_the_list_that_the_job_is_booked_by_decides_not_one_that_was_published_since(
    pool: Pool, database_url: str
) -> None:
    take(database_url, jobs([SMALL, OTHER]))
    await publish(pool, DEARER)
    await make(pool, void=True, charges=[charge(database_url, 0)])
    assert price_of(database_url) == 5
    assert (await repriced(pool, database_url)).correction_no is not None
    assert price_of(database_url) == 8
    await make(pool, void=True, charges=[charge(database_url, 1)])
    assert price_of(database_url) == 0
    assert_all_is_well(database_url)


async def test_a_minimum_raised_by_pricing_again_stays_raised_when_a_line_is_voided(
    pool: Pool, database_url: str
) -> None:
    """The lines keep the rule of the list before, as their amounts are the same."""
    take(database_url, jobs([SMALL, OTHER]))
    await publish(pool, DEARER)
    month = await repriced(pool, database_url)
    voided = await make(pool, void=True, charges=[charge(database_url, 1)])
    assert price_of(database_url) == 8
    assert (await repriced(pool, database_url)).correction_no is None, "pricing again agrees"
    await make(pool, undo=str(month.correction_no))
    assert price_of(database_url) == 5
    await make(pool, undo=str(voided.correction_no))
    assert_minimums_are_owed(database_url, TERMS)
    assert_all_is_well(database_url)


async def test_pricing_again_after_a_partial_void_finds_nothing_to_change(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([SMALL, OTHER], [LARGE, SMALL], [UNPRICED, SMALL]))
    await make(pool, void=True, filter=LineFilters(media=("plain",)))
    assert (await repriced(pool, database_url)).correction_no is None
    assert_minimums_are_owed(database_url, TERMS)


async def test_an_explanation_says_what_the_lines_that_stand_lack(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([LARGE, SMALL]))
    await make(pool, void=True, filter=LineFilters(category=("plan",)))
    explained = await Charges(pool, currency="EUR", zone=ZONE).explain(charge(database_url, 2))
    last = explained.history[-1]
    assert (last.reason, last.actor, last.cost, last.price) == ("as asked", "anna", "2.0000", "3.6667")
    now = await Charges(pool, currency="EUR", zone=ZONE).explain(last.charge_id)
    assert [term.quantity for term in now.cost.terms] == ["minimum 3.0000 less 1.0000 of the job's lines"]
    assert (now.price.note, now.price.amount) == (None, "3.6667")
    assert now.price.rule == "p v1: minimum of 5.00 per job"


async def test_the_events_of_a_correction_add_up_to_what_is_charged(pool: Pool, database_url: str) -> None:
    take(database_url, jobs([LARGE, SMALL], [SMALL, OTHER], [LARGE, OTHER, OTHER]))
    async with pool.connection() as connection:
        told = (await Pages("EUR").read(connection, TOPIC, first=0, begin=0, end=100)).events
    await make(pool, void=True, filter=LineFilters(category=("plan",)))
    await make(pool, void=True, charges=[charge(database_url, 0, "P-1")])
    async with pool.connection() as connection:
        told += (await Pages("EUR").read(connection, "", first=1 << 52, begin=0, end=100)).events
    events = [msgspec.json.decode(value, type=CloudEvent[ChargePosted]).data for _, value in told]
    total = summaries(database_url)["total"][""]
    assert sum(Decimal(each.price.amount or 0) for each in events) == total[7] == 15
    assert sum(Decimal(each.cost.amount or 0) for each in events) == total[6]
    assert {each.reason for each in events if each.correction_id and each.line == 2} == {"as asked"}
