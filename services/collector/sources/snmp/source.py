"""A printer that speaks nothing but SNMP: it tells who it is and what it does, and has no list of jobs."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver
from msgspec.structs import replace

from services.collector.access import SnmpAccess
from services.collector.devices.reader import DeviceReader
from services.collector.devices.reading import DeviceReading
from services.collector.snmp.opening import Snmp
from services.collector.sources.snmp.resolved import ResolvedSession
from services.collector.sources.source import Activity, PrinterFacts, PrinterState, Reading
from shared.clock import Clock, SystemClock

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
        self, host: str, access: SnmpAccess, resolver: AbstractResolver, *, clock: Clock | None = None
    ) -> None:
        self._snmp = Snmp()
        self._reader = DeviceReader(
            lambda login: ResolvedSession(self._snmp, host, login, resolver),
            access,
            clock=clock or SystemClock(),
        )

    @classmethod
    def at(cls, address: str, access: SnmpAccess | None, resolver: AbstractResolver) -> SnmpSource:
        """A source at an address such as snmp://plotter.example:161."""
        parts = urlsplit(address)
        login = access or SnmpAccess()
        return cls(parts.hostname or "", replace(login, port=parts.port or SNMP_PORT), resolver)

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
        """See PrinterSource; there are none."""
        return Reading((), cursor, state_of(await self._reader.look()))

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
