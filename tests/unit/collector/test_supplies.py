"""Supplies and waste boxes by RFC 3805: numbers that are none, units, percent, colours and kinds from names."""

from __future__ import annotations

import pytest

from services.collector.devices import mib
from services.collector.devices.supplies import level_percent, supplies_of, supply_state
from services.collector.devices.view import View
from services.collector.devices.words import colour_in, kind_in
from services.collector.snmp.values import Oid, Tag, VarBind
from shared.events.devices import DeviceSupply


def objects(*rows: dict[int, int | str], device: int = 1) -> dict[Oid, VarBind]:
    """Rows of prtMarkerSuppliesTable by column, numbered from 1."""
    found: dict[Oid, VarBind] = {}
    for number, row in enumerate(rows, start=1):
        for column, value in row.items():
            oid = (*mib.SUPPLY, column, device, number)
            text = isinstance(value, str)
            found[oid] = VarBind(oid, Tag.OCTETS if text else Tag.INTEGER, value.encode() if text else value)
    return found


def supply(**columns: int | str) -> DeviceSupply:
    names = {"colorant": 3, "cls": 4, "type": 5, "name": 6, "unit": 7, "capacity": 8, "level": 9}
    return supplies_of(View(objects({names[name]: value for name, value in columns.items()})))[0]


@pytest.mark.parametrize(
    ("level", "capacity", "percent", "state"),
    [
        (50, 100, 50, "ok"),
        (1, 1_000, 1, "low"),
        (0, 100, 0, "empty"),
        (0, -2, None, "empty"),
        (-1, 100, None, "unknown"),
        (-2, 100, None, "unknown"),
        (-3, 100, None, "some_left"),
        (-3, -2, None, "some_left"),
        (40, -2, None, "some_left"),
        (40, 0, None, "some_left"),
        (40, -1, None, "some_left"),
        (130, 100, 100, "ok"),
        (10, 100, 10, "low"),
        (11, 100, 11, "ok"),
        (995, 1_000, 100, "ok"),
        (-100, 100, None, "unknown"),
    ],
)
def test_a_level_is_what_the_standard_says_it_is(level, capacity, percent, state) -> None:
    found = supply(level=level, capacity=capacity)
    assert (found.level_percent, found.state) == (percent, state)
    assert found.level == (level if level >= 0 else None)
    assert found.capacity == (capacity if capacity > 0 else None)


@pytest.mark.parametrize(
    ("level", "capacity", "percent", "state"),
    [
        (90, 100, 90, "ok"),
        (4, 100, 4, "nearly_full"),
        (0, 100, 0, "full"),
        (-3, -2, None, "ok"),
        (-2, -2, None, "unknown"),
    ],
)
def test_the_level_of_a_waste_box_is_the_room_that_is_left(level, capacity, percent, state) -> None:
    for found in (supply(cls=4, level=level, capacity=capacity), supply(type=4, level=level, capacity=capacity)):
        assert (found.level_percent, found.state) == (percent, state)


@pytest.mark.parametrize(
    ("sent", "state"), [(2**32 - 3, "some_left"), (2**32 - 2, "unknown"), (2**32 - 1, "unknown")]
)
def test_a_negative_number_that_was_sent_unsigned_is_no_level(sent: int, state: str) -> None:
    found = supply(level=sent, capacity=2**32 - 2)
    assert (found.level_percent, found.level, found.capacity, found.state) == (None, None, None, state)


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"name": "Pojemnik na toner"}, "waste_toner"),
        ({"name": "Toner", "type": 3}, "waste_toner"),
        ({"name": "Tinta", "type": 1}, "waste_ink"),
        ({"name": "Box"}, None),
    ],
)
def test_a_receptacle_of_toner_or_ink_holds_their_waste(columns, kind) -> None:
    assert supply(cls=4, level=5, capacity=100, **columns).kind == kind
    assert supply(cls=4, level=5, capacity=100, **columns).state == "nearly_full"


def test_a_percentage_needs_no_capacity() -> None:
    found = supply(unit=19, level=54, capacity=-2)
    assert (found.level_percent, found.unit, found.capacity) == (54, "percent", None)


@pytest.mark.parametrize(
    ("number", "unit"),
    [(15, "tenths_of_ml"), (13, "tenths_of_g"), (7, "impressions"), (17, "metres"), (1, None), (99, None)],
)
def test_units_have_names(number: int, unit: str | None) -> None:
    assert supply(unit=number, level=1).unit == unit


def test_what_is_not_said_is_absent() -> None:
    assert supply(name="Toner") == DeviceSupply(index=1, name="Toner", kind="toner", state="unknown")


def test_supplies_may_be_those_of_any_device_even_number_0() -> None:
    found = supplies_of(View(objects({6: "Black ink", 9: 5, 8: 10}, {6: "Cyan ink", 9: 7, 8: 10}, device=0)))
    assert [(each.index, each.colour, each.level_percent) for each in found] == [(1, "black", 50), (2, "cyan", 70)]


def test_the_same_row_under_two_devices_is_one_supply() -> None:
    twice = objects({6: "Toner", 9: 5, 8: 10}) | objects({6: "Toner", 9: 5, 8: 10}, device=2)
    assert len(supplies_of(View(twice))) == 1


def test_rows_with_holes_are_read_as_far_as_they_go() -> None:
    found = supplies_of(View(objects({6: "Toner"}, {9: 40, 8: 80}, {5: 3}, {7: 19})))
    assert [(each.index, each.name, each.level_percent) for each in found] == [
        (1, "Toner", None),
        (2, None, 50),
        (3, None, None),
    ]


@pytest.mark.parametrize(
    ("colorant", "name", "colour"),
    [
        ("black", "Supply 1", "black"),
        ("Black", "Matte Black Ink", "matte-black"),
        ("cyan", "Light cyan", "light-cyan"),
        ("gray", "PGI-72", "grey"),
        ("unknown", "Cyan", "cyan"),
        ("none", "Supply", None),
        ("magenta\0\0", "x", "magenta"),
        ("negro", "x", "black"),
        ("photo_black", "x", "photo-black"),
    ],
)
def test_the_colour_is_that_of_the_colorant_and_the_name_may_say_more(colorant, name, colour) -> None:
    oid = (*mib.COLORANT, mib.COLORANT_VALUE, 1, 1)
    told = objects({3: 1, 5: 5, 6: name}) | {oid: VarBind(oid, Tag.OCTETS, colorant.encode())}
    assert supplies_of(View(told))[0].colour == colour


def test_colorants_may_stand_under_another_device_than_the_supplies() -> None:
    supplies = objects({3: 1, 5: 5, 6: "932XL"}, {3: 2, 5: 5, 6: "933XL"}, device=0)
    oids = [(*mib.COLORANT, mib.COLORANT_VALUE, 1, number) for number in (1, 2)]
    told = {oid: VarBind(oid, Tag.OCTETS, colour) for oid, colour in zip(oids, (b"black", b"cyan"), strict=True)}
    assert [each.colour for each in supplies_of(View(supplies | told))] == ["black", "cyan"]


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("Schwarzer Toner", "black"),
        ("Tonerkartusche Gelb", "yellow"),
        ("Cartouche de toner cyan", "cyan"),
        ("Cartouche jaune", "yellow"),
        ("Tóner amarillo", "yellow"),
        ("Toner nero", "black"),
        ("Tinteiro preto fosco", "matte-black"),
        ("Černý toner", "black"),
        ("Żółty toner", "yellow"),
        ("黑色碳粉", "black"),
        ("シアン トナー", "cyan"),
        ("검정 토너", "black"),
        ("Toner (K)", "black"),
        ("TK-8335CS", "cyan"),
        ("CLT-M406S", "magenta"),
        ("Tri-color Ink Cartridge", "tri-colour"),
        ("Photo Black Ink", "photo-black"),
        ("Light Light Black", "light-light-black"),
        ("Black Cartridge 827A HP CF300A", "black"),
        ("Required Part", None),
        ("Sar\N{LATIN SMALL LETTER DOTLESS I} Toner", "yellow"),
        ("MK-8335A", None),
        ("DK-896(K)", "black"),
        ("HP 912 PGBK", "black"),
        ("Document Feeder Kit HP C1P70A", None),
        ("Imaging Unit Cyan, Magenta, Yellow, Black", None),
        ("Fuser", None),
    ],
)
def test_a_name_says_the_colour_in_many_languages(name: str, colour: str | None) -> None:
    assert colour_in(name) == colour


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Resttonerbehälter", "waste_toner"),
        ("Waste Ink Tank", "waste_ink"),
        ("Maintenance Box", "waste_ink"),
        ("Contenitore toner di scarto", "waste_toner"),
        ("Toneropvangbak", "waste_toner"),
        ("Zásobník na odpadní toner", "waste_toner"),
        ("Bouteille récup. toner", "waste_toner"),
        ("At\N{LATIN SMALL LETTER DOTLESS I}k Toner Kutusu", "waste_toner"),
        ("Unidad de fusión", "fuser"),
        ("Bac de récupération de toner usagé", "waste_toner"),
        ("Bildtrommel", "drum"),
        ("Photoconductor Unit", "drum"),
        ("Fixiereinheit", "fuser"),
        ("Schwarztoner", "toner"),
        ("Tintenpatrone", "ink"),
        ("Encre noire", "ink"),
        ("インクカートリッジ", "ink"),
        ("Transfer Roller", "transfer_unit"),
        ("Heftklammern", "staples"),
        ("Link Kit", None),
    ],
)
def test_a_name_says_the_kind_where_the_type_does_not(name: str, kind: str | None) -> None:
    assert kind_in(name) == kind
    assert supply(type=1, name=name).kind == kind


def test_a_waste_box_and_a_fuser_have_no_colour() -> None:
    assert supply(type=4, name="Waste Toner (Black)").colour is None
    assert supply(type=15, name="Fuser, black").colour is None


def test_the_technology_of_the_printer_says_what_is_in_its_cartridges() -> None:
    oid = (*mib.MARKER, mib.MARKER_TECH, 1, 1)
    told = objects({6: "Black Cartridge"}) | {oid: VarBind(oid, Tag.INTEGER, 4)}
    assert supplies_of(View(told))[0].kind == "toner"
    assert supplies_of(View(objects({6: "Black Cartridge"})), "HP DesignJet T1700")[0].kind == "ink"


def test_percent_and_state_of_nothing_are_nothing() -> None:
    assert level_percent(None, 100) is None
    assert supply_state(None, None, waste=False) == "unknown"
