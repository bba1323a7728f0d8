"""One reading of a device: status, alerts, counters, supplies, inputs. What it does not say is None or absent."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.events.devices import (
    DeviceChanged,
    DeviceCondition,
    DeviceCounter,
    DeviceInput,
    DeviceSupply,
)


class DeviceReading(Struct, frozen=True, kw_only=True):
    """What a device said at one moment.

    Attributes:
        at: when it was asked.
        up_time_s: how long it has been up; a smaller one than before says that it was started again.
        others: as in DeviceChanged.
    """

    at: datetime
    up_time_s: int | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    sys_object_id: str | None = None
    status: str | None = None
    alerts: tuple[DeviceCondition, ...] = ()
    counters: tuple[DeviceCounter, ...] = ()
    supplies: tuple[DeviceSupply, ...] = ()
    inputs: tuple[DeviceInput, ...] = ()

    def counter(self, name: str) -> DeviceCounter | None:
        """The counter of that name, such as `life`."""
        return next((each for each in self.counters if each.name == name), None)

    @property
    def quiet(self) -> bool:
        """Whether the device prints nothing now, so that its counters stand still."""
        return self.status in ("idle", "standby")

    def told(self, printer_id: str) -> DeviceChanged:
        """The same as an event tells it."""
        return DeviceChanged(
            id=printer_id,
            at=self.at,
            vendor=self.vendor,
            model=self.model,
            serial=self.serial,
            sys_object_id=self.sys_object_id,
            status=self.status,
            alerts=list(self.alerts),
            counters=list(self.counters),
            supplies=list(self.supplies),
            inputs=list(self.inputs),
        )


_MICROLITRES = {"tenths_of_ml": 100, "ml": 1_000}
_FLUID_OUNCE_NL = 29_573_530
"""One US fluid ounce (29.57353 ml) in nanolitres."""


def level_ul(supply: DeviceSupply) -> int | None:
    """The level in microlitres, where the device tells one in a unit of volume."""
    if supply.level is None or supply.unit is None:
        return None
    if supply.unit == "hundredths_of_fl_oz":
        return supply.level * _FLUID_OUNCE_NL // 100_000
    factor = _MICROLITRES.get(supply.unit)
    return None if factor is None else supply.level * factor
