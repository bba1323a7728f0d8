"""Reads every device that speaks SNMP in its own rhythm; one that fails or hangs never delays the others."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import structlog

from services.collector import metrics
from services.collector.devices.reading import DeviceReading
from services.collector.registry.printers import Printer
from services.collector.watching.watcher import Watcher
from shared.clock import Clock
from shared.errors import InkmeterError, Reject, Retry

JITTER: Final = 0.1
FIRST_SPREAD_S: Final = 60.0
"""Over which the first readings of a fleet are spread: they are of everything."""
ALIGN_S: Final = 2.0
"""How soon a printer that came, changed or went is noticed."""
MAX_DELAY_FACTOR: Final = 8
"""A device that fails is asked less and less often, at last so many times less."""
LEAST_PAUSE_S: Final = 2.0
"""Between two readings, however often something asks for one."""
_log = structlog.get_logger()


class Printers(Protocol):
    """Which printers there are."""

    def printers(self) -> Sequence[Printer]:
        """All that this collector reads."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceRhythm:
    """How often devices are read, in seconds; `concurrency` counts readings at one time."""

    interval_s: float
    timeout_s: float
    concurrency: int
    jitter: Callable[[], float] = random.random

    def delay_s(self, failures: int) -> float:
        """The pause before the next reading."""
        factor = min(MAX_DELAY_FACTOR, 1 << min(failures, 10))
        return self.interval_s * factor * (1 - JITTER + JITTER * self.jitter())


@dataclass(slots=True)
class _Watched:
    printer: Printer
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    watcher: Watcher | None = None
    looked_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """What is known of one device: its last reading, when it was asked, and why the last asking failed."""

    reading: DeviceReading | None = None
    looked_at: datetime | None = None
    error: str | None = None


class DevicePoller:
    """One task per device, kept in line with the registry."""

    def __init__(
        self,
        registry: Printers,
        make_watcher: Callable[[Printer], Watcher | None],
        rhythm: DeviceRhythm,
        *,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._make_watcher = make_watcher
        self._rhythm = rhythm
        self._clock = clock
        self._slots = asyncio.Semaphore(rhythm.concurrency)
        self._watched: dict[str, _Watched] = {}
        self._passed: dict[str, Printer] = {}
        """Printers that are not read by SNMP, as they were when that was found out."""

    def status(self, printer_id: str) -> DeviceStatus:
        """What is known of a printer's device; empty for one that is not read."""
        found = self._watched.get(printer_id)
        if found is None:
            return DeviceStatus()
        return DeviceStatus(found.watcher.last if found.watcher else None, found.looked_at, found.error)

    def nudge(self, printer_id: str) -> None:
        """Has a device looked at now: something was heard of it."""
        if found := self._watched.get(printer_id):
            found.wake.set()

    async def run(self) -> None:
        """Reads until cancelled; new, changed and removed printers take effect within ALIGN_S.

        Raises whatever the reading of a device ends by: nobody would notice that it is no longer read.
        """
        first = True
        try:
            while True:
                await self._align(spread_s=min(self._rhythm.interval_s, FIRST_SPREAD_S) if first else 0.0)
                first = False
                await asyncio.sleep(ALIGN_S)
                for each in self._watched.values():
                    if each.task is not None and each.task.done():
                        each.task.result()
        finally:
            await self._stop(list(self._watched.values()))

    async def _align(self, *, spread_s: float) -> None:
        wanted = {printer.id: printer for printer in self._registry.printers() if printer.enabled}
        old = [each for key, each in self._watched.items() if wanted.get(key) != each.printer]
        await self._stop(old)
        for each in old:
            del self._watched[each.printer.id]
        self._passed = {key: each for key, each in self._passed.items() if wanted.get(key) == each}
        for key, printer in wanted.items():
            if key in self._watched or key in self._passed:
                continue
            watcher = self._watcher(printer)
            if watcher is None:
                self._passed[key] = printer
                continue
            new = self._watched[key] = _Watched(printer, watcher=watcher)
            start = self._watch(new, watcher, spread_s * self._rhythm.jitter())
            new.task = asyncio.create_task(start, name=f"watch {printer.name}")

    def _watcher(self, printer: Printer) -> Watcher | None:
        try:
            return self._make_watcher(printer)
        except Reject as error:
            _log.warning("device_not_watched", printer=printer.name, reason=error.reason)
            return None

    async def _stop(self, watched: Sequence[_Watched]) -> None:
        tasks = [each.task for each in watched if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, watched: _Watched, watcher: Watcher, first_delay_s: float) -> None:
        try:
            await self._pause(watched, first_delay_s)
            while True:
                watched.wake.clear()
                async with self._slots:
                    await self._look(watched, watcher)
                await self._pause(watched, self._rhythm.delay_s(watcher.failures))
        finally:
            await watcher.close()

    async def _pause(self, watched: _Watched, delay_s: float) -> None:
        """Waits for the next reading's time, or until something is heard of the device."""
        least_s = min(LEAST_PAUSE_S, delay_s)
        await asyncio.sleep(least_s)
        try:
            async with asyncio.timeout(delay_s - least_s):
                await watched.wake.wait()
        except TimeoutError:
            pass

    async def _look(self, watched: _Watched, watcher: Watcher) -> None:
        watched.looked_at = self._clock.now()
        try:
            async with asyncio.timeout(self._rhythm.timeout_s):
                await watcher.look()
        except TimeoutError:
            await self._failed(watched, watcher, Retry(f"no answer within {self._rhythm.timeout_s:g} s"))
        except (Retry, Reject) as error:
            await self._failed(watched, watcher, error)
        except Exception as error:  # noqa: BLE001 - what one device says must not stop the reading of the others
            _log.exception("device_look_broke", printer=watched.printer.name)
            fault = InkmeterError(f"a fault of ours: {type(error).__name__}: {error}")
            await self._failed(watched, watcher, fault)
        else:
            if watched.error is not None:
                _log.info("device_found", printer=watched.printer.name)
            watched.error = None
            metrics.DEVICE_LOOKS.labels("done").inc()

    async def _failed(self, watched: _Watched, watcher: Watcher, error: InkmeterError) -> None:
        metrics.DEVICE_LOOKS.labels("refused" if isinstance(error, Reject) else "retry").inc()
        if watched.error is None:
            _log.info("device_lost", printer=watched.printer.name, error=str(error))
        watched.error = str(error)
        try:
            await watcher.failed(error)
        except Retry as journal:
            _log.warning("device_alert_told_later", printer=watched.printer.name, error=str(journal))
