"""The few kinds of lines among many: all that decides a line's rates, brought into one number per line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from services.accounting.event_codes import COLOUR_MODE, KIND, OUTCOME
from services.accounting.ledger.fast.sums import TooLarge
from services.accounting.pricing import PriceBook, PrinterFacts
from services.accounting.pricing.entries import CANCELLED, TABLES, PriceListFile
from services.accounting.pricing.sizes import size_class
from services.accounting.rerate.lines import ABSENT, Lines, Whole
from shared.events.jobs import JobLine

_KEY_BITS: Final = 62
_UM_PER_M: Final = 1_000_000
_LARGEST: Final = (1 << 62) // _UM_PER_M
AREAS: Final = ("printed_area_mm2", "used_area_mm2")
KINDS: Final = {number: code for code, number in KIND.items()}
OUTCOMES: Final = {number: code for code, number in OUTCOME.items()}
_MONO: Final = COLOUR_MODE["mono"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the ledger's numbers stand for.

    Attributes:
        printers: what the registry says of each.
        ink_sets, finishings: the codes of each, in order.
        widths: by column of a line, how many bits the largest number in it has.
    """

    printers: Mapping[int, PrinterFacts]
    media: Mapping[int, str]
    categories: Mapping[int, str]
    ink_sets: Mapping[int, tuple[str, ...]]
    finishings: Mapping[int, tuple[str, ...]]
    projects: Mapping[int, str]
    departments: Mapping[int, str]
    widths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a line the price lists of a book ask for at all: the rest need not be read.

    Attributes:
        inks: amounts of ink by colour.
        areas: those of AREAS of which it matters how large they are.
        more: other quantities than areas, and the size of pages.
        cancelled: whether a job was cancelled.
        printers: the printers that any list names, by id or serial number.
        changes: the moments at which other lists begin to count, in order.
        each_printer: whether lists are assigned to printers.
        groups: whether any list names a group of printers, or is assigned to one.
    """

    inks: bool
    areas: frozenset[str]
    more: bool
    cancelled: bool
    printers: frozenset[str]
    changes: tuple[datetime, ...]
    each_printer: bool
    groups: bool

    @classmethod
    def of(cls, book: PriceBook) -> Needs:
        """Of all lists of a book."""
        files = [prices.file for prices in book.lists]
        more = any(
            file.click or file.scan or file.finishing or any(each.unit != "per_m2" for each in file.media)
            for file in files
        )
        return cls(
            inks=any(file.ink for file in files),
            areas=frozenset(AREAS if more else (area for file in files for area in _areas(file))),
            more=more,
            cancelled=any(file.policy(outcome) != "full" for file in files for outcome in CANCELLED),
            printers=frozenset(
                entry.scope.name
                for file in files
                for table in TABLES
                for entry in file.entries(table)
                if entry.scope.level == "printer"
            ),
            changes=tuple(book.changes),
            each_printer="printer" in book.levels,
            groups="group" in book.levels
            or any(scope.level == "group" for prices in book.lists for scope in prices.scopes()),
        )

    def with_all_of(self, other: Needs) -> Needs:
        """What either asks for."""
        return Needs(
            inks=self.inks or other.inks,
            areas=self.areas | other.areas,
            more=self.more or other.more,
            cancelled=self.cancelled or other.cancelled,
            printers=self.printers | other.printers,
            changes=tuple(sorted({*self.changes, *other.changes})),
            each_printer=self.each_printer or other.each_printer,
            groups=self.groups or other.groups,
        )


def _areas(file: PriceListFile) -> Iterator[str]:
    """The areas that rates per m2 of a list multiply."""
    if file.ppu:
        yield AREAS[0] if file.area == "printed" else AREAS[1]
    if file.media:
        yield AREAS[1]


def printer_classes(printers: Mapping[int, PrinterFacts], needs: Needs) -> Whole:
    """By printer number, a number that printers share which no price list can tell apart."""
    classes = np.zeros(max(printers, default=0) + 1, np.int64)
    known: dict[PrinterFacts, int] = {}
    for number, facts in printers.items():
        is_alike = facts.model and not needs.each_printer and not {facts.id, facts.serial} & needs.printers
        alike = PrinterFacts("", "", facts.model, facts.group if needs.groups else "") if is_alike else facts
        classes[number] = known.setdefault(alike, len(known) + 1)
    return classes


def fold(columns: Sequence[Whole]) -> tuple[Whole, Whole]:
    """Numbers the different rows of some columns.

    Returns:
        Of each different row the place where it stands first, and for each row which of them it is.
    """
    combined = np.zeros(len(columns[0]), np.int64)
    bits = 0
    for column in columns:
        if not len(column):
            break
        low = int(column.min())
        width = (int(column.max()) - low).bit_length()
        if bits + width > _KEY_BITS:
            different, combined = np.unique(combined, return_inverse=True)
            bits = (len(different) - 1).bit_length()
        if bits + width > _KEY_BITS:
            different, column = np.unique(column, return_inverse=True)  # noqa: PLW2901 - the same, renumbered
            low, width = 0, (len(different) - 1).bit_length()
        if width:
            combined = combined << width | (column - low)
            bits += width
    if 1 << bits <= len(combined):
        return _by_place(combined, 1 << bits)
    _, first, which = np.unique(combined, return_index=True, return_inverse=True)
    return first, which


def _by_place(numbers: Whole, places: int) -> tuple[Whole, Whole]:
    """The same for few possible numbers: each stands at its place, which takes a tenth of the time of sorting."""
    first = np.full(places, len(numbers))
    # The last one that is written stays, which is the first of the numbers.
    first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    present = np.flatnonzero(first < len(numbers))
    which = np.empty(places, np.int64)
    which[present] = np.arange(len(present))
    return first[present], which[numbers]


def length_fed(lines: Lines) -> Whole:
    """The length of medium fed, as pricing.quantities.length_fed_um has it; ABSENT where it can't be told.

    Raises:
        TooLarge: a length may not fit 64 bits.
    """
    used, roll = lines.used_area_mm2, lines.roll_width_um
    count = np.where(lines.sheets != ABSENT, lines.sheets, lines.impressions)
    if len(used) and max(int(used.max()), int(lines.length_um.max())) >= _LARGEST:
        raise TooLarge("a length may exceed 64 bits")
    by_roll = (used != ABSENT) & (roll > 0)
    quotients, remainders = np.divmod(np.where(by_roll, used, 0) * _UM_PER_M, np.where(by_roll, roll, 1))
    twice = 2 * remainders
    up = (twice > roll) | ((twice == roll) & (quotients & 1 == 1))
    if len(count) and int(count.max()) * max(0, int(lines.length_um.max())) >= 1 << _KEY_BITS:
        raise TooLarge("a length may exceed 64 bits")
    by_page = np.where((lines.length_um != ABSENT) & (count != ABSENT), lines.length_um * count, ABSENT)
    found: Whole = np.where(by_roll, quotients + up, by_page)
    return found


def sizes(lines: Lines) -> Whole:
    """A number for each line's size class."""
    first, which = fold([lines.width_um, lines.length_um])
    numbers: dict[str | None, int] = {}
    of_each = [
        numbers.setdefault(size_class(_told(lines.width_um[at]), _told(lines.length_um[at])), len(numbers))
        for at in first
    ]
    found: Whole = np.array(of_each, np.int64)[which]
    return found


def inks_used(lines: Lines) -> Whole:
    """Bit by bit, which colours of its ink set a line used any of."""
    mask = np.zeros(len(lines), np.int64)
    for bit, ink in enumerate(lines.inks):
        mask |= (ink != 0).astype(np.int64) << bit
    return mask


def told_line(lines: Lines, at: int, names: Names) -> JobLine:
    """One line as its event told it, as far as prices depend on it."""
    colours = names.ink_sets[int(lines.ink_set_no[at])]
    ink_ul = {colour: int(ink[at]) for colour, ink in zip(colours, lines.inks, strict=False)}
    finishing = names.finishings[int(lines.finishing_no[at])]
    return JobLine(
        media=names.media[int(lines.media_no[at])] or None,
        roll_width_um=_told(lines.roll_width_um[at]),
        width_um=_told(lines.width_um[at]),
        length_um=_told(lines.length_um[at]),
        printed_area_mm2=_told(lines.printed_area_mm2[at]),
        used_area_mm2=_told(lines.used_area_mm2[at]),
        scan_area_mm2=_told(lines.scan_area_mm2[at]),
        category=names.categories[int(lines.category_no[at])] or None,
        colour_mode=None if not (mode := int(lines.colour_mode[at])) else "mono" if mode == _MONO else "colour",
        finishing=list(finishing) or None,
        ink_ul=ink_ul or None,
        impressions=_told(lines.impressions[at]),
        sheets=_told(lines.sheets[at]),
    )


def _told(value: np.int64) -> int | None:
    return None if value == ABSENT else int(value)
