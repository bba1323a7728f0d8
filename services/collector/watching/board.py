"""Carries what devices said to PostgreSQL, for other collectors: one reads a device next, all answer for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol

import msgspec
import structlog

from services.collector.devices.reading import DeviceReading
from services.collector.watching.memory import Memory, memory_of
from services.collector.watching.store import KeptDevice, NewDevice
from shared.errors import Retry

SAVE_EVERY_S: Final = 1.0
RETRY_S: Final = 5.0
_log = structlog.get_logger()
_reading = msgspec.json.Decoder(DeviceReading)


class Rows(Protocol):
    """Where devices are kept; see DeviceStore."""

    async def load(self, printer_id: str) -> KeptDevice | None:
        """What is kept of a printer's device."""
        ...

    async def save(self, devices: Mapping[str, NewDevice]) -> None:
        """Keeps devices by printer id."""
        ...


class DeviceBoard:
    """What is noted here is kept a moment later; PostgreSQL may be away meanwhile."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._new: dict[str, NewDevice] = {}
        self._news = asyncio.Event()

    def note(self, printer_id: str, reading: DeviceReading, memory: Memory) -> None:
        """A device has said something new, or something else of it was told."""
        text = msgspec.json.encode(reading).decode()
        self._new[printer_id] = NewDevice(memory.text(), reading, text)
        self._news.set()

    async def memory(self, printer_id: str) -> Memory:
        """What a collector has told of a device; nothing when PostgreSQL is away."""
        with suppress(Retry):
            if kept := await self._rows.load(printer_id):
                return memory_of(kept.memory)
        return Memory()

    async def kept(self, printer_id: str) -> tuple[str, DeviceReading] | None:
        """Which collector reads a device, and what it said last.

        Raises:
            Retry: PostgreSQL is away.
        """
        kept = await self._rows.load(printer_id)
        if kept is None:
            return None
        with suppress(msgspec.DecodeError):  # of another version of the collector
            return kept.collector, _reading.decode(kept.reading)
        return None

    async def run(self) -> None:
        """Keeps what was noted, until cancelled; the last of it before it ends."""
        try:
            while True:
                await self._news.wait()
                saved = await self.save()
                await asyncio.sleep(SAVE_EVERY_S if saved else RETRY_S)
        finally:
            await self.save()

    async def save(self) -> bool:
        """Keeps what was noted since; False when PostgreSQL did not take it."""
        self._news.clear()
        batch, self._new = self._new, {}
        if not batch:
            return True
        try:
            await self._rows.save(batch)
        except Retry as error:
            self._new = batch | self._new
            self._news.set()
            _log.warning("devices_not_kept", devices=len(self._new), error=str(error))
            return False
        return True
