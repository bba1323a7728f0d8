"""Watches the levels of supplies, and gives jobs without ink their part of what left the cartridges."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from services.collector.correlation.memory import MAX_SOURCES, Memory
from services.collector.devices.reading import DeviceReading
from services.collector.ink.spread import SOURCE, Level, estimates, fallen, levels_of, reading_of
from services.collector.intake.jobs import job_identity
from services.collector.intake.taking import Taking
from services.collector.journal import Journal
from services.collector.journal.store import Store
from services.collector.registry.printers import Printer

MAX_JOBS: Final = 500
"""Of one interval; more share a fall of the levels only in a log, not in charges."""
WINDOW: Final = timedelta(0)
_log = structlog.get_logger()


class _Mark(Struct, frozen=True):
    """The levels of a device at the moment up to which they were given to jobs."""

    at: datetime
    levels: dict[str, Level]


_decode: Final = msgspec.json.Decoder(_Mark).decode


class InkEstimator:
    """An observer of device readings; see watching.observing."""

    def __init__(self, journal: Journal, *, collector_id: str) -> None:
        self._journal = journal
        self._collector_id = collector_id

    async def observe(self, printer: Printer, reading: DeviceReading) -> None:
        """Takes a reading in; only one of a device at rest, as a job in print has used ink that is not told yet.

        Raises:
            Retry: the journal can't be written; the next reading comes to the same.
        """
        levels = levels_of(reading.supplies)
        if not levels or not reading.quiet or (printer.serial and reading.serial not in (None, printer.serial)):
            return
        device = job_identity(printer.ref, printer)
        before = await self._journal.ask(lambda store: _read(store, device))
        if before is not None and not _moved(before.levels, levels):
            return
        mark = _Mark(reading.at, levels)
        given = await self._journal.transact(lambda store: self._write(store, device, mark))
        if given:
            _log.info("ink_estimated", printer=printer.name, jobs=given)

    def _write(self, store: Store, device: str, now: _Mark) -> int:
        """Gives the jobs since the last mark their ink; how many got any."""
        before = _read(store, device)
        store.db.execute("INSERT OR REPLACE INTO ink_mark VALUES (?, ?)", (device, msgspec.json.encode(now)))
        falls = fallen(before.levels, now.levels) if before else {}
        if before is None or not falls:
            return 0
        groups = Memory(store).between(device, before.at, now.at, limit=MAX_JOBS + 1)
        if len(groups) > MAX_JOBS:
            return 0
        taking = Taking(store, window=WINDOW, collector_id=self._collector_id, now=now.at)
        given = 0
        evidence = _evidence(before, now, falls)
        found = estimates([each.known_as for each in groups], falls)
        for group, ink in zip(groups, found, strict=True):
            if any(ink) and SOURCE not in group.sources and len(group.readings) < MAX_SOURCES:
                taking.add(group, reading_of(group.known_as, ink, evidence), "ink_estimated")
                given += 1
        taking.finish()
        return given


def _moved(before: dict[str, Level], now: dict[str, Level]) -> bool:
    """Whether a level fell by a step, or rose: then it was filled up, and counts from there."""
    return bool(fallen(before, now)) or any(
        colour not in before or level.left_ul > before[colour].left_ul for colour, level in now.items()
    )


def _evidence(before: _Mark, now: _Mark, falls: dict[str, int]) -> dict[str, str]:
    """What the estimate was found by, and how sure it is."""
    told = {"ink": "estimated from the levels of the supplies"}
    told["interval"] = f"{before.at.isoformat(timespec='seconds')} to {now.at.isoformat(timespec='seconds')}"
    for colour, fall_ul in sorted(falls.items())[:16]:
        step_ul = max(before.levels[colour].step_ul, now.levels[colour].step_ul)
        told[f"ink {colour}"] = f"fell by {fall_ul} ul in all, known to {step_ul} ul"
    return told


def _read(store: Store, device: str) -> _Mark | None:
    row = store.db.execute("SELECT state FROM ink_mark WHERE device = ?", (device,)).fetchone()
    return _decode(row[0]) if row else None
