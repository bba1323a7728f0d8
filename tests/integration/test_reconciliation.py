"""Counters against jobs on a real journal and PostgreSQL: restarts, other collectors, what accounting is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace

from services.collector.devices.reading import DeviceReading
from services.collector.http.reconciliation import counter_view
from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.reconcile.reconciler import Reconciler
from services.collector.reconcile.store import AccountStore
from services.collector.registry.printers import Printer
from shared.clock import FixedClock
from shared.events import JOB_COMPLETED, JobCompleted, JobCompletedEvent, JobCorrectedEvent
from shared.events.devices import DeviceCounter
from shared.events.envelope import event_type_of
from shared.events.jobs import JobLine, JobRef, PersonRef, PrinterRef
from shared.postgres import Pool, open_pool

NOON: Final = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
GRACE_S: Final = 600
PLOTTER: Final = Printer(
    id="printer-1",
    name="plotter",
    address="snmp://192.0.2.1",
    kind="snmp",
    serial="SN1",
    added_at=NOON,
    changed_at=NOON,
)


class Registry:
    """Knows the plotter."""

    def find(self, *, printer_id: str | None = None, serial: str | None = None) -> Printer | None:
        return PLOTTER if PLOTTER.id == printer_id or PLOTTER.serial == serial else None


class Site:
    """A collector with a journal of its own, and what it has told."""

    def __init__(self, path: Path, pool: Pool, *, name: str = "c1") -> None:
        self.journal = Journal(path, clock=FixedClock(NOON))
        self.intake = Intake(self.journal, Registry(), collector_id=name, clock=FixedClock(NOON))
        self.accounts = AccountStore(pool)
        self.reconciler = Reconciler(self.journal, self.accounts, collector_id=name, grace_s=GRACE_S)

    async def look(self, value: int, minutes: int, *, unit: str = "impressions", status: str = "idle") -> None:
        """The device is read."""
        reading = DeviceReading(
            at=NOON + timedelta(minutes=minutes),
            status=status,
            serial="SN1",
            counters=(DeviceCounter(name="life", unit=unit, value=value),),
        )
        await self.reconciler.observe(PLOTTER, reading)

    async def print_out(self, number: int, impressions: int, minutes: int, **fields: Any) -> None:
        """A source tells of a job."""
        job = JobCompleted(
            job=JobRef(device_job_id=str(number), source="http"),
            printer=PrinterRef(serial="SN1"),
            person=PersonRef(claimed="alice"),
            completed_at=NOON + timedelta(minutes=minutes),
            lines=[JobLine(impressions=impressions)],
        )
        await self.intake.store([self.intake.ready(replace(job, **fields), source="http")])

    async def counted(self) -> dict[str, int]:
        """Impressions of the jobs that count in the end, by person."""
        jobs: dict[str, JobCompleted] = {}
        for record in await self.journal.read():
            if event_type_of(record.value) == JOB_COMPLETED:
                told = msgspec.json.decode(record.value, type=JobCompletedEvent).data
                jobs[str(told.job.id)] = told
                continue
            correction = msgspec.json.decode(record.value, type=JobCorrectedEvent).data
            del jobs[correction.corrects]
            if correction.replacement is not None:
                jobs[str(correction.replacement.job.id)] = correction.replacement
        sums: dict[str, int] = {}
        for job in jobs.values():
            person = (job.person.claimed if job.person else None) or ""
            sums[person] = sums.get(person, 0) + sum(line.impressions or 0 for line in job.lines)
        return sums


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url, name="test", max_size=2)
    yield pool
    await pool.close()


@pytest.fixture
async def site(tmp_path: Path, pool: Pool) -> AsyncIterator[Site]:
    site = Site(tmp_path / "c1.sqlite", pool)
    await site.journal.open()
    yield site
    await site.journal.close()


async def test_five_pages_nobody_told_are_unknown_until_their_jobs_turn_up(site: Site) -> None:
    await site.look(1_000, 0)
    await site.print_out(1, 10, 1)
    await site.look(1_015, 2)
    await site.look(1_015, 11)
    assert await site.counted() == {"alice": 10}
    await site.look(1_015, 12)
    assert await site.counted() == {"alice": 10, "Unknown": 5}
    account = await site.accounts.of_printer(PLOTTER.id)
    assert account is not None
    view = counter_view(account)
    assert (view.standing, view.unknown, view.counted, view.told) == ("unknown", 5, 15, 10)

    await site.print_out(2, 3, 1)
    await site.look(1_015, 20)
    assert await site.counted() == {"alice": 13, "Unknown": 2}
    await site.print_out(3, 2, 1)
    await site.look(1_015, 21)
    assert await site.counted() == {"alice": 15}


async def test_what_is_booked_says_what_it_was_found_by(site: Site) -> None:
    await site.look(1_000, 0)
    await site.look(1_005, 2)
    await site.look(1_005, 13)
    [record] = await site.journal.read()
    job = msgspec.json.decode(record.value, type=JobCompletedEvent).data
    assert (record.key, job.measured, job.job.source, job.kind) == (
        PLOTTER.id,
        "from_counters",
        "reconcile",
        "print",
    )
    assert job.title == "5 impressions that no job accounts for"
    assert job.evidence is not None
    assert job.evidence["from"] == "1000 at 2026-11-02T12:00:00+00:00"
    assert job.evidence["to"].startswith("1005 at ")


async def test_a_restart_in_between_changes_nothing(site: Site, tmp_path: Path, pool: Pool) -> None:
    await site.look(1_000, 0)
    await site.look(1_005, 2)
    await site.journal.close()
    again = Site(tmp_path / "c1.sqlite", pool)
    await again.journal.open()
    try:
        await again.look(1_005, 13)
        assert await again.counted() == {"Unknown": 5}
        await again.look(1_005, 30)
        assert await again.counted() == {"Unknown": 5}
    finally:
        await again.journal.close()


async def test_another_collector_goes_on_where_the_first_one_was(site: Site, tmp_path: Path, pool: Pool) -> None:
    await site.look(1_000, 0)
    await site.print_out(1, 10, 1)
    await site.look(1_015, 2)
    await site.look(1_015, 13)
    other = Site(tmp_path / "c2.sqlite", pool, name="c2")
    await other.journal.open()
    try:
        await other.look(1_017, 14)
        await other.look(1_017, 30)
        assert await other.counted() == {"Unknown": 2}
        await other.print_out(2, 4, 1)
        await other.look(1_017, 31)
        told = [event_type_of(record.value) for record in await other.journal.read()]
    finally:
        await other.journal.close()
    assert told == ["print.job.completed.v1", "print.job.completed.v1", *["print.job.corrected.v1"] * 2]
    account = await other.accounts.of_printer(PLOTTER.id)
    assert account is not None
    assert account.unknown == 3


async def test_a_device_that_prints_is_not_judged_and_one_without_a_status_only_at_rest(site: Site) -> None:
    await site.look(1_000, 0)
    await site.look(1_003, 2, status="printing")
    await site.look(1_005, 20, status="printing")
    await site.print_out(1, 5, 21)
    await site.look(1_005, 22)
    await site.look(1_007, 23, status="unknown")
    await site.look(1_009, 40, status="unknown")
    assert await site.counted() == {"alice": 5}
    await site.look(1_009, 41, status="unknown")
    await site.look(1_009, 52, status="unknown")
    assert await site.counted() == {"alice": 5, "Unknown": 4}


async def test_a_job_that_two_sources_tell_counts_once_against_the_counter(site: Site) -> None:
    await site.look(1_000, 0)
    title: dict[str, Any] = {"title": "a plan of some length"}
    await site.print_out(1, 4, 1, measured="as_submitted", **title)
    device = JobRef(device_job_id="d1", source="piws")
    await site.print_out(2, 5, 2, measured="by_device", job=device, **title)
    await site.look(1_005, 3)
    await site.look(1_005, 30)
    assert await site.counted() == {"alice": 5}


async def test_a_counter_in_metres_books_length(site: Site) -> None:
    await site.look(100, 0, unit="metres")
    await site.look(104, 2, unit="metres")
    await site.look(104, 13, unit="metres")
    [record] = await site.journal.read()
    assert msgspec.json.decode(record.value, type=JobCompletedEvent).data.lines == [JobLine(length_um=4_000_000)]
