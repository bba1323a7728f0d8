"""Readings of several sources taken into the journal: what is told of them comes to each job once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.collector.correlation import memory
from services.collector.correlation.merge import merged
from services.collector.intake.bring import Intake
from services.collector.intake.taking import Brought
from services.collector.journal import Journal
from services.collector.registry.printers import Printer
from shared.clock import FixedClock
from shared.events import JOB_COMPLETED, JobCompleted, JobCompletedEvent, JobCorrectedEvent
from shared.events.envelope import event_type_of
from shared.events.jobs import JobRef, PrinterRef
from tests.unit.collector.readings import NOON, SERIAL, by_backend, by_cups, by_device, reading
from tests.unit.collector.registry_rows import printer


class Printers:
    """A registry with these printers."""

    def __init__(self, *printers: Printer) -> None:
        self._printers = printers

    def find(self, *, printer_id: str | None = None, serial: str | None = None) -> Printer | None:
        return next((each for each in self._printers if printer_id == each.id or serial == each.serial), None)


class Desk:
    """Brings readings, and counts up what was told of them, as accounting does."""

    def __init__(self, path: Path, *printers: Printer) -> None:
        self.journal = Journal(path, clock=FixedClock(NOON))
        self.intake = Intake(self.journal, Printers(*printers), collector_id="c1", clock=FixedClock(NOON))

    async def bring(self, *readings: JobCompleted) -> list[Brought]:
        """Brings readings in one request."""
        return await self.intake.store([self.intake.ready(each, source="http") for each in readings])

    async def events(self) -> list[Any]:
        """What was told, in order."""
        found = []
        for record in await self.journal.read(limit=100_000):
            kind = JobCompletedEvent if event_type_of(record.value) == JOB_COMPLETED else JobCorrectedEvent
            found.append((record.key, msgspec.json.decode(record.value, type=kind)))
        return found

    async def counted(self) -> list[JobCompleted]:
        """The jobs that count in the end; each correction must follow what it corrects, under its key."""
        jobs: dict[str, JobCompleted] = {}
        keys: dict[str, str] = {}
        void: set[str] = set()
        for key, event in await self.events():
            if event.type == JOB_COMPLETED:
                jobs[event.data.job.id] = event.data
                keys[event.data.job.id] = key
                continue
            assert keys[event.data.corrects] == key
            assert event.data.corrects not in void
            void.add(event.data.corrects)
            if (new := event.data.replacement) is not None:
                assert _unnumbered(jobs.setdefault(new.job.id, new)) == _unnumbered(new)
                keys.setdefault(new.job.id, key)
        return [job for job_id, job in jobs.items() if job_id not in void]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "journal.sqlite")
    await desk.journal.open()
    yield desk
    await desk.journal.close()


def _unnumbered(job: JobCompleted) -> JobCompleted:
    return replace(job, job=replace(job.job, source_sequence=None))


def ink(job: JobCompleted) -> dict[str, int] | None:
    return job.lines[0].ink_ul


async def test_a_second_source_corrects_what_the_first_one_told(desk: Desk) -> None:
    [first] = await desk.bring(by_cups())
    [second] = await desk.bring(by_device())

    [job] = await desk.counted()
    assert (ink(job), job.project, job.measured) == ({"cyan": 200, "black": 100}, "P-100", "by_device")
    assert (first.merged_into, second.stored, second.merged_into) == (None, False, job.job.id)
    _, correction = (await desk.events())[1]
    assert correction.data.words == (
        "Read by cups and piws; now better known: measured, printed area, used area, category, category by, ink."
    )


async def test_a_source_that_adds_nothing_is_not_told_of_at_all(desk: Desk) -> None:
    await desk.bring(by_device())
    [brought] = await desk.bring(reading("panel", measured="as_submitted", person=None))
    assert len(await desk.events()) == 1
    assert brought.merged_into is not None


async def test_two_readings_in_one_request_are_told_as_one_job(desk: Desk) -> None:
    brought = await desk.bring(by_cups(), by_device(), by_backend())
    [(_, event)] = await desk.events()
    assert event.data.lines == merged([by_cups(), by_device(), by_backend()]).lines
    assert [each.merged_into for each in brought] == [event.data.job.id, None, event.data.job.id]


async def test_readings_brought_again_change_nothing(desk: Desk) -> None:
    await desk.bring(by_cups(), by_backend())
    await desk.bring(by_device())
    before = await desk.events()
    for each in (by_cups(), by_device(), by_backend()):
        assert [one.duplicate for one in await desk.bring(each)] == [True]
    assert [one.duplicate for one in await desk.bring(by_cups(), by_device(), by_backend())] == [True] * 3
    assert await desk.events() == before


async def test_what_was_read_is_known_again_after_a_restart(desk: Desk, tmp_path: Path) -> None:
    await desk.bring(by_cups())
    await desk.journal.close()
    again = Desk(tmp_path / "journal.sqlite")
    await again.journal.open()
    try:
        await again.bring(by_device(after_s=14 * 60))
        assert len(await again.counted()) == 1
    finally:
        await again.journal.close()


async def test_a_thousand_equal_jobs_of_one_source_stay_a_thousand(desk: Desk) -> None:
    jobs = [by_cups(number) for number in range(1_000)]
    for start in range(0, 1_000, 100):
        await desk.bring(*jobs[start : start + 100])
    assert len(await desk.counted()) == 1_000

    for start in range(0, 1_000, 100):
        await desk.bring(*(by_device(5_000 + number) for number in range(start, start + 100)))
    counted = await desk.counted()
    assert len(counted) == 1_000
    assert all(ink(job) for job in counted)

    await desk.bring(by_device(9_000))
    assert len(await desk.counted()) == 1_001


async def test_of_equal_jobs_each_is_paired_with_the_earliest_that_is_left(desk: Desk) -> None:
    await desk.bring(by_cups(1, project="P-1"), by_cups(2, after_s=5, project="P-2"))
    await desk.bring(by_device(8, after_s=50, copies=1))
    await desk.bring(by_device(9, after_s=55, copies=1))
    assert {(job.job.device_job_id, job.project) for job in await desk.counted()} == {("8", "P-1"), ("9", "P-2")}


async def test_the_same_identity_told_by_two_sources_is_one_job(desk: Desk) -> None:
    key = JobRef(key="k", device_job_id="1")
    await desk.bring(by_cups(job=replace(key, source="cups"), completed_at=NOON))
    await desk.bring(by_device(job=replace(key, source="piws"), completed_at=NOON, title="other", person=None))
    [job] = await desk.counted()
    assert ink(job) is not None


async def test_the_same_identity_told_otherwise_by_one_source_is_left_to_accounting(desk: Desk) -> None:
    await desk.bring(by_cups())
    [brought] = await desk.bring(by_cups(copies=2))
    assert (brought.differs, brought.stored) == (True, True)
    assert [event.type for _, event in await desk.events()] == [JOB_COMPLETED] * 2


async def test_a_reading_between_two_others_makes_all_three_one_job(desk: Desk) -> None:
    await desk.bring(by_cups())
    await desk.bring(by_backend(after_s=28 * 60, measured="as_submitted"))
    assert len(await desk.counted()) == 2

    await desk.bring(by_device(after_s=14 * 60))

    [job] = await desk.counted()
    assert (job.project, job.department, ink(job)) == ("P-100", "ARCH", {"cyan": 200, "black": 100})


async def test_a_source_without_titles_is_known_by_person_and_quantities(desk: Desk) -> None:
    await desk.bring(by_cups(1, title="section.pdf", copies=5), by_cups(2))
    [brought] = await desk.bring(by_device(title=None, copies=1))
    assert brought.merged_into is not None
    assert {(job.title, bool(ink(job))) for job in await desk.counted()} == {
        ("section.pdf", False),
        ("plan.pdf", True),
    }


async def test_jobs_of_other_devices_are_other_jobs(desk: Desk) -> None:
    await desk.bring(by_cups(), by_device(printer=PrinterRef(serial="other")))
    assert len(await desk.counted()) == 2


async def test_a_queues_job_is_one_of_the_device_that_it_prints_on(tmp_path: Path) -> None:
    device, queue = printer(1, serial=SERIAL), printer(2, kind="cups", serial=None)
    desk = Desk(tmp_path / "journal.sqlite", device, queue)
    await desk.journal.open()
    try:
        from_queue = by_cups(printer=PrinterRef(id=queue.id))
        ready = desk.intake.ready(from_queue, source="cups", printer=queue, device=device)
        await desk.intake.store([ready])
        await desk.bring(by_device())
        [job] = await desk.counted()
    finally:
        await desk.journal.close()
    assert (job.printer.id, job.printer.serial) == (device.id, SERIAL)
    assert ready.data.job.key is not None
    assert ready.data.job.key.startswith(f"{queue.id}/") or ready.data.job.key.startswith("uuid:")


async def test_old_jobs_are_forgotten_and_take_nothing_along(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "REMEMBERED", 10)
    monkeypatch.setattr(memory, "FORGETS_EVERY", 1)
    await desk.bring(*(by_cups(number) for number in range(20)))
    await desk.bring(*(by_device(100 + number) for number in range(20)))
    assert len(await desk.counted()) == 30


SOURCES: tuple[Callable[..., JobCompleted], ...] = (by_cups, by_device, by_backend)


@given(
    told=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=12, unique=True),
    cuts=st.lists(st.integers(1, 4), min_size=12, max_size=12),
)
@settings(max_examples=40, deadline=None)
def test_whatever_order_readings_come_in_each_job_counts_once_with_the_best_of_all(
    told: list[tuple[int, int]], cuts: list[int]
) -> None:
    async def run(path: Path) -> list[JobCompleted]:
        desk = Desk(path)
        await desk.journal.open()
        try:
            left = [SOURCES[source](100 * source + job, title=f"plan {job}.pdf") for job, source in told]
            for cut in cuts:
                now, left = left[:cut], left[cut:]
                if now:
                    await desk.bring(*now)
            return await desk.counted()
        finally:
            await desk.journal.close()

    with TemporaryDirectory() as folder:
        counted = asyncio.run(run(Path(folder) / "journal.sqlite"))

    assert sorted(map(_said, counted)) == sorted(_said(merged(each)) for each in _expected(told))


def _expected(told: Sequence[tuple[int, int]]) -> list[list[JobCompleted]]:
    jobs = sorted({job for job, _ in told})
    return [
        [SOURCES[source](100 * source + job, title=f"plan {job}.pdf") for each, source in told if each == job]
        for job in jobs
    ]


def _said(job: JobCompleted) -> str:
    facts = (job.title, job.project, job.department, job.person, job.measured, job.copies, job.lines)
    return repr(facts)
