"""What polling finds is told to other collectors on change, and theirs is shown here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from services.collector.assignment.statuses import FRESH, StatusBoard, Statuses
from services.collector.assignment.store import ToldStatus
from services.collector.polling.poller import PrinterStatus
from shared.clock import FixedClock
from tests.unit.collector.registry_rows import printer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
IDLE = PrinterStatus(looked_at=NOW, succeeded_at=NOW, activity="idle")


class MemoryRows:
    def __init__(self) -> None:
        self.written: list[Mapping[str, str]] = []
        self.told: list[ToldStatus] = []

    async def write_statuses(self, statuses: Mapping[str, str]) -> None:
        self.written.append(statuses)

    async def statuses_since(self, since: datetime, *, own: bool) -> list[ToldStatus]:
        return [each for each in self.told if each.written_at > since]

    def tell(self, printer_id: str, status: PrinterStatus, at: datetime = NOW, collector: str = "c2") -> None:
        self.told.append(ToldStatus(printer_id, collector, msgspec.json.encode(status).decode(), at))


class World:
    def __init__(self) -> None:
        self.rows, self.clock, self.changes = MemoryRows(), FixedClock(NOW), 0
        self.board = StatusBoard(self.rows, collector_id="c1", clock=self.clock, changed=self._changed)

    def _changed(self) -> None:
        self.changes += 1


async def test_a_status_is_written_when_it_says_something_else_and_now_and_then():
    world = World()
    await world.board.write({"id-1": IDLE})
    later = NOW + timedelta(seconds=30)
    await world.board.write({"id-1": msgspec.structs.replace(IDLE, looked_at=later, succeeded_at=later)})
    assert len(world.rows.written) == 1
    await world.board.write({"id-1": msgspec.structs.replace(IDLE, activity="processing")})
    assert len(world.rows.written) == 2
    world.clock.advance(FRESH)
    await world.board.write({"id-1": msgspec.structs.replace(IDLE, activity="processing")})
    assert len(world.rows.written) == 3


async def test_a_printer_that_was_not_looked_at_says_nothing():
    world = World()
    await world.board.write({"id-1": PrinterStatus()})
    assert world.rows.written == []


async def test_what_another_one_has_found_is_shown_with_its_name_until_it_is_read_here():
    world, owned = World(), set[str]()
    world.rows.tell("id-1", IDLE)
    await world.board.read()
    statuses = Statuses(lambda _: PrinterStatus(jobs_read=7), owned.__contains__, world.board, collector_id="c1")
    assert statuses.status("id-1") == msgspec.structs.replace(IDLE, collector="c2")
    assert statuses.status("id-2") == PrinterStatus()
    owned.add("id-1")
    assert statuses.status("id-1") == PrinterStatus(jobs_read=7, collector="c1")


async def test_where_a_queue_prints_is_known_whoever_reads_it_and_told_once():
    world = World()
    queue = msgspec.structs.replace(IDLE, prints_on="ipp://192.0.2.7/ipp/print")
    world.rows.tell("id-1", queue)
    await world.board.read()
    await world.board.write({"id-1": queue})
    assert world.board.prints_on(printer(1)) == "ipp://192.0.2.7/ipp/print"
    assert world.changes == 1
    await world.board.write({})
    assert world.board.prints_on(printer(1)) == "ipp://192.0.2.7/ipp/print", "it may be read elsewhere from now on"


async def test_what_a_later_version_has_written_is_passed_over():
    world = World()
    world.rows.told.append(ToldStatus("id-1", "c2", '{"looked_at": 5}', NOW))
    await world.board.read()
    assert world.board.status("id-1") == PrinterStatus()
