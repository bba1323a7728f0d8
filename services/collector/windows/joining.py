"""Makes jobs of the events that were kept: at once when both are there, else after a bounded wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple, Protocol

import structlog

from services.collector import metrics
from services.collector.intake.bring import Intake
from services.collector.intake.taking import Brought, ReadyJob
from services.collector.journal import Journal
from services.collector.journal.store import Store
from services.collector.registry.printers import Printer
from services.collector.windows import memory
from services.collector.windows.events import (
    PRINTED,
    RENDERED,
    SOURCE,
    WindowsEvent,
    WindowsEvents,
    job_of,
    rendering_of,
)
from services.collector.windows.memory import Waiting
from services.collector.windows.printers import QueueTable, printer_of
from shared.clock import Clock
from shared.errors import NotFound, Reject, Retry
from shared.events.jobs import EARLIEST, LATEST

LOOK_EVERY_S: Final = 1.0
RETRY_S: Final = 5.0
_log = structlog.get_logger()


class Printers(Protocol):
    """What is asked of the registry."""

    def printers(self) -> list[Printer]:
        """All printers."""
        ...

    def named(self, name: str) -> Printer | None:
        """The printer with this name, id or serial number."""
        ...


class Joined(NamedTuple):
    """A job, or None where none can ever be made, and the events that it is made of."""

    computer: str
    events: tuple[WindowsEvent, ...]
    job: ReadyJob | None


class Joiner:
    """Keeps what is brought, and tells jobs."""

    def __init__(
        self,
        journal: Journal,
        intake: Intake,
        printers: Printers,
        queues: Sequence[QueueTable],
        *,
        wait: timedelta,
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._intake = intake
        self._printers = printers
        self._queues = queues
        self._wait = wait
        self._clock = clock
        self._news = asyncio.Event()
        self._told: set[str] = set()

    async def keep(self, brought: WindowsEvents) -> int:
        """Keeps events, durable when it returns; how many were new. Other ids and absurd times are passed over.

        Raises:
            Retry: the disk is full or fails; nothing was kept.
        """
        now = self._clock.now()
        events = [e for e in brought.events if e.id in (PRINTED, RENDERED) and EARLIEST <= e.at < LATEST]
        computer = brought.computer.lower()
        size = 500 * len(events)
        new = await self._journal.transact(lambda store: memory.keep(store, computer, events, now), size=size)
        self._news.set()
        return new

    async def run(self) -> None:
        """Tells jobs until cancelled."""
        while True:
            self._news.clear()
            pause_s = LOOK_EVERY_S
            try:
                await self.join()
            except Retry as error:
                _log.warning("windows_jobs_told_later", error=str(error))
                pause_s = RETRY_S
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._news.wait()

    async def join(self) -> None:
        """Tells the jobs that are ready.

        Raises:
            Retry: the journal can't be read or written.
        """
        after = 0
        while True:
            waiting = await self._journal.ask(partial(memory.waiting, after=after))
            if not waiting:
                return
            after = waiting[-1].number
            await self._tell(self._ready(waiting))

    def _ready(self, waiting: Sequence[Waiting]) -> list[Joined]:
        """Those that have both events, or waited long enough."""
        now = self._clock.now()
        ready: list[Joined] = []
        taken: set[tuple[str, int, datetime]] = set()
        for each in sorted(waiting, key=lambda one: one.printed.at):
            free = [other for other in each.renderings if (each.computer, other.job, other.at) not in taken]
            rendering = rendering_of(each.printed, free)
            if rendering is None and timedelta(0) <= now - each.since < self._wait:
                continue
            joined = self._joined(each.computer, each.printed, rendering)
            if joined is not None:
                ready.append(joined)
                taken |= {(each.computer, one.job, one.at) for one in joined.events if one.id == RENDERED}
        return ready

    async def _tell(self, ready: Sequence[Joined]) -> None:
        if not ready:
            return

        def after(store: Store, _: Sequence[Brought]) -> None:
            for each in ready:
                memory.done(store, each.computer, each.events)

        await self._intake.store([each.job for each in ready if each.job], only_new=True, after=after)
        for each in ready:
            how = "both" if len(each.events) > 1 else "without_805"
            metrics.WINDOWS_JOBS.labels(how if each.job else "refused").inc()

    def _joined(self, computer: str, printed: WindowsEvent, rendering: WindowsEvent | None) -> Joined | None:
        """What becomes of a job, or None while its printer is not registered."""
        events = (printed,) if rendering is None else (printed, rendering)
        try:
            ref, printer = printer_of(
                computer, printed, self._queues, self._printers.printers(), self._printers.named
            )
            job = self._intake.ready(job_of(computer, printed, rendering, ref), source=SOURCE, printer=printer)
        except NotFound as error:
            if error.reason not in self._told:
                _log.error("windows_job_waits", computer=computer, job=printed.job, reason=error.reason)
                self._told.add(error.reason)
            return None
        except Reject as error:
            _log.error("windows_job_refused", computer=computer, job=printed.job, reason=error.reason)
            return Joined(computer, events, None)
        return Joined(computer, events, job)
