"""The one door for jobs that are brought, not read from a printer: by HTTP, in files, by print servers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, Protocol

from msgspec.structs import replace

from services.collector import metrics
from services.collector.intake.jobs import complete, device_of, job_entry
from services.collector.intake.names import trimmed
from services.collector.intake.taking import Brought, ReadyJob, Taking, take_all
from services.collector.journal import Journal
from services.collector.journal.store import Store
from services.collector.registry.printers import Printer
from shared.clock import Clock
from shared.events.jobs import JobCompleted

WINDOW: Final = timedelta(minutes=15)


Before = Callable[[Store], None]
"""Looks, in the transaction and before the jobs, whether all was done already; it raises to end it."""
After = Callable[[Store, Sequence[Brought]], None]
"""Writes down, in the transaction of the jobs, how far their bringer is."""


class KnownPrinters(Protocol):
    """What is asked of the registry."""

    def find(self, *, printer_id: str | None = None, serial: str | None = None) -> Printer | None:
        """The printer with this id, else the one with this serial number."""
        ...


class Intake:
    """Makes journal entries of jobs and stores them, with their bringer's own notes, in one transaction."""

    def __init__(
        self,
        journal: Journal,
        printers: KnownPrinters,
        *,
        collector_id: str,
        clock: Clock,
        window: timedelta = WINDOW,
        behind: Callable[[Printer], Printer | None] = lambda _queue: None,
    ) -> None:
        """How jobs are taken in.

        Args:
            journal: where they are kept.
            printers: the registry.
            collector_id: named in the events' sources.
            clock: tells when.
            window: how far apart in time two sources may tell of one job; see correlation.match.
            behind: the registered device that a print server's queue prints on, if it is known to be one.
        """
        self._behind = behind
        self._window = window
        self._journal = journal
        self._printers = printers
        self._collector_id = collector_id
        self._clock = clock

    def ready(
        self, job: JobCompleted, *, source: str, printer: Printer | None = None, device: Printer | None = None
    ) -> ReadyJob:
        """A job with its identity, its printer's id from the registry, and its names trimmed.

        Args:
            job: as it came, perhaps without id and key.
            source: named in the event's own source.
            printer: the registered one, where it is known by other means than the job's own id or serial number.
            device: the registered device that a print server's queue prints on: it is what the job is of.

        Raises:
            Reject: it can't be told which printer or which job this is, or a value is not possible.
        """
        job = trimmed(job)  # before it is looked up
        known = printer or self._printers.find(printer_id=job.printer.id, serial=job.printer.serial)
        device = device or (self._behind(known) if known else None)
        whole = complete(job, known, device)
        if not whole.job.source:
            whole = replace(whole, job=replace(whole.job, source=source))
        entry = job_entry(whole, collector_id=self._collector_id, source=source)
        return ReadyJob(whole, entry, device_of(whole, device or known))

    async def store(
        self,
        jobs: Sequence[ReadyJob],
        *,
        only_new: bool = False,
        before: Before | None = None,
        after: After | None = None,
    ) -> list[Brought]:
        """Stores jobs, all or none, durable when it returns; a job that was brought before is not stored again.

        Args:
            jobs: in their order.
            only_new: leave out a job whose identity was brought before with other values, too. Otherwise it is
                stored, and accounting sets it aside as a contradiction.
            before: see Before.
            after: see After.

        Raises:
            Retry: the disk is full or fails; nothing was stored.
        """
        stored_at = self._clock.now()

        def run(store: Store) -> list[Brought]:
            if before is not None:
                before(store)
            taking = Taking(store, window=self._window, collector_id=self._collector_id, now=stored_at)
            brought = take_all(taking, jobs, only_new=only_new)
            if after is not None:
                after(store, brought)
            return brought

        brought = await self._journal.transact(run, size=sum(len(job.entry.value) for job in jobs))
        for job, became in zip(jobs, brought, strict=True):
            if became.stored:
                metrics.JOBS.labels(job.entry.source.rpartition("/")[2]).inc()
            elif became.duplicate:
                metrics.DUPLICATES.inc()
            elif became.merged_into:
                metrics.MERGED.labels(job.source).inc()
        return brought
