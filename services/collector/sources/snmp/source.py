"""A printer that speaks nothing but SNMP: it tells who it is and what it does; HP's tell their last jobs, too."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver
from msgspec.structs import replace

from services.collector.access import SnmpAccess
from services.collector.devices.reader import DeviceReader
from services.collector.devices.reading import DeviceReading
from services.collector.snmp.opening import Snmp
from services.collector.sources.hp_jobs.reader import HpJobs
from services.collector.sources.snmp.resolved import ResolvedSession
from services.collector.sources.source import Activity, PrinterFacts, PrinterState, Reading
from shared.clock import Clock, SystemClock
from shared.events.jobs import PrinterRef

SNMP_PORT: Final = 161
_ACTIVITIES: Final[dict[str, Activity]] = {
    "idle": "idle",
    "standby": "idle",
    "warmup": "idle",
    "printing": "processing",
    "stopped": "stopped",
    "offline": "stopped",
}


class SnmpSource:
    """A PrinterSource over SNMP alone."""

    def __init__(
        self,
        host: str,
        access: SnmpAccess,
        resolver: AbstractResolver,
        printer: PrinterRef,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._snmp = Snmp()
        self._clock = clock or SystemClock()
        self._jobs = HpJobs(ResolvedSession(self._snmp, host, access, resolver), printer)
        self._reader = DeviceReader(
            lambda login: ResolvedSession(self._snmp, host, login, resolver),
            access,
            clock=self._clock,
        )

    @classmethod
    def at(
        cls, address: str, access: SnmpAccess | None, resolver: AbstractResolver, printer: PrinterRef | None = None
    ) -> SnmpSource:
        """A source at an address such as snmp://plotter.example:161; `printer` goes into each record of a job."""
        parts = urlsplit(address)
        login = access or SnmpAccess()
        return cls(
            parts.hostname or "", replace(login, port=parts.port or SNMP_PORT), resolver, printer or PrinterRef()
        )

    async def probe(self) -> PrinterFacts:
        """See PrinterSource."""
        reading = await self._reader.read()
        return PrinterFacts(
            "snmp",
            make_and_model=make_and_model(reading),
            serial=reading.serial,
            media_sources=tuple(each.name for each in reading.inputs if each.name),
            state=state_of(reading),
        )

    async def completed_jobs(self, cursor: str = "") -> Reading:
        """See PrinterSource; only HP's have jobs."""
        state = state_of(await self._reader.look())
        return await self._jobs.read(cursor, self._clock.now(), state)

    async def close(self) -> None:
        """See PrinterSource."""
        await self._reader.close()
        await self._snmp.close()


def make_and_model(reading: DeviceReading) -> str | None:
    """The model with its maker, as IPP tells it."""
    if not reading.model or not reading.vendor:
        return reading.model
    named = reading.model.lower().startswith(reading.vendor.lower())
    return reading.model if named else f"{reading.vendor} {reading.model}"


def state_of(reading: DeviceReading) -> PrinterState:
    """What it does, as printers that speak IPP tell it."""
    reasons = tuple(dict.fromkeys(each.kind.replace("_", "-") for each in reading.alerts))
    return PrinterState(activity=_ACTIVITIES.get(reading.status or ""), reasons=reasons)
