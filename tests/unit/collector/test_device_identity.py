"""Vendor, model and serial number: by the standard, else from where makers keep them; and quirks that correct."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.collector.devices import mib
from services.collector.devices.definitions import (
    Definition,
    Quirk,
    When,
    load_definitions,
    load_makers,
)
from services.collector.devices.standard import corrected, reading_of
from services.collector.devices.supplies import supplies_of
from services.collector.devices.view import View
from services.collector.snmp.values import Oid, Tag, VarBind, parse_oid

AT = datetime(2026, 11, 2, tzinfo=UTC)
DEVICE_ID = "1.3.6.1.4.1.11.2.3.9.1.1.7.0"


def told(about: str = "", enterprise: int | None = None, **objects: str) -> tuple[str | None, ...]:
    found = {mib.SYS_DESCR: VarBind(mib.SYS_DESCR, Tag.OCTETS, about.encode())}
    if enterprise is not None:
        found[mib.SYS_OBJECT_ID] = VarBind(mib.SYS_OBJECT_ID, Tag.OID, (*mib.ENTERPRISES, enterprise, 1))
    for name, text in objects.items():
        oid = NAMES[name]
        found[oid] = VarBind(oid, Tag.OCTETS, text.encode())
    reading = reading_of(found, at=AT)
    return reading.vendor, reading.model, reading.serial


NAMES: dict[str, Oid] = {
    "host": (*mib.HR_DEVICE, mib.HR_DEVICE_DESCR, 1),
    "serial": (*mib.GENERAL, mib.SERIAL_NUMBER, 1),
    "device_id": parse_oid(DEVICE_ID),
    "called": (*mib.GENERAL, mib.PRINTER_NAME, 1),
    "entity_model": (*mib.ENTITY, mib.ENTITY_MODEL, 1),
    "entity_serial": (*mib.ENTITY, mib.ENTITY_SERIAL, 1),
    "entity_maker": (*mib.ENTITY, mib.ENTITY_MAKER, 1),
}


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ({"host": "HP DesignJet T1700", "serial": "CN1"}, ("HP", "HP DesignJet T1700", "CN1")),
        (
            {"about": "Lexmark MX822 version CXTMM.052.024 kernel 4.11", "enterprise": 641},
            ("Lexmark", "Lexmark MX822", None),
        ),
        ({"about": "TOSHIBA e-STUDIO2505AC"}, ("Toshiba", "TOSHIBA e-STUDIO2505AC", None)),
        (
            {"about": "RICOH MP C2503 1.35 / RICOH Network Printer C model", "enterprise": 367},
            ("Ricoh", "RICOH MP C2503", None),
        ),
        ({"about": "KYOCERA Document Solutions Printing System", "enterprise": 1347}, ("Kyocera", None, None)),
        (
            {"about": "KYOCERA Document Solutions Printing System", "enterprise": 1347, "host": "ECOSYS M2540dn"},
            ("Kyocera", "ECOSYS M2540dn", None),
        ),
        ({"about": "Xerox VersaLink C405;SS 1.2.3, NC 2"}, ("Xerox", "Xerox VersaLink C405", None)),
        ({"about": "Canon iR-ADV C3520 /P"}, ("Canon", "Canon iR-ADV C3520", None)),
        (
            {"about": "HP ETHERNET MULTI-ENVIRONMENT,SN:CN42,FN:1,PID:HP LaserJet 400 M401dne"},
            ("HP", "HP LaserJet 400 M401dne", "CN42"),
        ),
        ({"about": "EPSON Built-in 11b/g/n Print Server"}, ("Epson", None, None)),
        (
            {"about": "x", "enterprise": 2435, "device_id": "MFG:Brother;MDL:HL-5370DW series;"},
            ("Brother", "HL-5370DW series", None),
        ),
        (
            {"about": "x", "enterprise": 11, "device_id": "MFG:HP;MDL:HP OfficeJet Pro 8210;SN:CN75A1B2C3;"},
            ("HP", "HP OfficeJet Pro 8210", "CN75A1B2C3"),
        ),
        (
            {
                "about": "Linux box 4.9",
                "entity_model": "ProPrint 1",
                "entity_serial": "E1",
                "entity_maker": "Acme",
            },
            ("Acme", "ProPrint 1", "E1"),
        ),
        (
            {"host": "Dell S5830dn 7XQ1R92 LW62.DN4.P636", "serial": "7XQ1R92-132-13"},
            ("Dell", "Dell S5830dn", "7XQ1R92-132-13"),
        ),
        (
            {"about": "x Print Server", "enterprise": 1347, "called": "KYOCERA TASKalfa 3252ci"},
            ("Kyocera", "KYOCERA TASKalfa 3252ci", None),
        ),
        ({"about": "x Print Server", "enterprise": 1347, "called": "Room 7"}, ("Kyocera", None, None)),
        ({"host": "Hpx 1000", "enterprise": 99_999}, (None, "Hpx 1000", None)),
        ({"host": "Kyocera FS-1", "enterprise": 11}, ("Kyocera", "Kyocera FS-1", None)),
        ({"host": "X", "serial": "unknown"}, (None, "X", None)),
        ({"host": "X", "serial": "00000000"}, (None, "X", None)),
        ({}, (None, None, None)),
    ],
)
def test_who_a_device_is(objects, expected) -> None:
    assert told(**objects) == expected


def test_every_definition_is_read_and_says_what_it_is_for() -> None:
    assert len(load_definitions()) > 5
    assert all(quirk.why for each in load_definitions() for quirk in each.quirks)
    names = [word for maker in load_makers().makers for word in maker.words]
    assert len(names) == len(set(names))


def supply(level: int, *, capacity: int = 100, kind: int = 3) -> dict[Oid, VarBind]:
    columns = {mib.SUPPLY_TYPE: kind, mib.SUPPLY_LEVEL: level, mib.SUPPLY_CAPACITY: capacity}
    oids = {(*mib.SUPPLY, column, 1, 1): value for column, value in columns.items()}
    return {oid: VarBind(oid, Tag.INTEGER, value) for oid, value in oids.items()}


@pytest.mark.parametrize(
    ("quirk", "objects", "percent", "unit"),
    [
        ({"supply_unit": 19}, supply(54, capacity=-2), 54, "percent"),
        ({"waste_is_filled": True}, supply(90, kind=4), 10, None),
        ({"waste_is_filled": True}, supply(90, kind=3), 90, None),
        ({"waste_is_filled": True}, supply(-3, kind=4), None, None),
    ],
)
def test_a_quirk_corrects_what_a_device_says(quirk, objects, percent, unit) -> None:
    quirks = (Quirk(why="seen on a device of the tests", **quirk),)
    (found,) = supplies_of(View(corrected(objects, quirks)))
    assert (found.level_percent, found.unit) == (percent, unit)


def test_a_number_by_which_a_maker_says_nearly_empty_is_low_and_no_level() -> None:
    quirks = (Quirk(why="seen on a device of the tests", supply_low=-100),)
    (found,) = supplies_of(View(corrected(supply(-100), quirks)))
    assert (found.level, found.level_percent, found.state) == (None, None, "low")


def test_a_quirk_can_name_the_unit_of_counters() -> None:
    oid = (*mib.MARKER, mib.LIFE_COUNT, 1, 1)
    objects = {oid: VarBind(oid, Tag.COUNTER32, 5)}
    found = corrected(objects, (Quirk(why="seen on a device of the tests", counter_unit=17),))
    assert found[(*mib.MARKER, mib.COUNTER_UNIT, 1, 1)].value == 17


def test_a_definition_fits_by_number_and_by_model() -> None:
    when = When(sys_object_id="1.3.6.1.4.1.11", model="HP DesignJet *")
    assert when.fits(parse_oid("1.3.6.1.4.1.11.2"), "hp designjet t1700")
    assert not when.fits(parse_oid("1.3.6.1.4.1.111.2"), "HP DesignJet T1700")
    assert not when.fits(parse_oid("1.3.6.1.4.1.11.2"), "HP LaserJet")
    assert Definition(when=When()).when.fits((), "anything")
