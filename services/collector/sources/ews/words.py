"""Numbers, dates and words of seven languages, as HP's web pages write them: read in one way or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from services.collector.sources.quantities import MM2_PER, UL_PER, UM_PER, unit_name
from services.collector.sources.tree import decimal
from shared.errors import Reject

Language = Literal["auto", "de", "en", "en-GB", "es", "fr", "it", "pt", "ru"]
Mark = Literal[".", ","]
LANGUAGES: Final[tuple[Language, ...]] = ("auto", "de", "en", "en-GB", "es", "fr", "it", "pt", "ru")

_NUMBER: Final = re.compile(r"^([\d.,'\s]{1,30}?)\s*([^\d\s.,'].{0,11})?$")
_DAY: Final = re.compile(r"(?<!\d)(\d{1,4})([./-])(\d{1,2})\2(\d{2,4})(?!\d)")
_TIME: Final = re.compile(
    r"(?<!\d)(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?(?:\s*([ap])\.?\s?m\.?)?(?!\d)", re.IGNORECASE
)
_WORD_DAY: Final = re.compile(
    r"(?:(\d{1,2})\.?[\s/-]+(?:de\s+)?)?([^\W\d_]{3,12})\.?[\s/,-]+(?:de\s+)?(\d{1,2},?\s+)?(\d{4})"
)
_MONTHS: Final = {
    1: ("jan", "ene", "gen", "янв"),
    2: ("feb", "fév", "fev", "фев"),
    3: ("mar", "mär", "mrz", "мар"),
    4: ("apr", "abr", "avr", "апр"),
    5: ("may", "mai", "mag", "май", "мая"),
    6: ("jun", "juin", "giu", "июн"),
    7: ("jul", "juil", "lug", "июл"),
    8: ("aug", "ago", "aoû", "aou", "авг"),
    9: ("sep", "set", "сен"),
    10: ("oct", "okt", "ott", "out", "окт"),
    11: ("nov", "ноя"),
    12: ("dec", "dez", "dic", "déc", "дек"),
}
_KINDS: Final = (
    ("copy", ("cop", "kopie", "копи", "копир", "fotocop")),
    ("scan", ("scan", "skan", "скан", "digital", "numéris", "escane", "acquisiz")),
)
_CANCELLED: Final = ("cancel", "annul", "anul", "abgebro", "storn", "отмен", "прерва", "interr")
_FAILED: Final = ("abort", "error", "fehl", "fail", "erreur", "erro", "ошиб", "falh", "échec")
_BY_DEVICE: Final = ("printer", "drucker", "impriman", "impresora", "stampante", "impressora", "принтер", "system")


@dataclass(frozen=True, slots=True)
class Habits:
    """How one page writes numbers and dates; None where nothing in it told."""

    mark: Mark | None
    day_first: bool | None


def habits_of(language: Language, cells: Iterable[str]) -> Habits:
    """What the language says, else what the page itself shows: one number or date that can be read in one way."""
    if language != "auto":
        point = language in ("en", "en-GB")
        return Habits("." if point else ",", language != "en")
    marks: set[Mark] = set()
    first: set[bool] = set()
    for cell in cells:
        found = _NUMBER.match(cell)
        if found and _is_unit(unit_name(found.group(2) or "")) and (mark := _mark_of(found.group(1))):
            marks.add(mark)
        if (day := _DAY.search(cell)) and day.group(2) != "." and len(day.group(1)) <= 2:  # noqa: PLR2004
            one, two = int(day.group(1)), int(day.group(3))
            if (one > 12) != (two > 12):  # noqa: PLR2004
                first.add(one > 12)  # noqa: PLR2004
    return Habits(marks.pop() if len(marks) == 1 else None, first.pop() if len(first) == 1 else None)


def amount(cell: str, habits: Habits) -> tuple[Decimal, str] | None:
    """A number and its unit in one spelling ("" for none); None where the cell is no such thing.

    Raises:
        Reject: the number can be read in two ways.
    """
    found = _NUMBER.match(cell.strip())
    if not found or not any(letter.isdigit() for letter in found.group(1)):
        return None
    digits = re.sub(r"[\s']", "", found.group(1))
    mark = _mark_of(digits) or habits.mark
    if mark is None and re.search(r"[.,]", digits):
        raise Reject(f"{cell[:40]!r} can be read as thousands or as thousandths: name the language in the address")
    other = "," if mark == "." else "."
    number = decimal(digits.replace(other, "").replace(mark or ".", "."))
    return None if number is None else (number, unit_name(found.group(2) or ""))


def is_area(unit: str) -> bool:
    """Whether a unit, in the spelling that amount gives, is one of area."""
    return unit in MM2_PER


def is_length(unit: str) -> bool:
    """The same for lengths."""
    return unit in UM_PER


def is_volume(unit: str) -> bool:
    """The same for volumes."""
    return unit in UL_PER


def looks_like_date(cell: str) -> bool:
    """Whether a cell holds a day and a time, in whatever order."""
    day = _month_day(cell)[1] or _DAY.search(cell)
    return day is not None and _TIME.search(_without(cell, day)) is not None


def date_of(cell: str, habits: Habits) -> datetime:
    """The day and time in a cell, without a zone.

    Raises:
        Reject: there is none, or it can be read in two ways.
    """
    day, found = _month_day(cell)
    if day is None and (found := _DAY.search(cell)):
        day = _numeric_day(cell, found, habits)
    time = _TIME.search(_without(cell, found)) if found else None
    if time is None or day is None:
        raise Reject(f"{cell[:40]!r} is no date with a time")
    hour, minute, second = int(time.group(1)), int(time.group(2)), int(time.group(3) or 0)
    if half := (time.group(4) or "").lower():
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return datetime(*day, hour, minute, second)  # noqa: DTZ001 - the page names no zone; the caller knows it
    except ValueError as error:
        raise Reject(f"{cell[:40]!r} is no date: {error}") from error


def kind_of(cell: str) -> Literal["print", "copy", "scan"]:
    """What kind of job a word stands for; printing for all that is not known."""
    plain = cell.lower()
    for kind, beginnings in _KINDS:
        if any(plain.startswith(each) for each in beginnings):
            return "copy" if kind == "copy" else "scan"
    return "print"


def ending_of(cell: str) -> Literal["completed", "cancelled_by_user", "cancelled_by_device", "aborted"]:
    """How a job ended by the word for it; completed for all that does not say otherwise."""
    plain = cell.lower()
    if any(each in plain for each in _CANCELLED):
        return "cancelled_by_device" if any(each in plain for each in _BY_DEVICE) else "cancelled_by_user"
    return "aborted" if any(each in plain for each in _FAILED) else "completed"


def _is_unit(unit: str) -> bool:
    return is_area(unit) or is_length(unit) or is_volume(unit)


def _mark_of(digits: str) -> Mark | None:
    """The decimal mark of a number that can be read in one way only."""
    plain = re.sub(r"[\s']", "", digits)
    marks = [letter for letter in plain if letter in ".,"]
    if not marks:
        return None
    last: Mark = "." if marks[-1] == "." else ","
    other: Mark = "," if last == "." else "."
    if len(set(marks)) == 2:  # noqa: PLR2004 - thousands by one, decimals by the other
        return last
    if len(marks) > 1:
        return other
    whole, _, fraction = plain.partition(last)
    thousands = len(fraction) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0")  # noqa: PLR2004
    return None if thousands else last


def _without(cell: str, found: re.Match[str]) -> str:
    """The cell less its day: in Italian a time is written as a day may be."""
    return f"{cell[: found.start()]} {cell[found.end() :]}"


def _numeric_day(cell: str, found: re.Match[str], habits: Habits) -> tuple[int, int, int]:
    one, two, three = int(found.group(1)), int(found.group(3)), int(found.group(4))
    if len(found.group(1)) == 4:  # noqa: PLR2004 - the year comes first in ISO 8601
        return one, two, three
    year = three if len(found.group(4)) == 4 else 2000 + three  # noqa: PLR2004
    if found.group(2) == "." or one > 12:  # noqa: PLR2004 - no one writes the month first with dots
        return year, two, one
    if two > 12:  # noqa: PLR2004
        return year, one, two
    if habits.day_first is None and one != two:
        raise Reject(f"{cell[:40]!r} can be read as two days: name the language in the address")
    return (year, two, one) if habits.day_first else (year, one, two)


def _month_day(cell: str) -> tuple[tuple[int, int, int], re.Match[str]] | tuple[None, None]:
    """10 juil. 2026, Jul 10, 2026 and 10 de julio de 2026, and where in the cell that is."""
    for found in _WORD_DAY.finditer(cell):
        before, word, after, year = found.groups()
        day = before or (after or "").strip(" ,")
        if (month := _month(word)) and day:
            return (int(year), month, int(day)), found
    return None, None


def _month(word: str) -> int | None:
    plain = word.lower()
    for month, beginnings in _MONTHS.items():
        if any(plain.startswith(each) for each in beginnings):
            return month
    return None
