"""The ended jobs that a printer shows, each whole: by long enough lists, one by one where lists are thin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from services.collector.sources.ipp.client import IppClient
from services.collector.sources.ipp.cursor import MAX_MARKS, Mark
from services.collector.sources.ipp.decode import HEADER
from services.collector.sources.ipp.encode import Prepared
from services.collector.sources.ipp.jobs import ended
from services.collector.sources.ipp.message import Message
from services.collector.sources.ipp.requests import get_job_attributes, get_jobs, new_request_id
from services.collector.sources.ipp.tags import GroupTag
from services.collector.sources.ipp.times import DeviceClock
from services.collector.sources.ipp.view import View
from shared.errors import NotFound, Retry

FIRST_PAGE: Final = 50
MAX_HISTORY: Final = 2_000
"""Ended jobs asked for at most in one look; beyond it the oldest are left to a print server's own records."""
MAX_FOLLOW_UPS: Final = 50
"""Jobs asked for one by one within one look; the rest comes with the next."""
_NEEDED: Final = ("job-state", "job-name", "job-originating-user-name")
_NEEDED_OF_TIME: Final = ("date-time-at-completed", "time-at-completed")


@dataclass(frozen=True, slots=True)
class Ended:
    """What one look found.

    Attributes:
        jobs: ended jobs in the printer's order.
        remembered: numbers of all that it showed.
        marks: the newest of them, for the cursor; those of before while some could not be read.
        unread: why some could not be read, one sentence each.
    """

    jobs: list[View]
    remembered: frozenset[int]
    marks: tuple[Mark, ...]
    unread: list[str]


class EndedJobs:
    """Reads the ended jobs of one printer, and keeps what was asked for one by one as long as it is shown."""

    def __init__(self, client: IppClient) -> None:
        self._client = client
        self._uri = client.address.uri
        self._asked: dict[int, View] = {}
        self._up_time_s = 0
        self._first_page = Prepared(get_jobs(self._uri, "completed", limit=FIRST_PAGE))
        self._page: Message | None = None
        self._digest = self._digest_read = b""

    def begin(self) -> None:
        """A new look: what an earlier one has left unread is void."""
        self._page = None

    async def same(self) -> bool:
        """Whether the printer shows the very list that was read last; if not, it is kept for the next `read`.

        Raises:
            Retry, Reject: see IppClient.send.
        """
        self._page = page = await self._ask_first()
        return page is None

    async def read(self, marks: tuple[Mark, ...], clock: DeviceClock, up_time_s: int | None) -> Ended:
        """Reads until a list shows one of the marks, or all that there is."""
        if up_time_s is None or up_time_s < self._up_time_s:
            self._asked.clear()  # started anew, or nobody knows: its numbers may stand for other jobs now
        self._up_time_s = up_time_s or 0
        listed, unread = await self._listed(marks, clock)
        whole, left = await self._whole(listed)
        if left:
            unread.append(f"{left} jobs are not read yet: this printer must be asked for each of them")
        remembered = frozenset(number for job in listed if (number := job.integer("job-id")) is not None)
        self._asked = {number: job for number, job in self._asked.items() if number in remembered}
        done = [job for job in whole if ended(job)]
        self._digest_read = b"" if unread else self._digest
        return Ended(done, remembered, marks if unread else _marks(done, clock) or marks, unread)

    async def _listed(self, marks: tuple[Mark, ...], clock: DeviceClock) -> tuple[list[View], list[str]]:
        found: list[View] = []
        limit = FIRST_PAGE
        while True:
            try:
                answer = await self._page_of(limit)
            except Retry as error:
                if not found:
                    raise
                # A device too slow for a long list is read by the short one: what is new is not lost.
                return found, [f"older jobs are not read: {error}"]
            found = [self._recalled(job) for job in jobs_of(answer)]
            newest_first = _newest_first(found, clock)
            if len(found) > MAX_HISTORY:
                found = found[:MAX_HISTORY] if newest_first else found[-MAX_HISTORY:]
            reached = newest_first and _reaches(found, marks, clock)
            if len(found) < limit or reached or limit >= MAX_HISTORY:
                return found, []
            limit = min(limit * 4, MAX_HISTORY)

    async def _page_of(self, limit: int) -> Message:
        if limit > FIRST_PAGE:
            self._digest = b""  # of more than one page it is not known whether they are the same
            return await self._client.send(get_jobs(self._uri, "completed", limit=limit))
        page, self._page = self._page, None
        if page is None:
            self._digest_read = b""
            page = await self._ask_first()
        assert page is not None  # noqa: S101 - with no digest to be equal to
        return page

    async def _ask_first(self) -> Message | None:
        """The first page; None when it is, octet for octet, the one that was read last."""
        number = new_request_id()
        octets = await self._client.ask(self._first_page.octets(number))
        # All but the number of the request, which is checked: the rest is what the printer says.
        if HEADER.unpack_from(octets.ljust(HEADER.size))[-1] == number:
            self._digest = blake2b(octets[: HEADER.size - 4] + octets[HEADER.size :], digest_size=16).digest()
            if self._digest == self._digest_read:
                return None
        return await self._client.read(octets, number)

    def _recalled(self, job: View) -> View:
        number = job.integer("job-id")
        known = None if number is None else self._asked.get(number)
        return known.merged(job) if known else job

    async def _whole(self, listed: list[View]) -> tuple[list[View], int]:
        """The jobs with what a list may have left out, and how many are still to be asked for."""
        whole: list[View] = []
        asked = left = 0
        for job in listed:
            number = job.integer("job-id")
            if not _lacks(job) or number is None or number in self._asked:
                whole.append(job)
            elif asked >= MAX_FOLLOW_UPS:
                left += 1
            else:
                asked += 1
                self._asked[number] = answer = await self._ask(job, number)
                whole.append(answer)
        return whole, left

    async def _ask(self, job: View, number: int) -> View:
        """The job with all its attributes; as it is when the printer has forgotten it meanwhile."""
        try:
            answer = await self._client.send(get_job_attributes(self._uri, number))
        except NotFound:
            return job
        return View(answer.first(GroupTag.JOB)).merged(job)


def jobs_of(answer: Message) -> list[View]:
    """The jobs of an answer."""
    return [View(attributes) for attributes in answer.every(GroupTag.JOB)]


def _lacks(job: View) -> bool:
    """Whether an answer left out what a device surely knows of each job."""
    return any(name not in job for name in _NEEDED) or not any(name in job for name in _NEEDED_OF_TIME)


def _newest_first(listed: list[View], clock: DeviceClock) -> bool:
    """Some devices begin with the oldest job, against RFC 8011: then a page says nothing of the newest."""
    times = [moment for job in listed if (moment := clock.moment(job, "completed"))]
    return not times or times[0] >= times[-1]


def _mark(job: View, clock: DeviceClock) -> Mark | None:
    number, moment = job.integer("job-id"), clock.moment(job, "completed")
    return None if number is None or moment is None else (number, moment)


def _reaches(listed: list[View], marks: tuple[Mark, ...], clock: DeviceClock) -> bool:
    """Whether a list goes beyond a mark: CUPS lists jobs of one second by number, and may cut among them."""
    beyond: datetime | None = None
    for job in listed:
        mark = _mark(job, clock)
        if mark and beyond and mark[1] < beyond:
            return True
        if mark in marks and mark:
            beyond = max(beyond or mark[1], mark[1])
    return False


def _marks(done: list[View], clock: DeviceClock) -> tuple[Mark, ...]:
    """The newest jobs by the printer's own order."""
    ordered = done if _newest_first(done, clock) else done[::-1]
    return tuple(mark for job in ordered if (mark := _mark(job, clock)))[:MAX_MARKS]
