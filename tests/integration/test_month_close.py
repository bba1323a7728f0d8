"""Closed months: what comes late is booked later, by every path, and closed days never change in any sum."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread
from typing import Any, Final

import pytest

from services.accounting.books.loader import Pricing, load_pricing
from services.accounting.ledger.fast.days import Days
from services.accounting.ledger.fast.path import packed_batch
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fence import OffsetFence
from services.accounting.ledger.work import Outcome, Work
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.partitions import month_number
from services.accounting.periods import Periods
from services.accounting.verify import verify
from shared.clock import Clock
from shared.errors import Conflict, Reject
from shared.events import JobCompleted
from shared.postgres import Pool, connect, open_pool
from tests.integration.amended import amend, assert_all_is_well
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish, work_of
from tests.unit.accounting.price_lists import a1_line, job

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
OCTOBER: Final = datetime(2026, 10, 14, 12, tzinfo=UTC)
SUMS: Final = ("printer", "kind", "person", "project", "department", "media", "category", "day", "total")


class Fixed(Clock):
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


def told(first: int, last: int, *, since: datetime = OCTOBER) -> list[JobCompleted]:
    return [
        job(
            a1_line(category="line-colour"),
            a1_line(category="line-colour", media="gloss"),
            completed_at=since + number * timedelta(hours=7),
            job={"device_job_id": str(number), "source": "ipp"},
            project=f"P-{number % 2}",
        )
        for number in range(first, last)
    ]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=3)
    await publish(opened, COST, PRICES["minimum"])
    yield opened
    await opened.close()


@pytest.fixture
def periods(pool: Pool) -> Periods:
    return Periods(pool, Fixed(), timezone=ZONE.key)


def sums_of(url: str, first: str, last: str) -> dict[str, list[Any]]:
    with connect(url) as connection:
        return {
            by: sorted(
                connection.execute("SELECT * FROM inkmeter.summary(%s, %s, %s)", [by, first, last]).fetchall()
            )
            for by in SUMS
        }


def october(url: str) -> dict[str, list[Any]]:
    return sums_of(url, "2026-10-01", "2026-10-31")


def days_of(url: str) -> set[date]:
    with connect(url) as connection:
        return {day for [day] in connection.execute("SELECT DISTINCT day FROM inkmeter.charges")}


class WaitingFence(OffsetFence):
    """Lets a test do something once a batch owns its partitions, before it writes."""

    def __init__(self) -> None:
        self.reached, self.go_on = Event(), Event()

    def advance(self, connection: Any, work: Work) -> None:
        super().advance(connection, work)
        self.reached.set()
        assert self.go_on.wait(20)


def prepared(writer: LedgerWriter, jobs: list[JobCompleted], first: int, *, is_packed: bool) -> tuple[Any, ...]:
    """A batch made ready as of now: work, prices, bytes."""
    with writer.plain_connection() as connection:
        work, pricing = work_of(jobs, connection, first_offset=first), load_pricing(connection)
    writer.months.ensure({month_number(each.completed_at.date()) for each in jobs})
    days = Days(ZONE, pricing.open_from)
    return work, pricing, packed_batch(work, Rates(pricing), days, writer.dimensions) if is_packed else None


@pytest.mark.parametrize("is_packed", [True, False])
async def test_a_late_job_of_a_closed_month_counts_in_the_first_open_one(
    pool: Pool, periods: Periods, database_url: str, is_packed: bool
) -> None:
    writer = LedgerWriter(database_url, ZONE)
    post(writer, told(0, 20))
    before = october(database_url)
    closed = await periods.close("2026-10", actor="bea")
    assert (closed.state, closed.actor, closed.jobs) == ("closed", "bea", 20)

    assert writer.write(*prepared(writer, told(10, 30), 20, is_packed=is_packed)).jobs == 10
    writer.close()

    assert october(database_url) == before
    assert sums_of(database_url, "2026-11-01", "2026-11-01")["total"][0][2] == 10
    assert_all_is_well(database_url)
    [_, month] = await periods.page(before=None, limit=2)
    assert month.late is not None
    assert (month.jobs, month.late.jobs, month.late.lines) == (20, 10, 30)


@pytest.mark.parametrize("is_packed", [True, False])
async def test_a_batch_made_ready_before_the_close_is_dated_anew(
    pool: Pool, periods: Periods, database_url: str, is_packed: bool
) -> None:
    writer = LedgerWriter(database_url, ZONE)
    post(writer, told(0, 5))
    batch = prepared(writer, told(5, 9), 5, is_packed=is_packed)
    before = october(database_url)
    await periods.close("2026-10", actor="bea")

    assert writer.write(*batch).jobs == 4
    writer.close()
    assert october(database_url) == before
    assert days_of(database_url) >= {date(2026, 11, 1)}
    assert_all_is_well(database_url)


@pytest.mark.parametrize("is_packed", [True, False])
async def test_a_close_waits_for_the_batch_that_is_being_written_and_counts_it(
    pool: Pool, periods: Periods, database_url: str, is_packed: bool
) -> None:
    fence = WaitingFence()
    writer = LedgerWriter(database_url, ZONE, fence=fence)
    batch = prepared(writer, told(0, 6), 0, is_packed=is_packed)
    outcomes: list[Outcome] = []
    writing = Thread(target=lambda: outcomes.append(writer.write(*batch)))
    writing.start()
    assert fence.reached.wait(20)
    waiter = Thread(target=_release_when_waiting, args=(database_url, fence.go_on))
    waiter.start()
    closed = await periods.close("2026-10", actor="bea")
    for thread in (writing, waiter):
        thread.join(20)
    writer.close()

    assert [each.jobs for each in outcomes] == [6]
    assert closed.jobs == 6
    assert days_of(database_url) < {date(2026, 10, day) for day in range(1, 32)}
    assert_all_is_well(database_url)


def _release_when_waiting(url: str, go_on: Event) -> None:
    """Lets the batch go on as soon as somebody waits for its lock on the offsets."""
    with connect(url, autocommit=True) as connection:
        for _ in range(2_000):
            waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'accounting.offsets'::regclass"
            if connection.execute(waits).fetchone() is not None:
                break
            connection.execute("SELECT pg_sleep(0.005)")
    go_on.set()


async def test_late_corrections_are_booked_in_the_open_month_and_the_closed_one_stays(
    pool: Pool, periods: Periods, database_url: str
) -> None:
    writer = LedgerWriter(database_url, ZONE)
    post(writer, told(0, 12))
    writer.close()
    before = october(database_url)
    await periods.close("2026-10", actor="bea")

    moved = await amend(pool, "correction", where="project_no = 1", project="2")
    assert moved.open_from == date(2026, 11, 1)
    await amend(pool, "void", where="project_no = 2 AND entry_id & 4095 < 4")

    assert october(database_url) == before
    november = {row[0]: row[2] for row in sums_of(database_url, "2026-11-01", "2026-11-30")["project"]}
    assert november["P-0"] == -6, "six jobs of the closed month count for the other project now"
    both = sums_of(database_url, "2026-10-01", "2026-11-30")
    assert "P-0" not in {row[0] for row in both["project"]}, "a project of which nothing is left has no row"
    assert both["total"][0][2] == 8
    assert_all_is_well(database_url)


async def test_months_close_in_order_once_and_only_when_they_are_over(
    pool: Pool, periods: Periods, database_url: str
) -> None:
    writer = LedgerWriter(database_url, ZONE)
    post(writer, told(0, 3, since=datetime(2026, 8, 31, 23, tzinfo=UTC)))
    writer.close()
    for month, why in (
        ("2026-11", "has not ended"),
        ("2027-01", "has not ended"),
        ("2026-10", "close 2026-09 first"),
    ):
        with pytest.raises(Conflict, match=why):
            await periods.close(month, actor="bea")
    for word in ("2026", "2026-13", "last-month", "1999-01", "2026-1a"):
        with pytest.raises(Reject, match="is no month"):
            await periods.close(word, actor="bea")

    first = await periods.close("2026-09", actor="bea")
    assert await periods.close("2026-09", actor="carl") == first
    with pytest.raises(Conflict, match="before the first month"):
        await periods.close("2026-08", actor="bea")
    await periods.close("2026-10", actor="carl")
    shown = await periods.page(before=None, limit=10)
    assert [(each.month, each.state, each.actor) for each in shown] == [
        ("2026-11", "open", None),
        ("2026-10", "closed", "carl"),
        ("2026-09", "closed", "bea"),
    ]
    assert_all_is_well(database_url)


async def test_what_is_booked_in_a_closed_month_behind_its_back_is_found(
    pool: Pool, periods: Periods, database_url: str
) -> None:
    writer = LedgerWriter(database_url, ZONE)
    post(writer, told(0, 3))
    await periods.close("2026-10", actor="bea")
    work, pricing, _ = prepared(writer, told(3, 4), 3, is_packed=False)
    with writer.plain_connection() as connection:
        connection.execute("CREATE OR REPLACE FUNCTION accounting.open_from() RETURNS date LANGUAGE sql STABLE AS "
                           "$$ SELECT '-infinity'::date $$")  # fmt: skip
        careless: Pricing = load_pricing(connection)
    writer.write(work, careless)
    writer.close()
    del pricing
    wrong = {each.check: each.wrong for each in verify(database_url).findings if each.wrong}
    assert wrong == {"entry_late_in_a_closed_month": 2}
