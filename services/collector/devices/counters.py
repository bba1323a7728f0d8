"""The counters of a printer's markers (RFC 3805, prtMarkerTable), each with its unit."""

from __future__ import annotations

from services.collector.devices import mib
from services.collector.devices.supplies import quantity
from services.collector.devices.view import View, number_of
from shared.events.devices import DeviceCounter


def counters_of(view: View) -> tuple[DeviceCounter, ...]:
    """`life` and `power_on` of the first marker; those of further ones are called `life_2` and so on."""
    found: dict[str, DeviceCounter] = {}
    markers = view.rows(mib.MARKER)
    numbers = {index: place for place, index in enumerate(markers, start=1)}
    for index, row in markers.items():
        unit = mib.UNITS.get(number_of(row.get(mib.COUNTER_UNIT)) or 0)
        suffix = f"_{numbers[index]}" if numbers[index] > 1 else ""
        for name, column in (("life", mib.LIFE_COUNT), ("power_on", mib.POWER_ON_COUNT)):
            value = quantity(number_of(row.get(column)))
            if value is not None:
                found[name + suffix] = DeviceCounter(name=name + suffix, unit=unit, value=value)
    return tuple(found.values())
