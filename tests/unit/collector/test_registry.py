"""The registry: one device once, known in memory, every change told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from services.collector.access import Access
from services.collector.intake.jobs import job_identity
from services.collector.journal import Journal
from services.collector.registry.printers import other_device, serial_of
from services.collector.registry.registry import Registry
from services.collector.sources.source import PrinterFacts
from services.collector.vault import Vault
from shared.clock import FixedClock
from shared.errors import Conflict, NotFound, Retry
from shared.events.jobs import PrinterRef
from shared.events.printers import PrinterChangedEvent
from shared.http.problems import PreconditionFailed
from tests.unit.collector.registry_rows import MemoryRows, printer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite", clock=FixedClock(NOW))
    await made.open()
    yield made
    await made.close()


async def registry_of(rows: MemoryRows, journal: Journal) -> Registry:
    made = Registry(rows, journal, collector_id="c1", clock=FixedClock(NOW))
    await made.refresh()
    return made


async def told(journal: Journal):
    return [msgspec.json.decode(record.value, type=PrinterChangedEvent).data for record in await journal.read()]


async def test_the_same_device_is_refused_under_another_address_and_the_sentence_says_what_to_do(journal: Journal):
    registry = await registry_of(MemoryRows(printer(1)), journal)
    with pytest.raises(Conflict, match=r"registered already, as plotter-1 .*edit plotter-1 --address"):
        await registry.add(printer(2, serial="SN1"))
    await registry.add(printer(3, serial=None, uuid="u-1"))
    with pytest.raises(Conflict, match="UUID u-1"):
        await registry.add(printer(4, serial=None, uuid="u-1"))


async def test_a_job_that_names_an_earlier_device_is_of_the_printer_in_its_place(journal: Journal):
    exchanged = printer(1, serial="SN9", former_serials=("SN1", "SN2"))
    registry = await registry_of(MemoryRows(exchanged, printer(2)), journal)
    assert registry.find(serial="SN1") == registry.find(serial="SN9") == exchanged
    other = registry.find(serial="SN2")
    assert other is not None
    assert other.id == "id-2", "whose device it is now comes first"
    assert job_identity(PrinterRef(serial="SN1"), exchanged) == "serial:SN1"
    assert job_identity(PrinterRef(serial="SN9"), exchanged) == job_identity(PrinterRef(id="id-1"), exchanged)


async def test_nothing_of_a_log_in_is_told(journal: Journal):
    sealed = Vault([bytes(32)]).seal("id-1", Access(username="admin", password="pass-word-1"))
    registry = await registry_of(MemoryRows(), journal)
    added = await registry.add(printer(1, sealed_access=sealed))
    await registry.remove(added)
    records = b"".join(record.value for record in await journal.read())
    assert str(sealed).encode() not in records
    assert b"admin" not in records + (await journal.cursor("registry")).encode()


async def test_every_change_is_told_once(journal: Journal):
    registry = await registry_of(MemoryRows(), journal)
    added = await registry.add(printer(1))
    changed = await registry.change(replace(added, group="plotters"))
    await registry.refresh()
    await registry.remove(changed)
    await registry.refresh()
    assert [(each.group, each.removed) for each in await told(journal)] == [
        (None, False),
        ("plotters", False),
        ("plotters", True),
    ]
    assert registry.printers() == []
    with pytest.raises(NotFound):
        registry.get(added.id)


async def test_a_change_that_could_not_be_told_is_told_later(journal: Journal):
    rows = MemoryRows(printer(1))
    rows.announced = {}
    registry = await registry_of(rows, journal)
    assert len(await told(journal)) == 1
    assert registry.find(serial="SN1") == registry.get("id-1")


async def test_reading_goes_on_from_memory_while_postgresql_is_away(journal: Journal):
    rows = MemoryRows(printer(1))
    registry = await registry_of(rows, journal)
    rows.away = True
    with pytest.raises(Retry):
        await registry.refresh()
    assert [each.name for each in registry.printers()] == ["plotter-1"]
    with pytest.raises(Retry):
        await registry.add(printer(2))
    assert len(registry.printers()) == 1


async def test_a_change_made_from_an_old_state_is_refused(journal: Journal):
    registry = await registry_of(MemoryRows(printer(1)), journal)
    old = registry.get("id-1")
    await registry.change(replace(old, name="new"))
    with pytest.raises(PreconditionFailed):
        await registry.change(replace(old, name="newer"))


async def test_changes_wake_whoever_waits_and_a_refresh_without_news_does_not(journal: Journal):
    registry = await registry_of(MemoryRows(printer(1)), journal)
    assert registry.changed.is_set()
    registry.changed.clear()
    await registry.refresh()
    assert not registry.changed.is_set()
    await registry.change(replace(registry.get("id-1"), enabled=False))
    assert registry.changed.is_set()


@pytest.mark.parametrize(
    ("serial", "known"),
    [("CN1", "CN1"), (" CN1 ", "CN1"), (None, None), ("", None), ("000-000", None), ("Unknown", None)],
)
def test_a_serial_number_that_is_none_does_not_count(serial, known):
    assert serial_of(PrinterFacts("ipp", serial=serial)) == known


@pytest.mark.parametrize(
    ("facts", "other"),
    [
        (PrinterFacts("ipp", serial="SN1", uuid="other"), False),
        (PrinterFacts("ipp", serial="SN2"), True),
        (PrinterFacts("ipp", uuid="u-1"), False),
        (PrinterFacts("ipp", uuid="u-2"), True),
        (PrinterFacts("ipp"), False),
    ],
)
def test_another_device_is_told_by_serial_number_and_only_else_by_uuid(facts, other):
    assert (other_device(printer(1, uuid="u-1"), facts) is not None) == other


async def test_without_postgresql_a_start_knows_the_printers_of_the_last_run(journal: Journal):
    rows = MemoryRows(printer(1))
    before = await registry_of(rows, journal)
    await before.add(printer(2))
    rows.away = True
    after = Registry(rows, journal, collector_id="c1", clock=FixedClock(NOW))
    assert await after.recall()
    assert after.printers() == before.printers()
    assert "PostgreSQL was away" in (after.fault or "")
    rows.away = False
    await after.refresh()
    assert after.fault is None


@pytest.mark.parametrize("stored", ["", "{", '[{"id": 1}]'])
async def test_a_journal_that_remembers_no_printers_is_no_help(journal: Journal, stored: str):
    await journal.append([], cursor=("registry", stored))
    assert not await Registry(MemoryRows(), journal, collector_id="c1", clock=FixedClock(NOW)).recall()
