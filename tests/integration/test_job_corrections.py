"""Corrections of jobs in the ledger: what was told before is void, what is told now counts, on both paths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from msgspec.structs import replace

from services.accounting.books.loader import load_pricing
from services.accounting.browse.lists import Lists, Wanted
from services.accounting.filters import LineFilters
from services.accounting.ledger.fast.days import Days
from services.accounting.ledger.fast.path import packed_batch
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fence import lease
from services.accounting.ledger.work import Move, Outcome, Work
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.partitions import month_number
from services.accounting.periods import Periods
from services.accounting.relay.pages import Pages
from services.accounting.sorting import Sort
from shared.clock import FixedClock
from shared.events import JOB_COMPLETED, JOB_CORRECTED, JobCompleted, JobCorrected
from shared.events.envelope import encode, new_event
from shared.events.job_corrections import CorrectionReason
from shared.events.jobs import JobLine, JobRef, PersonRef, PrinterRef, identified
from shared.ids import uuid7
from shared.postgres import Pool, open_pool
from shared.stream import Record
from tests.integration.amended import amend, assert_all_is_well
from tests.integration.ledger_events import TOPIC
from tests.integration.ledger_posts import publish

ZONE: Final = ZoneInfo("Europe/Berlin")
NOON: Final = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
PRICE: Final = """{"name": "p", "book": "price", "currency": "EUR", "valid_from": "2026-01-01",
 "minimum_per_job": "0.05", "ppu": [{"per_m2": "2"}]}"""


def told(number: int = 1, *, area_mm2: int = 500_000, **fields: Any) -> JobCompleted:
    """A job; the same number is the same job."""
    job = JobCompleted(
        job=JobRef(device_job_id=str(number), source="cups"),
        printer=PrinterRef(id="plotter"),
        person=PersonRef(claimed="alice"),
        project="P-1",
        completed_at=NOON + timedelta(minutes=number),
        lines=[JobLine(category="line-colour", printed_area_mm2=area_mm2)],
    )
    return identified(replace(job, **fields))


def better(job: JobCompleted, area_mm2: int, n: int = 1) -> JobCompleted:
    """What takes a job's place."""
    ref = replace(job.job, id=None, key=f"{job.job.key}#{n}", source="piws")
    return identified(replace(job, job=ref, lines=[JobLine(category="line-colour", printed_area_mm2=area_mm2)]))


def corrected(
    job: JobCompleted,
    replacement: JobCompleted | None,
    reason: CorrectionReason = "better_reading",
    words: str = "the device measured it",
) -> JobCorrected:
    return JobCorrected(corrects=str(job.job.id), reason=reason, words=words, replacement=replacement)


class Books:
    """A ledger that takes records one batch after the other, by one of its paths."""

    def __init__(self, url: str, path: Literal["fast", "simple"]) -> None:
        self.url = url
        self._path = path
        self.writer = LedgerWriter(url, ZONE)
        self._offset = 0

    def take(self, *events: JobCompleted | JobCorrected) -> Outcome:
        """Writes one batch."""
        records = [Record(TOPIC, 0, at, b"plotter", _value(each)) for at, each in enumerate(events, self._offset)]
        with self.writer.plain_connection() as connection:
            stream, leases = lease(connection, TOPIC, [0])
            pricing = load_pricing(connection)
        move = Move(0, leases[0].epoch, self._offset, self._offset + len(records))
        work = Work(TOPIC, stream, records, [move])
        self._offset += len(records)
        self.writer.months.ensure([month_number(NOON.date())])
        packed = None
        if self._path == "fast":
            packed = packed_batch(work, Rates(pricing), Days(ZONE, pricing.open_from), self.writer.dimensions)
        return self.writer.write(work, pricing, packed)

    def ask(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """The first row that a query answers."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query.encode(), parameters).fetchone()
            assert row
            return row[0] if len(row) == 1 else row

    @property
    def totals(self) -> tuple[int, int]:
        """Jobs and printed area, as every summary reads them; the whole ledger is checked on the way."""
        assert_all_is_well(self.url)
        return self.ask(
            "SELECT coalesce(sum(jobs), 0), coalesce(sum(printed_area_mm2), 0) FROM accounting.rollup_printer"
        )  # type: ignore[no-any-return]


def _value(event: JobCompleted | JobCorrected) -> bytes:
    kind = JOB_COMPLETED if isinstance(event, JobCompleted) else JOB_CORRECTED
    event_id = str(event.job.id) if isinstance(event, JobCompleted) else str(uuid7())
    return encode(new_event(kind, event, event_id=event_id, source="/test", time=NOON, subject="j"))


@pytest.fixture(params=["fast", "simple"])
def books(database_url: str, request: pytest.FixtureRequest) -> Any:
    books = Books(database_url, request.param)
    yield books
    books.writer.close()


@pytest.fixture
async def pool(database_url: str) -> Any:
    pool = await open_pool(database_url, name="test", max_size=2)
    yield pool
    await pool.close()


def test_what_takes_a_jobs_place_counts_in_its_stead(books: Books) -> None:
    job = told()
    books.take(job, told(2))

    books.take(corrected(job, better(job, 600_000)))

    assert books.totals == (2, 1_100_000)
    assert books.ask("SELECT actor, reason, kind FROM accounting.correction") == (
        "collector",
        "the device measured it",
        "void",
    )


def test_a_job_and_its_correction_in_one_batch_come_to_the_same(books: Books) -> None:
    job = told()
    books.take(job, corrected(job, better(job, 600_000)), told(2))
    assert books.totals == (2, 1_100_000)


def test_a_correction_told_again_changes_nothing(books: Books) -> None:
    job = told()
    correction = corrected(job, better(job, 600_000))
    books.take(job, correction, correction)

    again = books.take(correction, replace(correction, words="in other words"), job)

    assert books.totals == (1, 600_000)
    assert (again.jobs, again.duplicates, again.refused) == (0, 3, [])


def test_a_job_that_was_taken_back_before_it_came_never_counts(books: Books) -> None:
    job = told()
    books.take(corrected(job, None, "same_job"), told(2))
    assert books.totals == (1, 500_000)

    books.take(job, told(3))
    books.take(job)

    assert books.totals == (2, 1_000_000)
    assert books.ask("SELECT count(*) FROM accounting.waiting_correction") == 0


def test_a_chain_of_corrections_ends_at_the_last_one_in_whatever_order(books: Books) -> None:
    job = told()
    first, second = better(job, 600_000), better(job, 700_000, n=2)
    books.take(corrected(first, second))
    books.take(corrected(job, first), job)
    assert books.totals == (1, 700_000)


def test_the_first_of_two_contradicting_corrections_counts(books: Books) -> None:
    job = told()
    books.take(job, corrected(job, better(job, 600_000)))

    [refusal] = books.take(corrected(job, better(job, 900_000, n=2)), told(2)).refused

    assert "corrected before in another way" in refusal.reject.reason
    assert books.totals == (2, 1_100_000)


def test_a_correction_whose_replacement_is_refused_takes_nothing_back(books: Books) -> None:
    job = told()
    books.take(job)
    wrong = better(job, 600_000)
    wrong = replace(wrong, job=replace(wrong.job, id=str(uuid7())))

    [refusal] = books.take(corrected(job, wrong)).refused

    assert refusal.reject.pointer == "/replacement/job/id"
    assert books.totals == (1, 500_000)


def test_many_corrections_of_one_batch_are_one_change_for_each_reason(books: Books) -> None:
    jobs = [told(number) for number in range(50)]
    books.take(*jobs)

    books.take(*(corrected(each, better(each, 1_000 + at), words=f"no {at}") for at, each in enumerate(jobs)))

    assert books.totals == (50, 50_000 + sum(range(50)))
    assert books.ask("SELECT array_agg(reason) FROM accounting.correction") == [
        "Sources that measure better told of 50 jobs."
    ]


async def test_what_was_changed_by_hand_goes_with_the_job(books: Books, pool: Pool) -> None:
    await publish(pool, PRICE)
    one, other, untouched = told(1), told(2), told(3)
    books.take(one, other, untouched, told(4, project="P-9"))
    p9 = "(SELECT project_no FROM accounting.project_key WHERE key = 'P-9')"
    await amend(pool, "correction", where=f"job_id = '{one.job.id}'", project=p9)  # type: ignore[arg-type]
    await amend(pool, "void", where=f"job_id = '{other.job.id}'")  # type: ignore[arg-type]

    first = better(one, 600_000)
    books.take(corrected(one, first), corrected(first, better(one, 700_000, n=2)))
    books.take(corrected(other, better(other, 800_000)), corrected(untouched, better(untouched, 900_000)))

    assert books.totals == (3, 700_000 + 900_000 + 500_000)
    by_project = (
        "SELECT jsonb_object_agg(key, area) FROM (SELECT key, sum(printed_area_mm2) AS area "
        "FROM accounting.rollup_project JOIN accounting.project_key USING (project_no) GROUP BY key) AS sums"
    )
    assert books.ask(by_project) == {"P-9": 1_200_000, "P-1": 900_000}


MINIMUM: Final = PRICE.replace("0.05", "5")


def two_lines(number: int, *, area_mm2: int = 500_000, **fields: Any) -> JobCompleted:
    lines = [JobLine(category=name, printed_area_mm2=area_mm2) for name in ("line-colour", "image-high")]
    return told(number, lines=lines, **fields)


def on_two_lines(job: JobCompleted, area_mm2: int) -> JobCompleted:
    """What takes the place of a job with two lines."""
    ref = replace(job.job, id=None, key=f"{job.job.key}#1", source="piws")
    return identified(replace(job, job=ref, lines=two_lines(0, area_mm2=area_mm2).lines))


async def test_the_minimum_of_what_takes_a_jobs_place_is_of_the_lines_that_stand(books: Books, pool: Pool) -> None:
    await publish(pool, MINIMUM)
    one, other = two_lines(1), two_lines(2)
    books.take(one, other)
    await amend(pool, "void", where=f"job_id = '{one.job.id}' AND line = 0")  # type: ignore[arg-type]
    await amend(pool, "void", where=f"job_id = '{other.job.id}' AND entry_kind = 2")  # type: ignore[arg-type]
    price = "SELECT sum(price_micro) FROM accounting.rollup_printer"

    books.take(corrected(one, on_two_lines(one, 600_000)))
    assert books.totals == (2, 600_000 + 2 * 500_000)
    assert books.ask(price) == 5_000_000 + 2_000_000, (
        "one line of it stands, and the minimum; the other's is waived"
    )

    books.take(corrected(other, on_two_lines(other, 700_000)))
    assert books.totals == (2, 600_000 + 2 * 700_000)
    assert books.ask(price) == 5_000_000 + 2_800_000, "that it is waived goes with the job"


async def test_what_takes_a_jobs_place_owes_a_minimum_where_its_dear_line_is_void(
    books: Books, pool: Pool
) -> None:
    await publish(pool, MINIMUM)
    one = two_lines(1, area_mm2=2_000_000)
    books.take(one)
    await amend(pool, "void", where=f"job_id = '{one.job.id}' AND line = 1")  # type: ignore[arg-type]
    books.take(corrected(one, on_two_lines(one, 1_500_000)))
    assert books.totals == (1, 1_500_000)
    assert books.ask("SELECT sum(price_micro) FROM accounting.rollup_printer") == 5_000_000


async def test_a_correction_of_a_closed_month_is_booked_in_the_open_one(books: Books, pool: Pool) -> None:
    job = told()
    books.take(job)
    await Periods(pool, FixedClock(datetime(2026, 12, 3, tzinfo=UTC)), timezone=ZONE.key).close(
        "2026-11", actor="a"
    )

    books.take(corrected(job, better(job, 600_000)))

    assert books.totals == (1, 600_000)
    months = (
        "SELECT array_agg(month::text || ' ' || jobs || ' ' || printed_area_mm2 ORDER BY month) "
        "FROM accounting.rollup_printer_month"
    )
    assert books.ask(months) == ["2026-11-01 1 500000", "2026-12-01 0 100000"]


async def test_charges_told_of_a_correction_sum_up_to_what_counts(books: Books, pool: Pool) -> None:
    await publish(pool, PRICE)
    job = told()
    books.take(job, corrected(job, better(job, 600_000)), corrected(told(2), None, "late_jobs"), told(2))

    async with pool.connection() as connection:
        charges = await Pages("EUR").read(connection, TOPIC, first=0, begin=0, end=100)
        legs = await Pages("EUR").read(connection, "", first=1 << 52, begin=0, end=100)

    assert len(charges.events) >= 3
    assert any(b"the device measured it" in value and b'"collector"' in value for _, value in legs.events)


async def test_a_job_that_was_taken_back_is_listed_only_where_it_is_asked_for(books: Books, pool: Pool) -> None:
    job = told()
    better_job = better(job, 600_000)
    books.take(job, corrected(job, better_job))

    async def listed(sort: Sort, *, voided: bool | None = None, by_id: bool = False) -> list[str]:
        filters = LineFilters(job=(UUID(str(job.job.id)),)) if by_id else LineFilters()
        wanted = Wanted(filters=filters, period=None, sort=sort, limit=10, voided=voided, totals=True)
        rows, totals = await Lists(pool).jobs(wanted)
        assert totals is not None
        assert totals["jobs"] == len(rows)
        return [str(row["job_id"]) for row in rows]

    sorts: tuple[Sort, ...] = ("-completed_at", "price")
    for sort in sorts:
        assert await listed(sort) == [better_job.job.id]
        assert await listed(sort, voided=True) == [job.job.id]
        assert await listed(sort, by_id=True) == [job.job.id]
