"""HTTP of devices: what a printer says by SNMP, at GET /v1/printers/{id}/device."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from services.collector.devices.reading import DeviceReading
from services.collector.registry.registry import Registry
from services.collector.watching.board import DeviceBoard
from services.collector.watching.poller import DevicePoller, DeviceStatus
from shared.events.devices import DeviceCondition, DeviceCounter, DeviceInput, DeviceSupply
from shared.http.routes import Call, Route


class DeviceView(Struct, frozen=True, kw_only=True):
    """The last reading of a device; without one everything is null or empty.

    Attributes:
        read_at: when the device said what is shown.
        looked_at: when it was asked last.
        error: why the last asking failed; null when it did not.
        read_by: the collector that kept it, when this one has not read it since it was started.
    """

    read_at: datetime | None
    looked_at: datetime | None
    error: str | None
    read_by: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    sys_object_id: str | None = None
    status: str | None = None
    alerts: tuple[DeviceCondition, ...] = ()
    counters: tuple[DeviceCounter, ...] = ()
    supplies: tuple[DeviceSupply, ...] = ()
    inputs: tuple[DeviceInput, ...] = ()


class DevicesApi:
    """Answers from the memory of the device poller, else with what PostgreSQL keeps."""

    def __init__(self, registry: Registry, poller: DevicePoller, board: DeviceBoard) -> None:
        self._registry = registry
        self._poller = poller
        self._board = board

    def routes(self) -> list[Route]:
        """The routes to serve."""
        return [
            Route(
                method="GET",
                path="/v1/printers/{id}/device",
                handler=self.one,
                answer=DeviceView,
                errors=(404,),
                summary="What a printer's device says by SNMP: status, alerts, counters, supplies, inputs.",
            )
        ]

    async def one(self, call: Call) -> DeviceView:
        """The last reading of one printer's device."""
        printer = self._registry.get(call.path["id"])
        status = self._poller.status(printer.id)
        if status.reading is not None:
            return _view(status.reading, status)
        # Another collector reads it, or this one was just started.
        kept = await self._board.kept(printer.id)
        if kept is not None:
            return _view(kept[1], status, read_by=kept[0])
        return DeviceView(read_at=None, looked_at=status.looked_at, error=status.error)


def _view(reading: DeviceReading, status: DeviceStatus, *, read_by: str | None = None) -> DeviceView:
    told = {name: getattr(reading, name) for name in reading.__struct_fields__ if name not in _NOT_SHOWN}
    return DeviceView(read_at=reading.at, looked_at=status.looked_at, error=status.error, read_by=read_by, **told)


_NOT_SHOWN = frozenset({"at", "up_time_s"})
