"""Reads a printer or a CUPS queue by IPP: who it is, what it does, and which jobs have ended."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.cursor import Cursor
from services.collector.sources.ipp.jobs import completed_job, ended
from services.collector.sources.ipp.message import Message
from services.collector.sources.ipp.requests import get_job_attributes, get_jobs, get_printer_attributes
from services.collector.sources.ipp.tags import GroupTag, JobState, Operation
from services.collector.sources.ipp.times import DeviceClock
from services.collector.sources.ipp.traits import Traits, facts, state, traits
from services.collector.sources.ipp.view import View
from services.collector.sources.source import PrinterFacts, Reading
from shared.clock import Clock, SystemClock
from shared.errors import NotFound, Reject
from shared.events.jobs import JobCompleted, PrinterRef

FIRST_PAGE: Final = 50
MAX_HISTORY: Final = 2_000
"""Ended jobs asked for at most in one look; beyond it the oldest are left to a print server's own records."""
MAX_QUEUE: Final = 200
MAX_FOLLOW_UPS: Final = 100
"""Jobs asked for one by one within one look; the rest comes with the next."""
_NEEDED: Final = ("job-name", "job-originating-user-name")
_NEEDED_OF_TIME: Final = ("date-time-at-completed", "time-at-completed")


class IppSource:
    """A PrinterSource over IPP; `printer` is put into each record as it is."""

    def __init__(self, client: IppClient, printer: PrinterRef, *, clock: Clock | None = None) -> None:
        self._client = client
        self._uri = client.address.uri
        self._printer = printer
        self._clock = clock or SystemClock()

    @classmethod
    def at(
        cls,
        address: str,
        printer: PrinterRef | None = None,
        *,
        tls_fingerprint: bytes | None = None,
        clock: Clock | None = None,
    ) -> IppSource:
        """A source at an address such as ipp://plotter.example/ipp/print.

        Raises:
            Reject: that is no printer's address.
        """
        client = IppClient(Address.parse(address), tls_fingerprint=tls_fingerprint)
        return cls(client, printer or PrinterRef(), clock=clock)

    async def probe(self) -> PrinterFacts:
        """Who the printer is; Reject when it can't list its jobs, for then nothing could be charged."""
        found = facts(await self._printer_attributes())
        if found.operations and Operation.GET_JOBS not in found.operations:
            raise Reject(f"{self._uri} is a printer that can't list its jobs (no Get-Jobs)")
        return found

    async def completed_jobs(self, cursor: str = "") -> Reading:
        """Reads ended jobs, newest pages first until one reaches what the cursor has seen."""
        before = Cursor.parse(cursor)
        printer = await self._printer_attributes()
        read_at = self._clock.now()
        clock = before.clock.seen(printer.integer("printer-up-time"), read_at)
        about = traits(printer)
        attempts = await self._attempts(before) if about.is_cups else {}
        found = [job for job in await self._ended(before, clock) if ended(job)]
        jobs, refused = await self._records(found, about, clock, before)
        newest = max((job.completed_at for job in jobs), default=before.newest)
        # Attempts stay while their job may be read again, and go with the printer's memory of it.
        remembered = {job.integer("job-id") for job in found}
        kept = {number: seen for number, seen in before.attempts.items() if number in remembered}
        after = Cursor(clock.started_at, _latest(newest, before.newest), kept | attempts)
        return Reading(tuple(jobs), after.text(), state(printer), tuple(refused))

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()

    async def _printer_attributes(self) -> View:
        answer = await self._client.send(get_printer_attributes(self._uri))
        found = answer.first(GroupTag.PRINTER)
        if not found:
            raise Reject(f"{self._uri} speaks IPP but says nothing of a printer")
        return View(found)

    async def _ended(self, before: Cursor, clock: DeviceClock) -> list[View]:
        """Ended jobs, in the printer's order; more are asked for while a full page is all news."""
        limit = FIRST_PAGE
        while True:
            jobs = _jobs(await self._client.send(get_jobs(self._uri, "completed", limit=limit)))
            times = [moment for job in jobs if (moment := clock.moment(job, "completed"))]
            # Some devices begin with the oldest job, against RFC 8011: then a page says nothing of the newest.
            newest_first = not times or times[0] >= times[-1]
            known = before.newest is not None and any(moment < before.newest for moment in times)
            reached = newest_first and known
            if len(jobs) < limit or reached or limit >= MAX_HISTORY:
                return jobs
            limit = min(limit * 4, MAX_HISTORY)

    async def _records(
        self, found: list[View], about: Traits, clock: DeviceClock, before: Cursor
    ) -> tuple[list[JobCompleted], list[str]]:
        records: list[JobCompleted] = []
        refused: list[str] = []
        follow_ups = 0
        for job in found:
            whole = job
            if _lacks(job) and follow_ups < MAX_FOLLOW_UPS:
                follow_ups += 1
                whole = await self._whole(job)
            try:
                earlier = before.earlier(whole.integer("job-id") or 0)
                records.append(completed_job(whole, self._printer, about, clock, earlier=earlier))
            except Reject as error:
                refused.append(error.reason)
        return sorted(records, key=lambda record: record.completed_at), refused

    async def _whole(self, job: View) -> View:
        """The job with all its attributes; as it is when the printer has forgotten it meanwhile."""
        number = job.integer("job-id")
        if number is None:
            return job
        try:
            answer = await self._client.send(get_job_attributes(self._uri, number))
        except NotFound:
            return job
        return View(answer.first(GroupTag.JOB)).merged(job)

    async def _attempts(self, before: Cursor) -> dict[int, tuple[int, int]]:
        """What CUPS has counted so far for jobs that wait after a failed attempt."""
        answer = await self._client.send(get_jobs(self._uri, "not-completed", limit=MAX_QUEUE))
        seen: dict[int, tuple[int, int]] = {}
        for job in _jobs(answer):
            number = job.integer("job-id")
            if number is None:
                continue
            counted = (
                job.integer("job-impressions-completed") or 0,
                job.integer("job-media-sheets-completed") or 0,
            )
            if job.integer("job-state") != JobState.PROCESSING and any(counted):
                seen[number] = counted
            elif number in before.attempts:
                seen[number] = before.attempts[number]
        return seen


def _jobs(answer: Message) -> list[View]:
    return [View(attributes) for attributes in answer.every(GroupTag.JOB)]


def _lacks(job: View) -> bool:
    """Whether an answer left out what a device surely knows of each job."""
    return any(name not in job for name in _NEEDED) or not any(name in job for name in _NEEDED_OF_TIME)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [moment for moment in (one, other) if moment is not None]
    return max(known, default=None)
