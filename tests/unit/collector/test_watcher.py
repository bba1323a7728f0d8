"""One device watched: what has changed goes into the journal once, with the memory of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.collector.devices.reading import DeviceReading
from services.collector.journal import Journal
from services.collector.registry.printers import Printer
from services.collector.watching.board import DeviceBoard
from services.collector.watching.memory import Memory
from services.collector.watching.store import KeptDevice, NewDevice
from services.collector.watching.watcher import GONE_AFTER, WHOLE_EVERY, Watcher
from shared.clock import FixedClock
from shared.errors import Reject, Retry
from shared.events.devices import DeviceCounter, DeviceSupply

AT = datetime(2026, 11, 2, 9, 15, tzinfo=UTC)
PRINTER = Printer(
    id="0198f0c2-6a4e-7c31-9d5b-2f7e8a1b4c60",
    name="Plotter",
    address="ipp://127.0.0.1/ipp/print",
    kind="ipp",
    serial="CN1",
    added_at=AT,
    changed_at=AT,
)
IDLE = DeviceReading(
    at=AT,
    model="Example 9000",
    serial="CN1",
    status="idle",
    counters=(DeviceCounter(name="life", unit="metres", value=100),),
    supplies=(DeviceSupply(index=1, name="Cyan", kind="ink", level_percent=60, state="ok"),),
)


class FakeDevice:
    """Says what it is set to; an exception is raised."""

    def __init__(self) -> None:
        self.says: DeviceReading | Exception = IDLE
        self.asked: list[str] = []

    async def read(self) -> DeviceReading:
        return self._say("read")

    async def look(self) -> DeviceReading:
        return self._say("look")

    async def close(self) -> None:
        self.asked.append("close")

    def _say(self, how: str) -> DeviceReading:
        self.asked.append(how)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class FakeRows:
    """PostgreSQL for devices; `away` makes it fail."""

    def __init__(self) -> None:
        self.kept: dict[str, KeptDevice] = {}
        self.away = False

    async def load(self, printer_id: str) -> KeptDevice | None:
        if self.away:
            raise Retry("away")
        return self.kept.get(printer_id)

    async def save(self, devices: Mapping[str, NewDevice]) -> None:
        if self.away:
            raise Retry("away")
        self.kept |= {key: KeptDevice("c1", each.memory, each.text) for key, each in devices.items()}


class World:
    def __init__(self, journal: Journal) -> None:
        self.rows = FakeRows()
        self.board = DeviceBoard(self.rows)
        self.clock = FixedClock(AT)
        self.journal = journal
        self.device = FakeDevice()
        self.seen: list[DeviceReading] = []
        self.observers = [self.observe]
        self.watcher = self.start()

    def start(self, printer: Printer = PRINTER) -> Watcher:
        return Watcher(
            printer,
            self.device,
            self.journal,
            self.board,
            lambda: self.observers,
            collector_id="c1",
            clock=self.clock,
        )

    async def observe(self, printer: Printer, reading: DeviceReading) -> None:
        self.seen.append(reading)

    async def look(self, says: DeviceReading | Exception) -> None:
        self.clock.moment += timedelta(minutes=1)
        self.device.says = says if isinstance(says, Exception) else replace(says, at=self.clock.moment)
        try:
            await self.watcher.look()
        except (Retry, Reject) as error:
            await self.watcher.failed(error)

    async def told(self) -> list[tuple[str, str]]:
        """What was journaled since the last question: topic and what it says in short."""
        records = await self.journal.read()
        await self.journal.published([each.number for each in records])
        found = []
        for record in records:
            data: dict[str, Any] = msgspec.json.decode(record.value)["data"]
            short = f"{data['state']} {data['kind']}" if record.topic == "alerts.v1" else data.get("status", "")
            found.append((record.topic, short))
        return found


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    journal = Journal(tmp_path / "journal.sqlite", clock=FixedClock(AT))
    await journal.open()
    yield World(journal)
    await journal.close()


async def test_only_what_has_changed_is_told(world: World) -> None:
    for _ in range(3):
        await world.look(IDLE)
    assert await world.told() == [("devices.v1", "idle")]
    await world.look(replace(IDLE, status="printing"))
    await world.look(replace(IDLE, counters=(DeviceCounter(name="life", unit="metres", value=101),)))
    assert await world.told() == [("devices.v1", "printing"), ("devices.v1", "idle")]
    assert len(world.seen) == 5


async def test_a_restart_tells_nothing_again(world: World) -> None:
    low = replace(IDLE, supplies=(replace(IDLE.supplies[0], level_percent=4, state="low"),))
    await world.look(low)
    assert await world.told() == [("devices.v1", "idle"), ("alerts.v1", "raised supply_low")]
    world.watcher = world.start()
    await world.look(low)
    assert await world.told() == []
    await world.look(IDLE)
    assert await world.told() == [("devices.v1", "idle"), ("alerts.v1", "cleared supply_low")]


async def test_a_device_that_is_silent_for_long_is_told_off_line_and_back(world: World) -> None:
    await world.look(IDLE)
    await world.told()
    for _ in range(GONE_AFTER - 1):
        await world.look(Retry("no answer"))
    assert await world.told() == []
    await world.look(Retry("no answer"))
    await world.look(Retry("no answer"))
    assert await world.told() == [("devices.v1", "unreachable"), ("alerts.v1", "raised offline")]
    await world.look(IDLE)
    assert await world.told() == [("devices.v1", "idle"), ("alerts.v1", "cleared offline")]
    assert len(world.seen) == 2, "observers see readings, not silence"


async def test_another_device_is_refused_and_not_observed(world: World) -> None:
    await world.look(replace(IDLE, serial="CN2"))
    assert (world.seen, await world.told()) == ([], [])
    assert "serial number is CN2, not CN1" in str(world.watcher.error)
    await world.look(replace(IDLE, serial="CN1-132-13"))
    assert len(world.seen) == 1, "some makers write it longer by SNMP"


async def test_an_observer_that_breaks_stops_neither_reading_nor_the_others(world: World) -> None:
    async def broken(printer: Printer, reading: DeviceReading) -> None:
        raise ValueError("broken")

    world.observers.insert(0, broken)
    await world.look(IDLE)
    assert len(world.seen) == 1
    assert await world.told() == [("devices.v1", "idle")]


async def test_all_is_read_at_first_now_and_then_and_after_a_failure(world: World) -> None:
    for _ in range(WHOLE_EVERY + 1):
        await world.look(IDLE)
    assert [place for place, how in enumerate(world.device.asked) if how == "read"] == [0, WHOLE_EVERY]
    await world.look(Retry("no answer"))
    await world.look(IDLE)
    assert world.device.asked[-2:] == ["look", "read"]


async def test_a_journal_that_fails_leaves_the_news_for_the_next_reading(world: World) -> None:
    await world.journal.close()
    await world.look(IDLE)
    assert world.seen == []
    await world.journal.open()
    await world.look(IDLE)
    assert await world.told() == [("devices.v1", "idle")]


async def test_the_next_collector_knows_which_alerts_are_open(world: World, tmp_path: Path) -> None:
    low = replace(IDLE, supplies=(replace(IDLE.supplies[0], level_percent=4, state="low"),))
    await world.look(low)
    await world.told()
    assert await world.board.save()
    other = Journal(tmp_path / "other.sqlite", clock=world.clock)
    await other.open()
    world.journal = other
    world.watcher = Watcher(PRINTER, world.device, other, world.board, list, collector_id="c2", clock=world.clock)
    await world.look(low)
    assert await world.told() == []
    await world.look(IDLE)
    assert await world.told() == [("devices.v1", "idle"), ("alerts.v1", "cleared supply_low")]
    await other.close()


async def test_a_journal_that_was_away_from_a_device_goes_by_what_was_told_since(world: World) -> None:
    await world.look(IDLE)
    await world.told()
    later = Memory(digest="another", at=world.clock.moment + timedelta(hours=1))
    world.rows.kept[PRINTER.id] = KeptDevice("c2", later.text(), "{}")
    world.watcher = world.start()
    await world.look(IDLE)
    assert await world.told() == [("devices.v1", "idle")]


async def test_postgresql_away_keeps_nobody_from_telling_and_what_was_noted_is_kept_later(world: World) -> None:
    world.rows.away = True
    await world.look(IDLE)
    assert await world.told() == [("devices.v1", "idle")]
    assert not await world.board.save()
    world.rows.away = False
    assert await world.board.save()
    kept = await world.board.kept(PRINTER.id)
    assert kept is not None
    assert (kept[0], kept[1].model) == ("c1", "Example 9000")


@pytest.mark.parametrize(("serial", "supplies"), [(None, 1), ("OTHER-DEVICE", 0)])
async def test_a_device_gone_since_a_restart_keeps_what_it_said_last(
    world: World, serial: str | None, supplies: int
) -> None:
    await world.look(IDLE)
    assert await world.board.save()
    kept = world.rows.kept[PRINTER.id]
    said = msgspec.json.decode(kept.reading, type=DeviceReading)
    text = msgspec.json.encode(replace(said, serial=serial or said.serial)).decode()
    world.rows.kept[PRINTER.id] = kept._replace(reading=text)
    world.watcher = world.start(replace(PRINTER, serial=PRINTER.serial or "SN1"))
    for _ in range(GONE_AFTER):
        await world.look(Retry("no answer"))
    assert await world.board.save()
    now = msgspec.json.decode(world.rows.kept[PRINTER.id].reading, type=DeviceReading)
    assert (now.status, len(now.supplies)) == ("unreachable", supplies)
