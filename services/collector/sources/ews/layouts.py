"""Which column of an accounting table is which: by the model's definition, else by the units in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from services.collector.sources.ews.table import MAX_CELLS, Row
from services.collector.sources.ews.words import Habits, amount, is_area, is_length, is_volume, looks_like_date
from shared.errors import Reject

Column = Annotated[int, Meta(ge=0, lt=MAX_CELLS)]
BY_UNITS: Final = "units"
LEAST_CELLS: Final = 4


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns by their meaning; None: the table has no such, or it is not known where."""

    name: str
    match: str = ""
    cells: Annotated[int, Meta(ge=LEAST_CELLS, le=MAX_CELLS)]
    document: Column | None = None
    kind: Column | None = None
    status: Column | None = None
    copies: Column | None = None
    media: Column | None = None
    area: Column | None = None
    length: Column | None = None
    ink: Column | None = None
    person: Column | None = None
    account: Column | None = None
    date: Column
    quality: Column | None = None
    why: Annotated[str, Meta(min_length=20)]


class Layouts(Struct, frozen=True, forbid_unknown_fields=True):
    """All of layouts.toml."""

    layouts: tuple[Layout, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The layouts to try; where none fits, cells are told apart by units, unless they are the device's own."""

    layouts: tuple[Layout, ...]
    own: bool = False


@cache
def known_layouts() -> Layouts:
    """What comes with Inkmeter."""
    text = resources.files(__package__).joinpath("layouts.toml").read_bytes()
    return msgspec.toml.decode(text, type=Layouts)


def chosen_layouts(name: str, model: str | None, known: Layouts) -> Chosen:
    """The layout that an address names, else the model's, else all.

    Raises:
        Reject: there is no layout of that name.
    """
    if name == BY_UNITS:
        return Chosen(())
    if name:
        named = tuple(layout for layout in known.layouts if layout.name == name)
        if not named:
            names = ", ".join([*(layout.name for layout in known.layouts), BY_UNITS])
            raise Reject(f"there is no layout {name!r} of an accounting table; these are known: {names}")
        return Chosen(named, own=True)
    plain = (model or "").strip().lower()
    own = tuple(each for each in known.layouts if each.match and fnmatchcase(plain, each.match.lower()))
    return Chosen(own, own=True) if own else Chosen(known.layouts)


def layout_of(row: Row, chosen: Chosen) -> Layout | None:
    """The layout of a row of a job; None for a row that is none.

    Raises:
        Reject: it looks like a job, and not as the device's own layout says.
    """
    for layout in chosen.layouts:
        if len(row.cells) == layout.cells and _fits(row.cells, layout):
            return layout
    found = _by_units(row.cells)
    if found is not None and chosen.own:
        names = " or ".join(layout.name for layout in chosen.layouts)
        raise Reject(f"it is not laid out as {names} says: has the page changed? layout=units reads it by units")
    return found


def ink_cell(row: Row, habits: Habits) -> tuple[str, str] | None:
    """The name and the amount in a row of one ink below a job: the first volume, and the text before it."""
    if len(row.cells) > LEAST_CELLS + 2:
        return None
    for at, cell in enumerate(row.cells):
        found = _amount(cell, habits)
        if found and is_volume(found) and (name := next((each for each in row.cells[:at] if each), "")):
            return name, cell
    return None


def _fits(cells: Sequence[str], layout: Layout) -> bool:
    """Whether there is a date where the layout has one, and, where there are units, the right ones."""
    if not looks_like_date(cells[layout.date]):
        return False
    for column, fitting in ((layout.area, is_area), (layout.length, is_length), (layout.ink, is_volume)):
        cell = cells[column] if column is not None else ""
        unit = _amount(cell, _ANY)
        if cell and (unit is None or (unit and not fitting(unit))):
            return False
    return True


def _by_units(cells: Sequence[str]) -> Layout | None:
    """Where cells of such units are; a row without a date and one of area, length or ink is none of a job."""
    if len(cells) < LEAST_CELLS:
        return None
    date = next((at for at, cell in enumerate(cells) if looks_like_date(cell)), None)
    units = [_amount(cell, _ANY) or "" for cell in cells]
    found = [
        next((at for at, unit in enumerate(units) if fitting(unit)), None)
        for fitting in (is_area, is_length, is_volume)
    ]
    if date is None or found == [None, None, None]:
        return None
    area, length, ink = found
    document = next((at for at, cell in enumerate(cells) if cell and at not in (date, *found)), None)
    return Layout(
        name=BY_UNITS,
        cells=len(cells),
        document=document,
        area=area,
        length=length,
        ink=ink,
        date=date,
        why="Found out from the units in the cells.",
    )


_ANY: Final = Habits(".", day_first=True)
"""Which unit a cell has does not depend on how its number is read."""


def _amount(cell: str, habits: Habits) -> str | None:
    found = amount(cell, habits)
    return found[1] if found else None
