"""Devices that show the same jobs again cost little, and never hide one that is new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.demo.fleet import FleetPrinter, serve_fleet
from services.collector.addresses import AddressGuard
from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.journal.store import Store
from services.collector.networks import parse_networks
from services.collector.polling.look import Looker
from services.collector.sources.ipp.source import IppSource
from shared.clock import FixedClock, SystemClock
from shared.errors import Retry
from tests.unit.collector.registry_rows import printer
from tests.unit.collector.test_look import NoPrinters

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(params=[True, False], ids=["with a calendar", "by its up-time"])
def device(request: pytest.FixtureRequest) -> FleetPrinter:
    made = FleetPrinter(1, dated=request.param)
    made.started_s -= 3_600 * 24
    made.print()
    made.print()
    return made


@pytest.fixture
async def source(device: FleetPrinter) -> AsyncIterator[IppSource]:
    async with serve_fleet([device]) as port:
        source = IppSource.at(f"ipp://127.0.0.1:{port}/ipp/print/1", clock=SystemClock())
        yield source
        await source.close()


async def test_jobs_that_are_the_same_are_not_brought_again(source: IppSource):
    first = await source.completed_jobs()
    assert (len(first.jobs), first.unchanged) == (2, False)
    again = await source.completed_jobs(first.cursor)
    assert (again.jobs, again.unchanged, again.cursor) == ((), True, first.cursor)


async def test_the_state_is_told_at_every_look(source: IppSource, device: FleetPrinter):
    first = await source.completed_jobs()
    assert first.state.activity == "idle"
    device.reason = "media-empty"
    again = await source.completed_jobs(first.cursor)
    assert (again.unchanged, again.state.reasons, again.state.activity) == (True, ("media-empty",), "idle")


async def test_a_new_job_is_brought_with_all_that_is_said_of_it(source: IppSource, device: FleetPrinter):
    first = await source.completed_jobs()
    same = await source.completed_jobs(first.cursor)
    device.print("bob", title="new plan")
    changed = await source.completed_jobs(same.cursor)
    assert not changed.unchanged
    newest = max(changed.jobs, key=lambda each: int(each.job.device_job_id or 0))
    assert newest.person
    assert (newest.person.claimed, newest.title) == ("bob", "new plan")
    assert {each.job.device_job_id: each.completed_at for each in changed.jobs}.items() >= {
        each.job.device_job_id: each.completed_at for each in first.jobs
    }.items()
    assert (await source.completed_jobs(changed.cursor)).unchanged


async def test_a_device_that_was_started_anew_is_read_whole(source: IppSource, device: FleetPrinter):
    first = await source.completed_jobs()
    assert (await source.completed_jobs(first.cursor)).unchanged
    device.started_s += timedelta(hours=20).total_seconds()
    assert not (await source.completed_jobs(first.cursor)).unchanged


async def test_a_look_from_another_place_is_whole(source: IppSource):
    first = await source.completed_jobs()
    assert len((await source.completed_jobs()).jobs) == len(first.jobs)


class FullDisk(Store):
    """A disk that is full for a while."""

    full = False

    def transaction(self):
        if self.full:
            raise OSError("no space left on device")
        return super().transaction()


async def test_a_job_that_could_not_be_journaled_is_journaled_later_though_the_device_shows_the_same(
    source: IppSource, device: FleetPrinter, tmp_path: Path
):
    store = FullDisk(tmp_path / "journal.sqlite")
    journal = Journal(tmp_path / "journal.sqlite", clock=FixedClock(NOW), store=store)
    await journal.open()
    try:
        guard = AddressGuard(parse_networks("192.0.2.0/24"))
        intake = Intake(journal, NoPrinters(), collector_id="c1", clock=FixedClock(NOW))
        looker = Looker(printer(1, serial=device.serial), source, journal, guard, intake)
        assert (await looker.look())[1] == 2
        device.print()
        store.full = True
        with pytest.raises(Retry):
            await looker.look()
        store.full = False
        assert (await looker.look())[1] == 1
        assert (await looker.look())[1] == 0
    finally:
        await journal.close()
