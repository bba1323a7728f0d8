"""From the objects of a device to its reading: by the standard, corrected by what is known of its maker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from services.collector.devices import mib
from services.collector.devices.alerts import joined, table_alerts
from services.collector.devices.counters import counters_of
from services.collector.devices.definitions import Definition, Quirk, definitions_for
from services.collector.devices.identity import identity_of
from services.collector.devices.inputs import inputs_of
from services.collector.devices.reading import DeviceReading
from services.collector.devices.status import detected, printer_index, status_of
from services.collector.devices.supplies import NEARLY_EMPTY, quantity, supplies_of
from services.collector.devices.view import MAX_ROWS, View
from services.collector.snmp.values import Oid, Tag, VarBind, oid_text, parse_oid
from shared.events.devices import DeviceCounter

NOTHING: Final = (0, 0)
"""zeroDotZero: the device has no identifier."""
HUNDREDTHS: Final = 100
"""sysUpTime counts hundredths of a second."""


def reading_of(objects: Mapping[Oid, VarBind], *, at: datetime) -> DeviceReading:
    """What a device says, from all objects that were read of it."""
    first = View(objects)
    sys_object_id = first.oid(mib.SYS_OBJECT_ID)
    printer = printer_index(first)
    definitions = definitions_for(sys_object_id, named(first, printer))
    quirks = tuple(quirk for each in definitions for quirk in each.quirks)
    quirks = tuple(each for each in quirks if each.when.fits(sys_object_id or (), named(first, printer)))
    view = View(corrected(objects, quirks)) if quirks else first
    who = identity_of(view, printer, definitions)
    up_time = view.number(mib.SYS_UP_TIME)
    return DeviceReading(
        at=at,
        up_time_s=None if up_time is None else up_time // HUNDREDTHS,
        vendor=who.vendor,
        model=who.model,
        serial=who.serial,
        sys_object_id=None if sys_object_id in (None, NOTHING) else oid_text(sys_object_id or ()),
        status=status_of(view, printer),
        alerts=joined(table_alerts(view), detected(view, printer))[:MAX_ROWS],
        counters=(*counters_of(view), *private_counters(view, definitions))[:MAX_ROWS],
        supplies=supplies_of(view, who.model),
        inputs=inputs_of(view),
    )


def private_counters(view: View, definitions: Sequence[Definition]) -> tuple[DeviceCounter, ...]:
    """The counters that makers keep beside the standard's."""
    found: dict[str, DeviceCounter] = {}
    for counter in (each for definition in definitions for each in definition.counters):
        parts = [quantity(view.number(parse_oid(oid))) for oid in counter.oids]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            found.setdefault(counter.name, DeviceCounter(name=counter.name, unit=counter.unit, value=sum(known)))
    return tuple(found.values())


def corrected(objects: Mapping[Oid, VarBind], quirks: Sequence[Quirk]) -> dict[Oid, VarBind]:
    """The objects as they would be if the device kept to the standard."""
    found = dict(objects)
    for quirk in quirks:
        if quirk.supply_low is not None:
            for oid, bind in _column(found, mib.SUPPLY, mib.SUPPLY_LEVEL):
                if bind.value == quirk.supply_low:
                    found[oid] = bind._replace(value=NEARLY_EMPTY)
        if quirk.supply_unit is not None:
            _fill(found, mib.SUPPLY, mib.SUPPLY_LEVEL, mib.SUPPLY_UNIT, quirk.supply_unit)
        if quirk.counter_unit is not None:
            _fill(found, mib.MARKER, mib.LIFE_COUNT, mib.COUNTER_UNIT, quirk.counter_unit)
        if quirk.waste_is_filled:
            _turn_waste(found)
    return found


def _column(objects: Mapping[Oid, VarBind], entry: Oid, column: int) -> list[tuple[Oid, VarBind]]:
    prefix = (*entry, column)
    return [(oid, bind) for oid, bind in objects.items() if oid[: len(prefix)] == prefix]


def _fill(objects: dict[Oid, VarBind], entry: Oid, where: int, column: int, value: int) -> None:
    for oid, _ in _column(objects, entry, where):
        name = (*entry, column, *oid[len(entry) + 1 :])
        objects[name] = VarBind(name, Tag.INTEGER, value)


def _turn_waste(objects: dict[Oid, VarBind]) -> None:
    """Of waste boxes: the room that is left instead of how full they are."""
    waste = {each.index for each in supplies_of(View(objects)) if each.kind and each.kind.startswith("waste")}
    for oid, bind in _column(objects, mib.SUPPLY, mib.SUPPLY_LEVEL):
        full = objects.get((*mib.SUPPLY, mib.SUPPLY_CAPACITY, *oid[len(mib.SUPPLY) + 1 :]))
        if oid[-1] in waste and full and isinstance(full.value, int) and isinstance(bind.value, int):
            objects[oid] = bind._replace(value=max(0, full.value - bind.value) if bind.value >= 0 else bind.value)


def named(view: View, printer: int | None) -> str:
    """What patterns of definitions are held against: the model, or all that the device says of itself."""
    host = view.text((*mib.HR_DEVICE, mib.HR_DEVICE_DESCR, printer)) if printer is not None else None
    return host or view.text(mib.SYS_DESCR) or ""


def told_as_probe(reading: DeviceReading) -> dict[str, object]:
    """What `printers probe --json` prints: every field is there, null where the device does not say."""
    told = {
        "vendor": reading.vendor,
        "model": reading.model,
        "serial": reading.serial,
        "sys_object_id": reading.sys_object_id,
        "status": reading.status,
    }
    lists = {name: getattr(reading, name) for name in ("alerts", "counters", "supplies", "inputs")}
    return told | {
        name: [{field: getattr(each, field) for field in each.__struct_fields__} for each in rows]
        for name, rows in lists.items()
    }
