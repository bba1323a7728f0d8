"""Reads one device by SNMP: all of it at first and now and then, else in one question what changes.

The many tables of a printer take a dozen questions; what changes between two looks (status, errors, counters,
levels) is asked for by name in one or two.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from msgspec.structs import replace

from services.collector.access import SnmpAccess
from services.collector.devices import mib
from services.collector.devices.definitions import definitions_for
from services.collector.devices.interning import shared
from services.collector.devices.reading import DeviceReading
from services.collector.devices.standard import named, reading_of
from services.collector.devices.status import printer_index
from services.collector.devices.view import View
from services.collector.snmp.gather import Objects, Span, columns, get, walk
from services.collector.snmp.session import Session
from services.collector.snmp.values import Oid, within
from shared.clock import Clock
from shared.errors import Reject, Retry

MAX_SILENT: Final = 2
"""Tables that an agent may leave without an answer; with one more it counts as gone."""
AT_A_TIME: Final = 3
"""Questions to one device at one time: slow ones are read in bearable time, weak ones are not overrun."""
CONTEXT_WAIT_S: Final = 3.0
SYSTEM: Final = (mib.SYS_DESCR, mib.SYS_OBJECT_ID, mib.SYS_UP_TIME)
PRINTER_MIB: Final[Oid] = (1, 3, 6, 1, 2, 1, 43)

HOST_SPANS: Final = (
    columns(mib.HR_DEVICE, mib.HR_DEVICE_TYPE, mib.HR_DEVICE_DESCR, limit=400),
    columns(mib.HR_DEVICE, mib.HR_DEVICE_STATUS, mib.HR_DEVICE_STATUS, limit=200),
    columns(mib.HR_PRINTER, mib.HR_PRINTER_STATUS, mib.HR_PRINTER_ERRORS, limit=100),
)
ALERT_SPAN: Final = columns(mib.ALERT, mib.ALERT_SEVERITY, mib.ALERT_DESCR, limit=1_000)
SUPPLY_SPAN: Final = columns(mib.SUPPLY, mib.SUPPLY_COLORANT, mib.SUPPLY_LEVEL, limit=1_600)
PRINTER_SPANS: Final = (
    columns(mib.GENERAL, mib.CONFIG_CHANGES, mib.CONFIG_CHANGES, limit=20),
    columns(mib.GENERAL, mib.PRINTER_NAME, mib.SERIAL_NUMBER, limit=40),
    columns(mib.INPUT, mib.INPUT_CAPACITY, mib.INPUT_NAME, limit=1_000),
    columns(mib.INPUT, mib.INPUT_DESCR, mib.INPUT_DESCR, limit=200),
    columns(mib.INPUT, mib.INPUT_MEDIA_TYPE, mib.INPUT_MEDIA_TYPE, limit=200),
    columns(mib.MARKER, mib.MARKER_TECH, mib.POWER_ON_COUNT, limit=400),
    SUPPLY_SPAN,
    columns(mib.COLORANT, mib.COLORANT_VALUE, mib.COLORANT_VALUE, limit=200),
    ALERT_SPAN,
)
ENTITY_SPANS: Final = (columns(mib.ENTITY, mib.ENTITY_SERIAL, mib.ENTITY_MODEL, limit=120),)

_CHANGING: Final = (
    (*mib.HR_DEVICE, mib.HR_DEVICE_STATUS),
    (*mib.HR_PRINTER, mib.HR_PRINTER_STATUS),
    (*mib.HR_PRINTER, mib.HR_PRINTER_ERRORS),
    (*mib.GENERAL, mib.CONFIG_CHANGES),
    (*mib.INPUT, mib.INPUT_LEVEL),
    (*mib.MARKER, mib.LIFE_COUNT),
    (*mib.MARKER, mib.POWER_ON_COUNT),
    (*mib.SUPPLY, mib.SUPPLY_LEVEL),
)
"""Columns that a usual look asks for."""
_log = structlog.get_logger()

OpenSession = Callable[[SnmpAccess], Session]


class DeviceReader:
    """Reads one device; keeps what it said, so that the next look may ask for less."""

    def __init__(self, open_session: OpenSession, access: SnmpAccess, *, clock: Clock) -> None:
        self._open = open_session
        self._access = access
        self._clock = clock
        self._session = open_session(access)
        self._inner: Session | None = None
        """The session in the context where the printer's tables are, when that is another one."""
        self._objects: Objects = {}
        self._asked: tuple[tuple[Session, list[Oid]], ...] = ()
        self._unsteady: set[Oid] = set()
        self._last: DeviceReading | None = None

    async def read(self) -> DeviceReading:
        """Reads all that is of interest.

        Raises:
            Retry: the device does not answer.
            Reject: it refuses the log-in, or is nothing that SNMP can tell of.
        """
        at = self._clock.now()
        found = await get(self._session, SYSTEM)
        if not found:
            found = await self._bare()
        await self._take((*HOST_SPANS, *PRINTER_SPANS, *ENTITY_SPANS), found)
        if context := self._context(found):
            await self._read_context(context, found)
        found |= await self._private(found)
        self._objects = shared(found)
        self._asked = self._changing()
        self._last = reading_of(found, at=at)
        return self._last

    async def look(self) -> DeviceReading:
        """Reads what may have changed since `read`; all, when the device has other parts than before.

        Raises:
            Retry, Reject: see read.
        """
        before = self._last
        if before is None:
            return await self.read()
        at = self._clock.now()
        found: Objects = {}
        for session, oids in self._asked:
            found |= await get(session, oids)
        gone = [oid for _, oids in self._asked for oid in oids if oid not in found]
        if gone or self._other_parts(found):
            reading = await self.read()
            # What a walk shows and a question by name does not must not have all read again each time.
            self._unsteady |= {oid for oid in gone if oid in self._objects}
            self._asked = self._changing()
            return reading
        changed = {oid for oid, bind in found.items() if self._objects.get(oid) != bind}
        whole = self._objects | found
        if before.alerts or any(self._may_alert(oid) for oid in changed):
            for oid in [oid for oid in whole if within(oid, mib.ALERT)]:
                del whole[oid]
            whole |= await walk(self._inner or self._session, ALERT_SPAN)
            changed |= {mib.ALERT}
        self._objects = whole if changed <= {mib.SYS_UP_TIME} else shared(whole)
        if changed <= {mib.SYS_UP_TIME}:
            up_time = View(whole).number(mib.SYS_UP_TIME)
            self._last = replace(before, at=at, up_time_s=None if up_time is None else up_time // 100)
        else:
            self._last = reading_of(whole, at=at)
        return self._last

    async def close(self) -> None:
        """Lets go of the device; safe to call twice."""
        await self._session.close()
        if self._inner is not None:
            await self._inner.close()

    # --- all of it ---------------------------------------------------------------------------------------

    async def _bare(self) -> Objects:
        """Whether there is anything at all: some agents have the printer's tables and no system group."""
        found = await walk(self._session, Span((1, 3, 6, 1), (1, 3, 6, 2), limit=1))
        if not found:
            raise Reject("it answers by SNMP but shows nothing: another community or user may see more")
        return {}

    async def _take(self, spans: Sequence[Span], found: Objects) -> None:
        """Adds tables, some at a time; a few may stay without an answer."""
        slots = asyncio.Semaphore(AT_A_TIME)

        async def one(span: Span) -> Objects | Retry:
            async with slots:
                try:
                    return await walk(self._session, span)
                except Retry as error:
                    return error

        told = await asyncio.gather(*map(one, spans))
        silent = [each for each in told if isinstance(each, Retry)]
        if len(silent) > MAX_SILENT:
            raise silent[0]
        for each in told:
            if not isinstance(each, Retry):
                found |= each

    def _context(self, found: Objects) -> str:
        """The context that may hold the printer's tables: when this one has none, and the maker has such."""
        if any(within(oid, mib.SUPPLY) for oid in found) or self._access.context or "@" in self._access.community:
            return ""
        view = View(found)
        definitions = definitions_for(view.oid(mib.SYS_OBJECT_ID), view.text(mib.SYS_DESCR) or "")
        return next((each.context for each in definitions if each.context), "")

    async def _read_context(self, context: str, found: Objects) -> None:
        """Reads the printer's tables in another context; nothing there is no fault."""
        access = replace(self._access, context=context)
        if access.version != "3":
            access = replace(self._access, community=f"{self._access.community}@{context}")
        session = self._open(access)
        inner: Objects = {}
        try:
            # Mostly there is no such context, and nobody answers for it.
            async with asyncio.timeout(CONTEXT_WAIT_S):
                inner |= await walk(session, SUPPLY_SPAN)
            if inner:
                for span in PRINTER_SPANS:
                    inner |= await walk(session, span)
        except (Retry, Reject, TimeoutError) as error:
            _log.debug("snmp_context_silent", context=context, error=str(error))
        if inner:
            self._inner = session
            found |= inner
        else:
            await session.close()

    async def _private(self, found: Objects) -> Objects:
        view = View(found)
        definitions = definitions_for(view.oid(mib.SYS_OBJECT_ID), named(view, printer_index(view)))
        oids = [oid for each in definitions for oid in each.oids()]
        if not oids:
            return {}
        told = await get(self._session, oids)
        missing = [oid for oid in oids if oid not in told]
        if missing and self._inner is not None:
            told |= await get(self._inner, missing)
        return told

    # --- what changes ------------------------------------------------------------------------------------

    def _changing(self) -> tuple[tuple[Session, list[Oid]], ...]:
        """What a usual look asks for, by session."""
        oids = [oid for oid in self._objects if self._changes(oid) and oid not in self._unsteady]
        if self._inner is None:
            return ((self._session, oids),)
        inner = [oid for oid in oids if within(oid, PRINTER_MIB)]
        return ((self._session, [oid for oid in oids if oid not in set(inner)]), (self._inner, inner))

    def _changes(self, oid: Oid) -> bool:
        if oid == mib.SYS_UP_TIME:
            return True
        if within(oid, mib.ENTERPRISES):
            return isinstance(self._objects[oid].value, int)
        return any(within(oid, column) for column in _CHANGING)

    def _other_parts(self, found: Objects) -> bool:
        """Whether the device was started again or says that its configuration has changed."""
        for oid in found:
            before, now = self._objects.get(oid), found[oid]
            if within(oid, (*mib.GENERAL, mib.CONFIG_CHANGES)) and before != now:
                return True
        was, now_up = View(self._objects).number(mib.SYS_UP_TIME), View(found).number(mib.SYS_UP_TIME)
        return was is not None and now_up is not None and now_up < was

    def _may_alert(self, oid: Oid) -> bool:
        return within(oid, mib.HR_PRINTER) or within(oid, mib.HR_DEVICE)
