"""Watches one device: reads it, tells the observers, and journals what has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog

from services.collector.devices.reading import DeviceReading
from services.collector.journal import Entry, Journal
from services.collector.registry.printers import Printer, other_device
from services.collector.sources.source import PrinterFacts
from services.collector.watching.board import DeviceBoard
from services.collector.watching.conditions import conditions_of, still_open, unreachable
from services.collector.watching.memory import CURSOR_PREFIX, Memory, memory_of, newer, news, out_of_reach
from services.collector.watching.observing import Observer
from shared.clock import Clock
from shared.errors import Reject, Retry

GONE_AFTER: Final = 3
"""Readings that fail before a device counts as off line: printers that wake up miss one or two."""
WHOLE_EVERY: Final = 30
"""Of so many readings one is of everything: a supply may have come that no counter speaks of."""
_log = structlog.get_logger()


class ReadsDevice(Protocol):
    """Reads one device; see devices.reader.DeviceReader."""

    async def read(self) -> DeviceReading:
        """Reads all of it; Retry and Reject say why it can't."""
        ...

    async def look(self) -> DeviceReading:
        """Reads what may have changed."""
        ...

    async def close(self) -> None:
        """Lets go of it."""
        ...


class Watcher:
    """Watches one printer; a new one is made when its registration changes."""

    def __init__(
        self,
        printer: Printer,
        reader: ReadsDevice,
        journal: Journal,
        board: DeviceBoard,
        observers: Callable[[], Sequence[Observer]],
        *,
        collector_id: str,
        clock: Clock,
    ) -> None:
        self.printer = printer
        self.last: DeviceReading | None = None
        self.failures = 0
        self.error: str | None = None
        self._reader = reader
        self._journal = journal
        self._board = board
        self._observers = observers
        self._collector_id = collector_id
        self._clock = clock
        self._memory: Memory | None = None
        self._looks = 0

    async def look(self) -> DeviceReading:
        """Reads the device once.

        Raises:
            Retry: it does not answer, or the journal does not take what is to be told.
            Reject: it refuses, or another device answers.
        """
        self._looks += 1
        whole = self._looks % WHOLE_EVERY == 1 or self.failures > 0
        reading = await (self._reader.read() if whole else self._reader.look())
        self._refuse_other(reading.serial)
        memory = await self._remembered()
        now = conditions_of(reading, memory.open)
        await self._tell(reading, *news(self.printer, reading, now, memory, collector_id=self._collector_id))
        self.failures, self.error, self.last = 0, None, reading
        await self._observe(reading)
        return reading

    async def failed(self, error: Exception) -> None:
        """Notes that a reading failed; after some in a row that is told.

        Raises:
            Retry: the journal does not take it.
        """
        self.failures += 1
        self.error = str(error)
        if self.failures < GONE_AFTER or isinstance(error, Reject):
            return
        memory = await self._remembered()
        reading = out_of_reach(await self._said_last(), self._clock.now())
        # What else was wrong stays open: nobody can tell now whether it is over.
        now = unreachable("no answer by SNMP") | still_open(memory.open)
        await self._tell(reading, *news(self.printer, reading, now, memory, collector_id=self._collector_id))

    async def close(self) -> None:
        """Lets go of the device."""
        await self._reader.close()

    def _refuse_other(self, serial: str | None) -> None:
        """Makers write one serial number longer by SNMP than elsewhere; only two that differ are two devices."""
        known = self.printer.serial
        if not serial or not known or serial.startswith(known) or known.startswith(serial):
            return
        if wrong := other_device(self.printer, PrinterFacts("snmp", serial=serial)):
            raise Reject(f"{self.printer.address}: {wrong}")

    async def _said_last(self) -> DeviceReading | None:
        """Its last reading; that which is kept when it was not read since this watcher was made."""
        if self.last is not None:
            return self.last
        with suppress(Retry, Reject):
            if kept := await self._board.kept(self.printer.id):
                self._refuse_other(kept[1].serial)
                return kept[1]
        return None

    async def _remembered(self) -> Memory:
        if self._memory is None:
            own = memory_of(await self._journal.cursor(CURSOR_PREFIX + self.printer.id))
            self._memory = newer(own, await self._board.memory(self.printer.id))
        return self._memory

    async def _tell(self, reading: DeviceReading, entries: Sequence[Entry], memory: Memory) -> None:
        if entries:
            await self._journal.append(entries, cursor=(CURSOR_PREFIX + self.printer.id, memory.text()))
            self._board.note(self.printer.id, reading, memory)
        self._memory = memory

    async def _observe(self, reading: DeviceReading) -> None:
        for observer in self._observers():
            try:
                await observer(self.printer, reading)
            except Exception:  # noqa: BLE001 - what one observer does with it must not stop the reading of devices
                _log.exception("device_observer_broke", printer=self.printer.name)
