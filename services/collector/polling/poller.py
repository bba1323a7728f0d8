"""Looks at every enabled printer in its own rhythm: a printer that fails or hangs never delays the others."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from services.collector import metrics
from services.collector.polling.alarm import Alarm
from services.collector.registry.printers import Printer
from services.collector.sources.source import Activity, Reading
from shared.clock import Clock
from shared.errors import InkmeterError, Reject, Retry

JITTER: Final = 0.1
"""Part of the interval by which looks are spread, so that a fleet is not asked in one moment."""
FIRST_SPACING_S: Final = 0.02
"""Room for each of the first looks at printers that are new here, within one interval."""
FORGOTTEN_AFTER: Final = timedelta(seconds=60)
"""Printers may forget a completed job after so long (RFC 8011, section 5.3.7.2)."""
FAILING_SHARE: Final = 4
"""Printers that fail get one slot for every so many of the healthy, of their own."""

Sleep = Callable[[float], Awaitable[None]]
_log = structlog.get_logger()


class LooksAtPrinter(Protocol):
    """Looks at one printer; see look.Looker."""

    async def look(self) -> tuple[Reading, int]:
        """Reads what is new; Retry and Reject say why it could not."""
        ...

    def hear(self, attempts: Mapping[int, int]) -> None:
        """What was heard of earlier attempts at jobs; see Poller.wake."""
        ...

    def lost(self) -> None:
        """The last look failed."""
        ...

    async def close(self) -> None:
        """Lets go of the printer."""
        ...


class PrinterStatus(Struct, frozen=True, kw_only=True):
    """What polling has found of one printer."""

    looked_at: datetime | None = None
    succeeded_at: datetime | None = None
    error: str | None = None
    consecutive_failures: int = 0
    jobs_read: int = 0
    activity: Activity | None = None
    reasons: tuple[str, ...] = ()
    queued_jobs: int | None = None
    prints_on: str | None = None
    refused: tuple[str, ...] = ()
    collector: str | None = None
    """Which collector has found this; None where no other one is known."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often printers are looked at, in seconds; `concurrency` counts looks at one time."""

    interval_s: float
    max_delay_s: float
    timeout_s: float
    concurrency: int
    jitter: Callable[[], float] = random.random

    def delay_s(self, failures: int) -> float:
        """The pause before the next look: the interval, doubled with each failure up to the longest."""
        due_s = min(self.max_delay_s, self.interval_s * (1 << min(failures, 16)))
        return due_s * (1 - JITTER + JITTER * self.jitter())


class PrinterSet(Protocol):
    """Which printers there are; see Registry."""

    changed: asyncio.Event

    def printers(self) -> list[Printer]:
        """All printers."""
        ...


class Poller:
    """One task per enabled printer, kept in line with the registry.

    `aligned` hears the ids of all that are looked at, once what is not among them certainly is no longer.
    """

    def __init__(
        self,
        registry: PrinterSet,
        make_looker: Callable[[Printer], LooksAtPrinter],
        rhythm: Rhythm,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        aligned: Callable[[Collection[str]], None] = lambda _: None,
    ) -> None:
        self._registry = registry
        self._make_looker = make_looker
        self._rhythm = rhythm
        self._clock = clock
        self._sleep = sleep
        self._aligned = aligned
        self._healthy = asyncio.Semaphore(rhythm.concurrency)
        self._failing = asyncio.Semaphore(max(1, rhythm.concurrency // FAILING_SHARE))
        self._tasks: dict[str, tuple[Printer, asyncio.Task[None]]] = {}
        self._alarms: dict[str, Alarm] = {}
        self._status: dict[str, PrinterStatus] = {}
        self._failing_ids: set[str] = set()
        self._broke: BaseException | None = None

    def status(self, printer_id: str) -> PrinterStatus:
        """What was found of a printer; empty for one that was not looked at yet."""
        return self._status.get(printer_id, PrinterStatus())

    def wake(self, printer_id: str, attempts: Mapping[int, int] | None = None) -> bool:
        """Has a printer looked at now instead of in its rhythm; False when it is not read here.

        `attempts` tells of jobs that a print server tries again what it had counted for them, in impressions, when
        the last attempt began.
        """
        alarm = self._alarms.get(printer_id)
        if alarm is None:
            return False
        alarm.ring(attempts or {})
        return True

    async def run(self) -> None:
        """Polls until cancelled; new, changed and removed printers take effect at once.

        Raises whatever the reading of a printer ends by: nobody would notice that it is no longer read.
        """
        try:
            while True:
                self._registry.changed.clear()
                await self._align()
                await self._registry.changed.wait()
                if self._broke is not None:
                    raise self._broke
        finally:
            await self._stop([task for _, task in self._tasks.values()])

    async def _align(self) -> None:
        wanted = {printer.id: printer for printer in self._registry.printers() if printer.enabled}
        old = [(key, task) for key, (printer, task) in self._tasks.items() if wanted.get(key) != printer]
        await self._stop([task for _, task in old])
        for key, _ in old:
            del self._tasks[key], self._alarms[key]
            if key not in wanted:
                self._status.pop(key, None)
                self._failing_ids.discard(key)
        new = [(key, printer) for key, printer in wanted.items() if key not in self._tasks]
        spread_s = min(self._rhythm.interval_s, FIRST_SPACING_S * len(new))
        for key, printer in new:
            self._alarms[key] = alarm = Alarm()
            start = self._poll(printer, alarm, spread_s * self._rhythm.jitter())
            task = asyncio.create_task(start, name=f"poll {printer.name}")
            task.add_done_callback(self._ended)
            self._tasks[key] = (printer, task)
        self._measure()
        self._aligned(self._tasks.keys())

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broke = error
            self._registry.changed.set()

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self, printer: Printer, alarm: Alarm, first_delay_s: float) -> None:
        looker: LooksAtPrinter | None = None
        try:
            await self._sleep(first_delay_s)
            while True:
                failures = self.status(printer.id).consecutive_failures
                async with self._failing if failures else self._healthy:
                    looker = await self._look(printer, looker, alarm)
                delay_s = self._rhythm.delay_s(self.status(printer.id).consecutive_failures)
                await alarm.pause(delay_s, self._sleep)
        finally:
            if looker is not None:
                await looker.close()

    async def _look(self, printer: Printer, looker: LooksAtPrinter | None, alarm: Alarm) -> LooksAtPrinter | None:
        looked_at, heard = self._clock.now(), alarm.answered()
        try:
            looker = looker or self._make_looker(printer)
            looker.hear(heard)
            async with asyncio.timeout(self._rhythm.timeout_s):
                reading, new = await looker.look()
        except TimeoutError:
            self._failed(printer, looked_at, Retry(f"no answer within {self._rhythm.timeout_s:g} s"))
        except (Retry, Reject) as error:
            self._failed(printer, looked_at, error)
        except Exception as error:  # noqa: BLE001 - what one printer says must not stop the reading of the others
            _log.exception("look_broke", printer=printer.name)
            self._failed(printer, looked_at, InkmeterError(f"a fault of ours: {type(error).__name__}: {error}"))
        else:
            self._succeeded(printer, looked_at, reading, new)
            return looker
        if looker is not None:
            looker.lost()
        return looker

    def _failed(self, printer: Printer, looked_at: datetime, error: InkmeterError) -> None:
        before = self.status(printer.id)
        metrics.LOOKS.labels("retry" if isinstance(error, Retry) else "refused").inc()
        if not before.consecutive_failures:
            _log.info("printer_lost", printer=printer.name, address=printer.address, error=str(error))
        self._set(
            printer,
            replace(
                before,
                looked_at=looked_at,
                error=str(error),
                consecutive_failures=before.consecutive_failures + 1,
                activity=None,
                reasons=(),
                queued_jobs=None,
            ),
        )

    def _succeeded(self, printer: Printer, looked_at: datetime, reading: Reading, new: int) -> None:
        before = self.status(printer.id)
        metrics.LOOKS.labels("done").inc()
        unseen = looked_at - before.succeeded_at if before.succeeded_at else timedelta()
        unseen_s = round(unseen.total_seconds())
        if before.consecutive_failures:
            _log.info(
                "printer_found", printer=printer.name, failures=before.consecutive_failures, unseen_s=unseen_s
            )
        elif unseen > FORGOTTEN_AFTER:
            metrics.LATE_LOOKS.inc()
            _log.warning("looks_far_apart", printer=printer.name, unseen_s=unseen_s)
        self._set(
            printer,
            PrinterStatus(
                looked_at=looked_at,
                succeeded_at=looked_at,
                jobs_read=before.jobs_read + new,
                activity=reading.state.activity,
                reasons=reading.state.reasons,
                queued_jobs=reading.state.queued_jobs,
                prints_on=reading.state.prints_on,
                refused=reading.refused,
            ),
        )

    def _set(self, printer: Printer, status: PrinterStatus) -> None:
        self._status[printer.id] = status
        if status.consecutive_failures:
            self._failing_ids.add(printer.id)
        else:
            self._failing_ids.discard(printer.id)
        self._measure()

    def _measure(self) -> None:
        metrics.PRINTERS_FAILING.set(len(self._failing_ids))
