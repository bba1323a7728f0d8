"""Supplies and waste boxes by the standard (RFC 3805, prtMarkerSuppliesTable).

A level is what is left, of a receptacle the room that is left. -1 means that there is no limit, -2 unknown, -3
that something is left; none of them is a number of anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.collector.devices import mib
from services.collector.devices.view import Index, Row, View, level_of, number_of
from services.collector.devices.words import colour_in, content_in, kind_in
from services.collector.snmp.text import text_of
from shared.events.devices import DeviceSupply

LOW_PERCENT: Final = 10
SOME_LEFT: Final = -3
NEARLY_EMPTY: Final = -1_000
"""No number of the standard: what quirks put for a maker's own number that means it."""
_RECEPTACLE: Final = 4
"""PrtMarkerSuppliesClassTC: other(1), supplyThatIsConsumed(3), receptacleThatIsFilled(4)."""
_PERCENT: Final = 19
_MAX_LEVEL: Final = 2**63 - 1

KINDS: Final = {
    3: "toner",
    4: "waste_toner",
    5: "ink",
    6: "ink",
    7: "ribbon",
    8: "waste_ink",
    9: "drum",
    10: "developer",
    11: "fuser_oil",
    12: "wax",
    13: "ribbon",
    14: "waste_wax",
    15: "fuser",
    16: "corona_wire",
    17: "fuser_oil_wick",
    18: "cleaner",
    19: "fuser_cleaning_pad",
    20: "transfer_unit",
    21: "toner",
    22: "fuser_oiler",
    23: "water",
    24: "waste_water",
    25: "glue",
    26: "waste_paper",
    27: "binding",
    28: "banding",
    29: "stitching_wire",
    30: "shrink_wrap",
    31: "paper_wrap",
    32: "staples",
    33: "inserts",
    34: "covers",
}
"""PrtMarkerSuppliesTypeTC; other(1) and unknown(2) say nothing."""
_WASTE: Final = {"toner": "waste_toner", "ink": "waste_ink", "wax": "waste_wax", "water": "waste_water"}
_SAME_COLOUR: Final = {"gray": "grey", "none": None, "other": None, "unknown": None, "multi-color": "tri-colour"}
_TECHNOLOGIES: Final = {3: "toner", 4: "toner", 5: "toner", 12: "ink", 13: "wax", 14: "ink", 16: "ribbon"}
"""prtMarkerMarkTech: what a cartridge of that printer holds."""
_COLOURED: Final = frozenset({"toner", "ink", "drum", "developer", "wax", "ribbon", "printhead", None})


def supplies_of(view: View, model: str | None = None) -> tuple[DeviceSupply, ...]:
    """All supplies, each once, in the order of the device; the model may say what is in its cartridges."""
    colorants = {
        index: told
        for index, row in view.rows(mib.COLORANT).items()
        if (told := text_of(row.get(mib.COLORANT_VALUE)))
    }
    content = cartridge_content(view) or (content_in(model) if model else None)
    found: dict[tuple[object, ...], DeviceSupply] = {}
    for index, row in view.rows(mib.SUPPLY).items():
        if mib.SUPPLY_DESCR in row or mib.SUPPLY_LEVEL in row or mib.SUPPLY_TYPE in row:
            supply = _supply(index, row, colorants, content)
            # Some devices show the same supplies under each of their parts.
            found.setdefault((supply.index, supply.name, supply.level, supply.capacity), supply)
    return tuple(found.values())


def cartridge_content(view: View) -> str | None:
    """What the printer prints with, by its technology."""
    for row in view.rows(mib.MARKER).values():
        if found := _TECHNOLOGIES.get(number_of(row.get(mib.MARKER_TECH)) or 0):
            return found
    return None


def _supply(index: Index, row: Row, colorants: Mapping[Index, str], content: str | None) -> DeviceSupply:
    name = text_of(row.get(mib.SUPPLY_DESCR))
    unit = number_of(row.get(mib.SUPPLY_UNIT))
    level = level_of(row.get(mib.SUPPLY_LEVEL))
    capacity = level_of(row.get(mib.SUPPLY_CAPACITY))
    kind = _kind(row, name, content)
    waste = number_of(row.get(mib.SUPPLY_CLASS)) == _RECEPTACLE or bool(kind and kind.startswith("waste"))
    percent = level_percent(level, 100 if unit == _PERCENT and (capacity or 0) <= 0 else capacity)
    return DeviceSupply(
        index=index[-1],
        name=name,
        kind=kind,
        colour=None if waste or kind not in _COLOURED else _colour(index, row, name, colorants),
        level_percent=percent,
        level=quantity(level),
        capacity=quantity(capacity) or None,
        unit=mib.UNITS.get(unit or 0),
        state=supply_state(level, percent, waste=waste),
    )


def quantity(number: int | None) -> int | None:
    """A number that counts something."""
    return number if number is not None and 0 <= number <= _MAX_LEVEL else None


def level_percent(level: int | None, capacity: int | None) -> int | None:
    """The level in percent of the capacity, at most 100; what is left is never rounded to nothing."""
    if level is None or level < 0 or capacity is None or capacity <= 0:
        return None
    return min(100, max(1 if level else 0, (200 * level + capacity) // (2 * capacity)))


def supply_state(level: int | None, percent: int | None, *, waste: bool) -> str:
    """The state by the level; of a waste box the level is its room."""
    empty, low, some = ("full", "nearly_full", "ok") if waste else ("empty", "low", "some_left")
    if level == 0:
        return empty
    if level == NEARLY_EMPTY:
        return low
    if percent is not None:
        return low if percent <= LOW_PERCENT else "ok"
    return some if level is not None and (level > 0 or level == SOME_LEFT) else "unknown"


def _kind(row: Row, name: str | None, content: str | None) -> str | None:
    kind = KINDS.get(number_of(row.get(mib.SUPPLY_TYPE)) or 0) or (kind_in(name) if name else None)
    if kind is None and name and ("cartridge" in name.lower() or "kartusche" in name.lower()):
        kind = content
    # What is filled and not consumed holds waste, in whatever language it is called so.
    return _WASTE.get(kind or "", kind) if number_of(row.get(mib.SUPPLY_CLASS)) == _RECEPTACLE else kind


def _colour(index: Index, row: Row, name: str | None, colorants: Mapping[Index, str]) -> str | None:
    """By the colorant table; a name that says more ("matte black" of "black") or all there is, counts."""
    said = colour_in(name) if name else None
    colorant = number_of(row.get(mib.SUPPLY_COLORANT))
    told = _colorant(index[:-1], colorant, colorants) if colorant else None
    if told is None:
        return said
    colour = told.strip().lower().replace("_", "-").replace(" ", "-")
    colour = _SAME_COLOUR.get(colour, colour_in(told) or colour_in(told.replace("-", " "))) or ""
    return said if said and (not colour or said.endswith(f"-{colour}")) else colour or None


def _colorant(device: Index, number: int, colorants: Mapping[Index, str]) -> str | None:
    """A colorant of a device; where only one has any, all supplies are its: some agents number theirs under 0."""
    devices = {index[:-1] for index in colorants}
    home = next(iter(devices)) if len(devices) == 1 else device
    return colorants.get((*home, number))
