"""One look at one printer: what it says of ended jobs goes into the journal, each job once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Protocol

import structlog

from services.collector.addresses import AddressGuard
from services.collector.intake.bring import Intake
from services.collector.intake.jobs import checked, complete
from services.collector.intake.taking import ReadyJob
from services.collector.journal import Journal
from services.collector.registry.printers import Printer, other_device
from services.collector.sources.source import HearsOfAttempts, PrinterSource, Reading
from shared.errors import Reject
from shared.events.jobs import JobCompleted

CURSOR_PREFIX: Final = "printer:"
MAX_REFUSED: Final = 20
"""Jobs of one look whose faults are told one by one."""
_log = structlog.get_logger()


class Progress(Protocol):
    """Hears how far a printer is read, for whoever reads it next; see assignment.handover."""

    async def first(self, printer_id: str, reading_id: str, cursor: str) -> None:
        """The very first jobs of a printer are about to be journaled, and this is the cursor after them."""
        ...

    def note(self, printer_id: str, reading_id: str, cursor: str, job_ids: Collection[str]) -> None:
        """All up to a cursor is in the journal; the printer still shows these jobs."""
        ...


class Looker:
    """Looks at one printer, again and again; a new one is made when the printer's registration changes."""

    def __init__(
        self,
        printer: Printer,
        source: PrinterSource,
        journal: Journal,
        guard: AddressGuard,
        intake: Intake,
        *,
        behind: Callable[[str], Printer | None] = lambda _uri: None,
        progress: Progress | None = None,
    ) -> None:
        """`behind` finds the registered device that a print server's queue prints on, by the URI that it tells."""
        self.printer = printer
        self._source = source
        self._journal = journal
        self._guard = guard
        self._intake = intake
        self._behind = behind
        self._progress = progress
        self._cursor: str | None = None
        self._known_device = False
        self._last_ids: frozenset[str] = frozenset()
        self._untaken: Reading | None = None
        self._told: frozenset[str] = frozenset()

    async def look(self) -> tuple[Reading, int]:
        """Reads what has ended since the last look; answers the reading and how many jobs were new.

        Raises:
            Retry: the printer or the journal is not to be reached; the next look brings the same again.
            Reject: it is no printer, another device, or outside the allowed networks.
        """
        await self._guard.check(self.printer.address)
        if not self._known_device:
            await self._check_device()
        if self._cursor is None:
            self._cursor = await self._journal.cursor(CURSOR_PREFIX + self.printer.reading_id)
        reading = await self._source.completed_jobs(self._cursor)
        if reading.unchanged and self._untaken:
            reading = replace(self._untaken, cursor=reading.cursor, state=reading.state)
        elif not reading.unchanged:
            self._untaken = reading
        new, refused = await self._take(reading)
        self._untaken = None
        self._tell_refused(refused)
        reading = replace(reading, refused=tuple(refused[:MAX_REFUSED]))
        if new:
            for sentence in reading.doubts:
                _log.warning("job_doubtful", printer=self.printer.name, reason=sentence)
        return reading, new

    def hear(self, attempts: Mapping[int, int]) -> None:
        """Passes on what was heard of earlier attempts at jobs, where the source has use for it."""
        if attempts and isinstance(self._source, HearsOfAttempts):
            self._source.hear(attempts)

    def lost(self) -> None:
        """The last look failed: who answers at the address is checked again before its jobs are taken."""
        self._known_device = False

    async def close(self) -> None:
        """Lets go of the printer."""
        await self._source.close()

    async def _check_device(self) -> None:
        facts = await self._source.probe()
        if wrong := other_device(self.printer, facts):
            remedy = f"if it was exchanged, use `inkmeter printers replace {self.printer.name}`"
            raise Reject(f"{self.printer.address}: {wrong}; {remedy}")
        self._known_device = True

    async def _take(self, reading: Reading) -> tuple[int, list[str]]:
        """Journals the jobs that were never seen, with the cursor; writes nothing when there is no news."""
        if reading.unchanged and reading.cursor == self._cursor:
            return 0, list(self._told)
        refused = list(reading.refused)
        uri = reading.state.prints_on
        device = self._behind(uri) if uri and self.printer.kind == "cups" else None
        jobs: dict[str, JobCompleted] = {}
        for job in reading.jobs:
            with self._telling(refused, job):
                whole = complete(job, self.printer, device)
                jobs[str(whole.job.id)] = whole
        known = await self._journal.known([each for each in jobs if each not in self._last_ids])
        ready: list[ReadyJob] = []
        for event_id in [each for each in jobs if each not in self._last_ids and each not in known]:
            whole = jobs.pop(event_id)
            with self._telling(refused, whole):
                source = whole.job.source or self.printer.kind
                ready.append(
                    self._intake.ready(checked(whole), source=source, printer=self.printer, device=device)
                )
                jobs[event_id] = whole
        new = 0
        if ready or reading.cursor != self._cursor:
            reading_id = self.printer.reading_id
            if ready and not self._cursor and self._progress:
                await self._progress.first(self.printer.id, reading_id, reading.cursor)
            brought = await self._intake.store(
                ready,
                only_new=True,
                after=lambda store, _: store.set_cursor(CURSOR_PREFIX + reading_id, reading.cursor),
            )
            new = sum(1 for each in brought if not each.duplicate and not each.differs)
            if self._progress:
                self._progress.note(
                    self.printer.id, reading_id, reading.cursor, self._last_ids if reading.unchanged else jobs
                )
            self._cursor = reading.cursor
        if reading.unchanged:
            return 0, list(self._told)
        self._last_ids = frozenset(jobs)
        return new, refused

    @contextmanager
    def _telling(self, refused: list[str], job: JobCompleted) -> Iterator[None]:
        """Notes why a job can't be taken; the others must not wait for it."""
        try:
            yield
        except Reject as error:
            refused.append(f"job {job.job.device_job_id}: {error.reason}")

    def _tell_refused(self, refused: Sequence[str]) -> None:
        """Each sentence once, as the same jobs come with every look."""
        news = [sentence for sentence in refused if sentence not in self._told]
        for sentence in news[:MAX_REFUSED]:
            _log.warning("job_not_readable", printer=self.printer.name, reason=sentence)
        if len(news) > MAX_REFUSED:
            _log.warning("more_jobs_not_readable", printer=self.printer.name, jobs=len(news) - MAX_REFUSED)
        self._told = frozenset(refused)
