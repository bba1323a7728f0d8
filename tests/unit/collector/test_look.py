"""One look at a printer: each job once, whatever the device says, and never another device's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from msgspec.structs import replace

from services.collector.addresses import AddressGuard
from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.networks import parse_networks
from services.collector.onboarding.checks import examine
from services.collector.onboarding.reach import Reach
from services.collector.polling.look import Looker
from services.collector.registry.printers import Printer
from services.collector.sources.source import PrinterFacts, Reading
from services.collector.vault import NO_ACCESS, Vault
from shared.clock import FixedClock
from shared.errors import Reject, Retry, Unanswered
from shared.events.jobs import JobCompleted, JobCompletedEvent, JobLine, JobRef, PersonRef
from tests.unit.collector.registry_rows import printer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
GUARD = AddressGuard(parse_networks("192.0.2.0/24"))


class FakeSource:
    """A printer that remembers all its jobs and can be told to fail."""

    def __init__(self, *jobs: JobCompleted, facts: PrinterFacts | None = None) -> None:
        self.jobs = list(jobs)
        self.facts = facts or PrinterFacts("ipp", serial="SN1", make_and_model="Example 36", current_time=NOW)
        self.error: Exception | None = None
        self.cursors: list[str] = []

    async def probe(self) -> PrinterFacts:
        if self.error:
            raise self.error
        return self.facts

    async def completed_jobs(self, cursor: str = "") -> Reading:
        if self.error:
            raise self.error
        self.cursors.append(cursor)
        return Reading(tuple(self.jobs), f"seen {len(self.jobs)}")

    async def close(self) -> None:
        pass


class NoPrinters:
    """A registry that nobody asks: whoever looks at a printer knows which one it is."""

    def find(self, *, printer_id: str | None = None, serial: str | None = None) -> Printer | None:
        return None


def ended(number: int, *, title: str = "plan", user: str | None = "alice") -> JobCompleted:
    return JobCompleted(
        job=JobRef(device_job_id=str(number), source="ipp"),
        printer=printer(1).ref,
        person=PersonRef(claimed=user) if user else None,
        title=title,
        completed_at=NOW + timedelta(seconds=number),
        lines=[JobLine(impressions=1)],
    )


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite", clock=FixedClock(NOW))
    await made.open()
    yield made
    await made.close()


def reach(source: FakeSource) -> Reach:
    return Reach(GUARD, lambda *_: source, Vault([]), FixedClock(NOW))


def looker(source: FakeSource, journal: Journal, known: Printer | None = None) -> Looker:
    intake = Intake(journal, NoPrinters(), collector_id="c1", clock=FixedClock(NOW))
    return Looker(known or printer(1), source, journal, GUARD, intake)


async def events(journal: Journal):
    return [msgspec.json.decode(record.value, type=JobCompletedEvent) for record in await journal.read()]


async def test_a_job_that_the_printer_shows_again_and_again_is_journaled_once(journal: Journal):
    source = FakeSource(ended(1))
    one = looker(source, journal)
    assert [(await one.look())[1] for _ in range(3)] == [1, 0, 0]
    source.jobs.append(ended(2))
    assert (await one.look())[1] == 1
    assert [event.data.job.device_job_id for event in await events(journal)] == ["1", "2"]


async def test_another_device_in_the_place_is_read_from_its_own_beginning(journal: Journal):
    before = FakeSource(ended(1))
    await looker(before, journal).look()
    exchanged = printer(1, serial="SN9", device_since=NOW, former_serials=("SN1",))
    facts = PrinterFacts("ipp", serial="SN9", current_time=NOW)
    job = replace(ended(1), printer=exchanged.ref)
    after = FakeSource(job, facts=facts)
    assert (await looker(after, journal, exchanged).look())[1] == 1
    assert after.cursors == [""]
    first, second = await events(journal)
    assert first.data.printer.id == second.data.printer.id
    assert first.data.job.id != second.data.job.id, "the same number and time on two devices are two jobs"


async def test_a_device_that_was_exchanged_unannounced_is_not_read_and_the_remedy_is_told(journal: Journal):
    source = FakeSource(ended(1), facts=PrinterFacts("ipp", serial="SN9"))
    with pytest.raises(Reject, match="serial number is SN9, not SN1; if it was exchanged, use `inkmeter printers"):
        await looker(source, journal).look()
    assert source.cursors == []


async def test_after_a_restart_the_cursor_goes_on_and_known_jobs_stay_known(journal: Journal):
    source = FakeSource(ended(1))
    await looker(source, journal).look()
    source.jobs = [ended(1, title="the device now says it otherwise"), ended(2)]
    assert (await looker(source, journal).look())[1] == 1
    assert source.cursors == ["", "seen 1"]


async def test_jobs_of_a_printer_added_anew_keep_their_identity(journal: Journal):
    source = FakeSource(ended(1))
    await looker(source, journal).look()
    assert (await looker(source, journal, printer(1, id="another-id")).look())[1] == 0


NONSENSE = {
    "an area beyond 64 bits": {"lines": [JobLine(printed_area_mm2=10**30)]},
    "an area larger than a country": {"lines": [JobLine(printed_area_mm2=10**16)]},
    "a negative count": {"copies": -3},
    "half a surrogate": {"title": "a\ud800"},
    "a long identity": {"job": JobRef(device_job_id="7" * 190)},
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
async def test_a_job_that_no_consumer_would_take_is_told_and_does_not_hold_up_the_others(
    journal: Journal, nonsense
):
    source = FakeSource(ended(1), structs.replace(ended(2), **nonsense), ended(3))
    one = looker(source, journal)
    assert [(await one.look())[1] for _ in range(2)] == [2, 0]
    assert [event.data.job.device_job_id for event in await events(journal)] == ["1", "3"]


async def test_another_device_at_the_address_is_not_read(journal: Journal):
    source = FakeSource(ended(1), facts=PrinterFacts("ipp", serial="SN2"))
    with pytest.raises(Reject, match="another device answers there: its serial number is SN2"):
        await looker(source, journal).look()
    assert await events(journal) == []


async def test_who_answers_is_checked_again_after_a_failure(journal: Journal):
    source = FakeSource(ended(1))
    one = looker(source, journal)
    await one.look()
    one.lost()
    source.facts = PrinterFacts("ipp", serial="SN2")
    with pytest.raises(Reject, match="another device"):
        await one.look()


async def test_an_address_outside_the_networks_is_not_connected_to(journal: Journal):
    source = FakeSource(ended(1))
    with pytest.raises(Reject, match="INKMETER_PRINTER_NETWORKS"):
        await looker(source, journal, printer(1, address="ipp://198.51.100.1/")).look()
    assert source.cursors == []


@pytest.mark.parametrize(("error", "raised"), [(Retry("away"), Unanswered), (Reject("HTTP 404"), Reject)])
async def test_a_device_is_refused_with_a_sentence_before_it_is_registered(error, raised):
    source = FakeSource()
    source.error = error
    with pytest.raises(raised) as caught:
        await reach(source).identify("ipp://192.0.2.1/", NO_ACCESS)
    assert caught.value.pointer == "/address"


async def results(source: FakeSource) -> dict[str, str]:
    checks = await examine(printer(1), reach(source))
    assert all(check.remedy for check in checks if check.result != "OK")
    return {check.name: check.result for check in checks}


async def test_a_printer_without_fault_passes_every_check():
    fine = {
        "reachable": "OK",
        "IPP": "OK",
        "identity": "OK",
        "clock": "OK",
        "credentials": "OK",
        "job history": "OK",
        "user names": "OK",
    }
    assert await results(FakeSource(ended(1))) == fine


async def test_each_fault_of_a_printer_is_named_with_a_remedy():
    away = FakeSource()
    away.error = Retry("away")
    assert await results(away) == {"reachable": "FAIL"}
    slow = FakeSource(ended(1), facts=PrinterFacts("ipp", serial="SN1", current_time=NOW - timedelta(hours=1)))
    assert (await results(slow))["clock"] == "WARN"
    other = FakeSource(ended(1), facts=PrinterFacts("ipp", serial="SN2"))
    assert (await results(other))["identity"] == "FAIL"
    assert (await results(FakeSource(ended(1, user=None))))["user names"] == "WARN"
    assert (await results(FakeSource()))["user names"] == "WARN"
