"""The one door for jobs that are brought, not read from a printer: by HTTP, in files, by print servers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.collector import metrics
from services.collector.intake.jobs import complete, job_entry
from services.collector.intake.names import trimmed
from services.collector.journal import Entry, Journal
from services.collector.journal.store import Store
from services.collector.registry.printers import Printer
from shared.clock import Clock
from shared.events.jobs import JobCompleted


@dataclass(frozen=True, slots=True)
class ReadyJob:
    """A whole job record, and the journal entry that tells of it."""

    data: JobCompleted
    entry: Entry


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a job: it is safe on disk.

    Attributes:
        duplicate: the very same was brought before, and is no second job.
        differs: a job of this identity was brought before with other values.
        stored: it was stored now; never for a duplicate, nor, if the bringer wants only new ones, for one that
            differs.
    """

    duplicate: bool
    differs: bool
    stored: bool


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

    def __init__(self, journal: Journal, printers: KnownPrinters, *, collector_id: str, clock: Clock) -> None:
        self._journal = journal
        self._printers = printers
        self._collector_id = collector_id
        self._clock = clock

    def ready(self, job: JobCompleted, *, source: str, printer: Printer | None = None) -> ReadyJob:
        """A job with its identity, its printer's id from the registry, and its names trimmed.

        Args:
            job: as it came, perhaps without id and key.
            source: named in the event's own source.
            printer: the registered one, where it is known by other means than the job's own id or serial number.

        Raises:
            Reject: it can't be told which printer or which job this is, or a value is not possible.
        """
        job = trimmed(job)  # before it is looked up
        known = printer or self._printers.find(printer_id=job.printer.id, serial=job.printer.serial)
        whole = complete(job, known)
        return ReadyJob(whole, job_entry(whole, collector_id=self._collector_id, source=source))

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
            brought = _append(store, jobs, only_new=only_new, stored_at=stored_at)
            if after is not None:
                after(store, brought)
            return brought

        brought = await self._journal.transact(run, size=sum(len(job.entry.value) for job in jobs))
        for job, became in zip(jobs, brought, strict=True):
            if became.stored:
                metrics.JOBS.labels(job.entry.source.rpartition("/")[2]).inc()
            elif became.duplicate:
                metrics.DUPLICATES.inc()
        return brought


def _append(store: Store, jobs: Sequence[ReadyJob], *, only_new: bool, stored_at: datetime) -> list[Brought]:
    entries = [job.entry for job in jobs]
    known = store.known([entry.event_id for entry in entries])
    here: dict[str, bytes] = {}
    wanted: list[Entry] = []
    found: list[Brought] = []
    for entry in entries:
        is_first = entry.event_id not in known and entry.event_id not in here
        same = not is_first and (here.get(entry.event_id) == entry.digest or store.has(entry))
        stored = not same and (is_first or not only_new)
        found.append(Brought(duplicate=same, differs=not is_first and not same, stored=stored))
        here.setdefault(entry.event_id, entry.digest)
        if stored:
            wanted.append(entry)
    store.append(wanted, stored_at)
    return found
