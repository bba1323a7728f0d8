"""Reads a printer or a CUPS queue by IPP: who it is, what it does, and which jobs have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp.abc import AbstractResolver
from msgspec.structs import replace

from services.collector.sources.ipp.behind import Behind
from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.counts import Attempt, Counts, begun_again, ends
from services.collector.sources.ipp.cursor import Cursor, Tried
from services.collector.sources.ipp.encode import Prepared
from services.collector.sources.ipp.history import EndedJobs, jobs_of
from services.collector.sources.ipp.jobs import completed_job
from services.collector.sources.ipp.requests import (
    STATE_ATTRIBUTES,
    get_jobs,
    get_printer_attributes,
    new_request_id,
)
from services.collector.sources.ipp.tags import GroupTag, JobState, Operation
from services.collector.sources.ipp.times import DeviceClock
from services.collector.sources.ipp.traits import Traits, facts, state, traits
from services.collector.sources.ipp.view import View
from services.collector.sources.source import PrinterFacts, Reading
from shared.clock import Clock, SystemClock
from shared.errors import Reject
from shared.events.jobs import JobCompleted, PrinterRef

MAX_QUEUE: Final = 200
AT_ONCE: Final = 50


class IppSource:
    """A PrinterSource over IPP; `printer` is put into each record as it is."""

    def __init__(self, client: IppClient, printer: PrinterRef, *, clock: Clock | None = None) -> None:
        self._client = client
        self._ended = EndedJobs(client)
        self._behind = Behind(client)
        self._uri = client.address.uri
        self._printer = printer
        self._clock = clock or SystemClock()
        self._heard: dict[int, int] = {}
        self._state = Prepared(get_printer_attributes(self._uri, STATE_ATTRIBUTES))
        self._read_up_to = ""
        self._refused: tuple[str, ...] = ()

    @classmethod
    def at(
        cls,
        address: str,
        printer: PrinterRef | None = None,
        *,
        tls_fingerprint: bytes | None = None,
        resolver: AbstractResolver | None = None,
        clock: Clock | None = None,
        login: tuple[str, str] | None = None,
    ) -> IppSource:
        """A source at an address such as ipp://plotter.example/ipp/print.

        Raises:
            Reject: that is no printer's address.
        """
        client = IppClient(Address.parse(address), tls_fingerprint=tls_fingerprint, resolver=resolver, login=login)
        return cls(client, printer or PrinterRef(), clock=clock)

    async def probe(self) -> PrinterFacts:
        """Who the printer is; Reject when it can't list its jobs, for then nothing could be charged."""
        found = facts(await self._printer_attributes())
        if found.operations and Operation.GET_JOBS not in found.operations:
            raise Reject(f"{self._uri} is a printer that can't list its jobs (no Get-Jobs)")
        return found

    async def completed_jobs(self, cursor: str = "") -> Reading:
        """Reads ended jobs, newest first, until one is among them that the cursor knows."""
        before = Cursor.parse(cursor)
        self._ended.begin()
        if cursor and cursor == self._read_up_to and (unchanged := await self._unchanged(before)):
            return unchanged
        printer = await self._printer_attributes()
        up_time_s = printer.integer("printer-up-time")
        clock = before.clock.seen(up_time_s, self._clock.now())
        about = traits(printer)
        heard = dict(self._heard)
        waiting = await self._waiting(before) if about.is_cups else {}
        tried = before.attempts | {number: (sides, None) for number, sides in heard.items()} | waiting
        found = await self._ended.read(before.marks, clock, up_time_s)
        ended = ends(found.jobs, before.ended) if about.is_cups else {}
        tried |= begun_again(ended, before.ended, tried)
        final, waits = await self._behind.final(found.jobs, printer) if about.is_cups else ({}, set[int]())
        listed = [job for job in found.jobs if job.integer("job-id") not in waits]
        jobs, refused = await self._records(listed, about, clock, tried, final)
        refused += [f"job {number} ended here, but the printer has not ended it yet" for number in sorted(waits)]
        for job in found.jobs:
            clock = clock.after(job)
        # Attempts stay while their job may be read again, and go with the printer's memory of it.
        kept = {number: seen for number, seen in tried.items() if number in found.remembered or number in waiting}
        after = Cursor(clock.pins, clock.seen_s, before.marks if waits else found.marks, kept, ended)
        self._heard = {number: sides for number, sides in self._heard.items() if heard.get(number) != sides}
        # What comes from the device behind a queue may differ although the queue says the same.
        self._read_up_to = "" if about.is_cups else after.text()
        self._refused = (*refused, *found.unread)
        return Reading(tuple(jobs), after.text(), state(printer), self._refused)

    async def _unchanged(self, before: Cursor) -> Reading | None:
        """What a device is doing, if it shows the jobs of the last look and runs since then; else None."""
        number = new_request_id()
        answer = await self._client.read(await self._client.ask(self._state.octets(number)), number)
        printer = View(answer.first(GroupTag.PRINTER))
        clock = before.clock.seen(printer.integer("printer-up-time"), self._clock.now())
        if clock.pins != before.pins or not await self._ended.same():
            return None
        self._read_up_to = replace(before, seen_s=clock.seen_s).text()
        return Reading((), self._read_up_to, state(printer), self._refused, unchanged=True)

    def hear(self, attempts: Mapping[int, int]) -> None:
        """Takes note of where counters stood when the last attempt at a job began; see events.Attempts."""
        self._heard |= attempts

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()

    async def _printer_attributes(self) -> View:
        answer = await self._client.send(get_printer_attributes(self._uri))
        found = answer.first(GroupTag.PRINTER)
        if not found:
            raise Reject(f"{self._uri} speaks IPP but says nothing of a printer")
        return View(found)

    async def _records(
        self,
        ended: list[View],
        about: Traits,
        clock: DeviceClock,
        tried: Mapping[int, Tried],
        final: Mapping[int, Counts],
    ) -> tuple[list[JobCompleted], list[str]]:
        """The records of jobs, oldest first, and why some are none."""
        records: list[JobCompleted] = []
        refused: list[str] = []
        for index, job in enumerate(ended):
            if index % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)  # other printers come in between
            try:
                number = job.integer("job-id") or 0
                earlier, counted = Attempt(*tried.get(number, (0, 0))), final.get(number)
                records.append(completed_job(job, self._printer, about, clock, earlier=earlier, counted=counted))
            except Reject as error:
                refused.append(error.reason)
        return sorted(records, key=lambda record: record.completed_at), refused

    async def _waiting(self, before: Cursor) -> dict[int, Tried]:
        """What CUPS has counted so far for jobs that wait after a failed attempt, or are tried again."""
        answer = await self._client.send(get_jobs(self._uri, "not-completed", limit=MAX_QUEUE))
        seen: dict[int, Tried] = {}
        for job in jobs_of(answer)[:MAX_QUEUE]:
            number = job.integer("job-id")
            if number is None:
                continue
            counted = (
                job.integer("job-impressions-completed") or 0,
                job.integer("job-media-sheets-completed") or 0,
            )
            if job.integer("job-state") != JobState.PROCESSING and any(counted):
                seen[number] = counted
            elif number in self._heard:
                seen[number] = (self._heard[number], None)
            elif number in before.attempts:
                seen[number] = before.attempts[number]
        return seen
