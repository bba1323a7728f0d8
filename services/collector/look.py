"""One look at one printer: what it says of ended jobs goes into the journal, each job once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from services.collector import metrics
from services.collector.addresses import AddressGuard
from services.collector.jobs import complete, job_entry, without_control_characters
from services.collector.journal import Entry, Journal
from services.collector.printers import Printer, other_device
from services.collector.sources.source import PrinterSource, Reading
from shared.errors import Reject

CURSOR_PREFIX: Final = "printer:"
_log = structlog.get_logger()


class Looker:
    """Looks at one printer, again and again; a new one is made when the printer's registration changes."""

    def __init__(
        self, printer: Printer, source: PrinterSource, journal: Journal, guard: AddressGuard, *, collector_id: str
    ) -> None:
        self.printer = printer
        self._source = source
        self._journal = journal
        self._guard = guard
        self._collector_id = collector_id
        self._cursor: str | None = None
        self._known_device = False
        self._last_ids: frozenset[str] = frozenset()
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
            self._cursor = await self._journal.cursor(CURSOR_PREFIX + self.printer.id)
        reading = await self._source.completed_jobs(self._cursor)
        entries, refused = self._entries(reading)
        new = await self._append(entries, reading.cursor)
        self._tell_refused(refused)
        return reading, new

    def lost(self) -> None:
        """The last look failed: who answers at the address is checked again before its jobs are taken."""
        self._known_device = False

    async def close(self) -> None:
        """Lets go of the printer."""
        await self._source.close()

    async def _check_device(self) -> None:
        facts = await self._source.probe()
        if wrong := other_device(self.printer, facts):
            raise Reject(f"{self.printer.address}: {wrong}")
        self._known_device = True

    def _entries(self, reading: Reading) -> tuple[list[Entry], list[str]]:
        entries: list[Entry] = []
        refused = list(reading.refused)
        for job in reading.jobs:
            source = job.job.source or self.printer.kind
            try:
                whole = complete(without_control_characters(job), self.printer)
                entries.append(job_entry(whole, collector_id=self._collector_id, source=source))
            except Reject as error:
                refused.append(f"job {job.job.device_job_id}: {error.reason}")
        return entries, refused

    async def _append(self, entries: Sequence[Entry], cursor: str) -> int:
        """Appends the jobs that were never seen, with the cursor; writes nothing when there is no news."""
        ids = frozenset(entry.event_id for entry in entries)
        unsure = [entry for entry in entries if entry.event_id not in self._last_ids]
        known = await self._journal.known([entry.event_id for entry in unsure])
        new = [entry for entry in unsure if entry.event_id not in known]
        if new or cursor != self._cursor:
            await self._journal.append(new, cursor=(CURSOR_PREFIX + self.printer.id, cursor))
        self._cursor, self._last_ids = cursor, ids
        for entry in new:
            metrics.JOBS.labels(entry.source.rpartition("/")[2]).inc()
        return len(new)

    def _tell_refused(self, refused: Sequence[str]) -> None:
        """Each sentence once, as the same jobs come with every look."""
        for sentence in refused:
            if sentence not in self._told:
                _log.warning("job_not_readable", printer=self.printer.name, reason=sentence)
        self._told = frozenset(refused)
