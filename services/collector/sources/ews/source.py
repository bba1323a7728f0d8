"""Reads the accounting table of an HP printer's web pages, and wakes the device only for what is unread."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Final

import msgspec
from aiohttp.abc import AbstractResolver
from msgspec import Struct

from services.collector.access import Access
from services.collector.sources.ews.jobs import Told, read_jobs
from services.collector.sources.ews.options import Options, options_of
from services.collector.sources.ews.table import read_rows
from services.collector.sources.ews.words import habits_of
from services.collector.sources.source import PrinterFacts, PrinterState, Reading
from services.collector.sources.tree import Node, read_xml
from services.collector.sources.web import Page, WebClient
from shared.clock import Clock, SystemClock
from shared.errors import NotFound, Reject, Retry
from shared.events.jobs import PrinterRef

TABLE: Final = "/hp/device/webAccess/accounting.xls?cost=y"
WAKE_UP: Final = "/wakeup.htm/config"
PRODUCT: Final = "/DevMgmt/ProductConfigDyn.xml"
LEAST_INTERVAL: Final = timedelta(seconds=60)
"""The table of a busy printer has a megabyte and more: it is not fetched with every look."""
TOLD_BEFORE: Final = timedelta(days=2)
"""Jobs so much older than the newest that was told are not looked at again."""
MAX_ANSWER_BYTES: Final = 24 * 1024 * 1024
_ASLEEP: Final = re.compile(rb'name=["\']?WakeUp|state=["\']sleeping|wakeup\.htm/config', re.IGNORECASE)


class Cursor(Struct, frozen=True, omit_defaults=True):
    """Where the last look ended: when the newest job was completed."""

    newest: datetime | None = None


class EwsSource:
    """A PrinterSource over the accounting table; `printer` is put into each record as it is."""

    def __init__(
        self, client: WebClient, options: Options, printer: PrinterRef, *, clock: Clock | None = None
    ) -> None:
        self._client = client
        self._options = options
        self._printer = printer
        self._clock = clock or SystemClock()
        self._read_at: datetime | None = None
        self._refused: tuple[str, ...] = ()

    @classmethod
    def at(
        cls,
        address: str,
        printer: PrinterRef | None = None,
        access: Access | None = None,
        *,
        resolver: AbstractResolver | None = None,
        clock: Clock | None = None,
    ) -> EwsSource:
        """A source at an address such as ews+http://latex.example:80?locale=pt.

        Raises:
            Reject: that is no such address.
        """
        ref = printer or PrinterRef()
        client = WebClient(address, access, resolver=resolver, max_bytes=MAX_ANSWER_BYTES)
        return cls(client, options_of(address, ref.model), ref, clock=clock)

    async def probe(self) -> PrinterFacts:
        """Who the printer is, as far as its pages say; Reject when it shows no accounting table."""
        about = await self._product()
        page = await self._table()
        if page is None:
            raise await self._woken()
        told = await self._told(page)
        if not told.rows and not about:
            raise Reject(f"{self._client.address} shows no job in its accounting table to recognise it by")
        return PrinterFacts(
            kind="ews", make_and_model=_first(about, "MakeAndModel"), serial=_first(about, "SerialNumber")
        )

    async def completed_jobs(self, cursor: str = "") -> Reading:
        """Reads the table and tells what may be new; nothing while the device sleeps and was read before."""
        before, now = _parse(cursor), self._clock.now()
        if self._read_at is not None and timedelta() <= now - self._read_at < LEAST_INTERVAL:
            return Reading((), cursor, PrinterState(), self._refused)
        page = await self._table()
        if page is None:
            if self._read_at is not None:
                return Reading((), cursor, PrinterState("idle", ("asleep",)), self._refused)
            raise await self._woken()
        told = await self._told(page)
        oldest = before.newest - TOLD_BEFORE if before.newest else None
        jobs = tuple(job for job in told.jobs if oldest is None or job.completed_at >= oldest)
        newest = max((job.completed_at for job in told.jobs), default=before.newest)
        # A device whose clock was ahead for a while must not hide what comes after.
        after = Cursor(min(newest, now)) if newest else before
        self._read_at, self._refused = now, told.refused
        return Reading(jobs, msgspec.json.encode(after).decode(), PrinterState(), told.refused)

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()

    async def _table(self) -> Page | None:
        """The page with the table; None while the device sleeps."""
        page = await self._client.ask("GET", TABLE, accept="*/*")
        if page.status == 503 or _ASLEEP.search(page.body[:8_000]):  # noqa: PLR2004 - HTTP Service Unavailable
            return None
        try:
            self._client.check(page, TABLE)
        except NotFound as error:
            raise Reject(f"{self._client.address} has no accounting table ({TABLE})") from error
        return page

    async def _told(self, page: Page) -> Told:
        # A page of megabytes takes seconds to read: others are not to wait for it.
        try:
            return await asyncio.to_thread(self._jobs, page)
        except Reject as error:
            raise Reject(f"{self._client.address} can't be read: {error.reason}") from error

    def _jobs(self, page: Page) -> Told:
        rows = read_rows(page.body)
        if not rows:
            raise Reject("there is no table in what it answers")
        habits = habits_of(self._options.language, (cell for row in rows for cell in row.cells))
        return read_jobs(rows, self._options.layouts, habits, self._options.zone, self._printer)

    async def _woken(self) -> Retry:
        """Wakes the device; it answers with this or that, and is awake some seconds later."""
        await self._client.ask("POST", WAKE_UP, accept="*/*", form={"hidden_wakeup_Addr": "", "WakeUp": "WakeUp"})
        return Retry(f"{self._client.address} slept and was woken, to read what it may hold")

    async def _product(self) -> Node | None:
        """What the device says of itself by LEDM, where it speaks that."""
        try:
            page = await self._client.get(PRODUCT, accept="text/xml")
            return read_xml(page.body)
        except Reject:
            return None


def _parse(text: str) -> Cursor:
    try:
        return msgspec.json.decode(text, type=Cursor) if text else Cursor()
    except msgspec.DecodeError:
        return Cursor()


def _first(node: Node | None, name: str) -> str | None:
    if node is None:
        return None
    return next((each.text.strip()[:200] for each in node.within(name) if each.text.strip()), None)
