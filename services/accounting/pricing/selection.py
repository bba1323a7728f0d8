"""Which list of one book counts for a line: the first level that has a list with a version valid at its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from services.accounting.pricing.entries import Book
from services.accounting.pricing.lists import PriceList
from services.accounting.pricing.quantities import PrinterFacts
from services.accounting.pricing.rates import Unpriced

AssignmentLevel = Literal["project", "customer", "department", "printer", "group", "model", "default"]
LEVELS: Final[tuple[AssignmentLevel, ...]] = get_args(AssignmentLevel)
"""In the order in which they are tried."""
DEFAULT: Final = "default"


class Assignment(NamedTuple):
    """That a list is to count for whoever has `key` on a level; the key of level default is "".

    Attributes:
        name: of the list; None takes away what was assigned before.
    """

    book: Book
    level: AssignmentLevel
    key: str
    name: str | None


class Payer(NamedTuple):
    """For whom a job is priced; "" where there is none.

    Attributes:
        department: the one that the job names, else its person's.
    """

    project: str = ""
    customer: str = ""
    department: str = ""


class Choice(NamedTuple):
    """The version that counts, and what chose it: `project P-100`, `default`."""

    prices: PriceList
    by: str


def keys_of(level: AssignmentLevel, payer: Payer, printer: PrinterFacts) -> tuple[str, ...]:
    """The keys that a line has on a level, the first one preferred; a printer is named by id or serial number."""
    if level == "printer":
        found: tuple[str, ...] = (printer.id, printer.serial)
    elif level == "default":
        return ("",)
    elif level in {"group", "model"}:
        found = (printer.group if level == "group" else printer.model,)
    else:
        found = (getattr(payer, level),)
    return tuple(key for key in found if key)


class Selection:
    """The lists of one book with what they are assigned to.

    A version counts from its `valid_from` until a later one of the same list does, or until its own end: of all
    versions that have begun the one with the highest number is meant, and when that has ended, none is.
    """

    def __init__(self, book: Book, lists: Iterable[PriceList], assignments: Iterable[Assignment]) -> None:
        """Takes published versions and assignments of any book, the last one made last."""
        self.book = book
        self._versions: dict[str, list[PriceList]] = {}
        for prices in sorted(lists, key=lambda each: each.version, reverse=True):
            if prices.file.book == book:
                self._versions.setdefault(prices.file.name, []).append(prices)
        self._named: dict[AssignmentLevel, dict[str, str]] = {}
        self._defaults: dict[str, None] = {}
        for _, level, key, name in (each for each in assignments if each.book == book):
            if level == DEFAULT:
                self._name_default(name)
            elif name is not None:
                self._named.setdefault(level, {})[key] = name
            else:
                self._named.get(level, {}).pop(key, None)
        self._named = {level: self._named[level] for level in LEVELS if self._named.get(level)}

    def _name_default(self, name: str | None) -> None:
        """Keeps names in the order in which each was named last; no name at all takes the earlier ones away."""
        if name is None:
            self._defaults.clear()
        else:
            self._defaults.pop(name, None)
            self._defaults[name] = None

    @property
    def levels(self) -> Sequence[AssignmentLevel]:
        """The levels that have any list, in their order, without default."""
        return tuple(self._named)

    def keys(self, level: AssignmentLevel) -> frozenset[str]:
        """Who has a list on a level."""
        return frozenset(self._named.get(level, ()))

    def valid(self, name: str, moment: datetime) -> PriceList | None:
        """The version of a list that counts at a moment, if any."""
        begun = next((each for each in self._versions.get(name, ()) if each.valid_from <= moment), None)
        return begun if begun is not None and begun.is_valid(moment) else None

    def choose(self, moment: datetime, payer: Payer, printer: PrinterFacts) -> Choice | None:
        """What counts for a line."""
        for level, key, name in self._assigned(payer, printer):
            if prices := self.valid(name, moment):
                return Choice(prices, f"{level} {key}")
        return self.default(moment)

    def default(self, moment: datetime) -> Choice | None:
        """What counts where nothing is assigned to any key of a line: the last one named that is valid."""
        for name in reversed(self._defaults):
            if prices := self.valid(name, moment):
                return Choice(prices, DEFAULT)
        return None

    def _assigned(self, payer: Payer, printer: PrinterFacts) -> Iterator[tuple[AssignmentLevel, str, str]]:
        for level, names in self._named.items():
            for key in keys_of(level, payer, printer):
                if (name := names.get(key)) is not None:
                    yield level, key, name

    def nothing(self, moment: datetime | None) -> Unpriced:
        """Why no list counts by default; without a moment: before all lists."""
        if not self._versions:
            return Unpriced(f"no price list is published in book {self.book}")
        named = [each for name in self._defaults for each in self._versions.get(name, ())]
        if not named:
            return Unpriced(
                f"no price list of book {self.book} counts for this line: none is named as its default"
            )
        ended = [each for each in named if moment and each.valid_until is not None and each.valid_until <= moment]
        if ended:
            last = max(ended, key=lambda each: each.valid_until or each.valid_from)
            until = (last.file.valid_until or last.valid_until or last.valid_from).isoformat()
            return Unpriced(
                f"no published price list in book {self.book} is valid: {last.label} was until {until}"
            )
        earliest = min(named, key=lambda each: each.valid_from).file.valid_from.isoformat()
        return Unpriced(f"no published price list in book {self.book} is valid before {earliest}")
