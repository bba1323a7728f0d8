"""Reads the accounting of an HP large-format printer from its web pages, and wakes it only for what is unread."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Final

import msgspec
from aiohttp.abc import AbstractResolver
from msgspec import Struct

from services.collector.access import Access
from services.collector.sources.ews.accounts import Accounts, Told, accounts_at
from services.collector.sources.ews.pages import Pages, first
from services.collector.sources.source import PrinterFacts, PrinterState, Reading
from services.collector.sources.web import Page, WebClient
from shared.clock import Clock, SystemClock
from shared.errors import Reject
from shared.events.jobs import JobCompleted, PrinterRef

LEAST_INTERVAL: Final = timedelta(seconds=60)
"""The table of a busy printer has a megabyte and more: it is not fetched with every look."""
TOLD_BEFORE: Final = timedelta(days=2)
"""Jobs so much older than the newest that was told are not told again when the collector starts."""
EMPTY: Final = "its accounting shows no job any more, though it did: was it cleared, or has the page changed?"
MAX_ANSWER_BYTES: Final = 24 * 1024 * 1024


_Key = tuple[str | None, datetime]


class Cursor(Struct, frozen=True, omit_defaults=True):
    """Where the last look ended.

    Attributes:
        newest: when the newest job was completed, never in the future.
        table: a sum of the jobs that the accounting showed.
    """

    newest: datetime | None = None
    table: str = ""


class EwsSource:
    """A PrinterSource over what the web pages show of accounting."""

    def __init__(self, pages: Pages, accounts: Accounts, *, clock: Clock | None = None) -> None:
        self._pages = pages
        self._accounts = accounts
        self._clock = clock or SystemClock()
        self._read_at: datetime | None = None
        self._refused: tuple[str, ...] = ()
        self._tables: dict[str, frozenset[_Key]] = {}
        """The jobs of the last looks by the sum in their cursors: the next look shows whether one was taken in."""

    @classmethod
    def at(
        cls,
        address: str,
        printer: PrinterRef | None = None,
        access: Access | None = None,
        *,
        resolver: AbstractResolver | None = None,
        accounts: Accounts | None = None,
        clock: Clock | None = None,
    ) -> EwsSource:
        """A source at an address such as ews+http://latex.example:80?locale=pt; `printer` goes into each record.

        Raises:
            Reject: that is no such address.
        """
        ref = printer or PrinterRef()
        client = WebClient(address, access, resolver=resolver, max_bytes=MAX_ANSWER_BYTES)
        return cls(Pages(client), accounts or accounts_at(address, ref, None), clock=clock)

    async def probe(self) -> PrinterFacts:
        """Who the printer is, as far as its pages say; Reject when they show no accounting."""
        about = await self._pages.product()
        now = self._clock.now()
        page = await self._pages.read(self._accounts.path(None, now))
        if page is None:
            raise await self._pages.wake()
        told = await self._told(page)
        if not told.rows and not about:
            raise Reject(f"{self._pages.address} shows no job in its accounting to recognise it by")
        return PrinterFacts(
            kind="ews", make_and_model=first(about, "MakeAndModel"), serial=first(about, "SerialNumber")
        )

    async def completed_jobs(self, cursor: str = "") -> Reading:
        """Reads the accounting and tells what may be new; nothing while the device sleeps and was read before."""
        before, now = _parse(cursor), self._clock.now()
        if self._read_at is not None and timedelta() <= now - self._read_at < LEAST_INTERVAL:
            return Reading((), cursor, PrinterState(), self._refused)
        oldest = before.newest - TOLD_BEFORE if before.newest else None
        page = await self._pages.read(self._accounts.path(oldest, now))
        if page is None:
            if self._read_at is not None:
                return Reading((), cursor, PrinterState("idle", ("asleep",)), self._refused)
            raise await self._pages.wake()
        told = await self._told(page)
        known = self._tables.get(before.table)
        jobs = tuple(job for job in told.jobs if _may_be_new(job, known, oldest))
        keys = frozenset(map(_key, told.jobs))
        newest = max((job.completed_at for job in told.jobs), default=before.newest)
        # A device whose clock was ahead for a while must not hide what comes after.
        after = Cursor(min(newest, now) if newest else None, _sum(keys))
        self._tables = {after.table: keys} | ({} if known is None else {before.table: known})
        refused = told.refused if told.rows or before.newest is None else (EMPTY,)
        self._read_at, self._refused = now, refused
        return Reading(jobs, msgspec.json.encode(after).decode(), PrinterState(), refused)

    async def close(self) -> None:
        """Closes the connection."""
        await self._pages.close()

    async def _told(self, page: Page) -> Told:
        # A page of megabytes takes seconds to read: others are not to wait for it.
        try:
            return await asyncio.to_thread(self._accounts.read, page.body)
        except Reject as error:
            raise Reject(f"{self._pages.address} answers what can't be read: {error.reason}") from error


def _may_be_new(job: JobCompleted, known: frozenset[_Key] | None, oldest: datetime | None) -> bool:
    """Whether it was not there with the look before; where that is not at hand, its date must do.

    Thus a device whose clock was set back goes on telling its jobs.
    """
    if known is not None:
        return _key(job) not in known
    return oldest is None or job.completed_at >= oldest


def _key(job: JobCompleted) -> _Key:
    return job.job.device_job_id, job.completed_at


def _sum(keys: frozenset[_Key]) -> str:
    told = "\0".join(sorted(f"{number} {at.isoformat()}" for number, at in keys))
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def _parse(text: str) -> Cursor:
    try:
        return msgspec.json.decode(text, type=Cursor) if text else Cursor()
    except msgspec.DecodeError:
        return Cursor()
