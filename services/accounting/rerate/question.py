"""By which lists lines are priced again: the published ones, or one of them or a draft as if it counted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from msgspec import Struct

from services.accounting.pricing import Assignment, PriceBook, PriceList
from services.accounting.pricing.entries import Book
from shared.events.jobs import EARLIEST

AsIfLevel = Literal["all", "project", "customer", "department", "printer", "group", "model", "default"]
BOTH: Final[frozenset[Book]] = frozenset({"cost", "price"})


class AsIf(Struct, frozen=True, kw_only=True):
    """Where a list is held to count: for everything (`all`), for one key of a level, or by default."""

    level: AsIfLevel = "all"
    key: str = ""


class Lists(Struct, frozen=True):
    """Published lists, what they are assigned to, and whose each project is."""

    lists: tuple[PriceList, ...]
    assignments: tuple[Assignment, ...]
    customers: Mapping[str, str]

    @property
    def book(self) -> PriceBook:
        """The price book as it counts."""
        return PriceBook(self.lists, self.assignments)

    def as_if(self, prices: PriceList, where: AsIf | None) -> PriceBook:
        """The price book in which one version counts at all times, in place of all others of its name.

        Args:
            prices: a draft or published version.
            where: what it is assigned to; None leaves it where its name is assigned.
        """
        name, book = prices.file.name, prices.file.book
        always = PriceList(list_id=prices.id, version=prices.version, valid_from=EARLIEST, file=prices.file)
        lists = [each for each in self.lists if each.file.name != name]
        assignments: Iterable[Assignment] = self.assignments
        if where is not None and where.level == "all":
            assignments = [each for each in self.assignments if each.book != book]
            where = AsIf(level="default")
        if where is not None and where.level != "all":
            assignments = [*assignments, Assignment(book, where.level, where.key, name)]
        return PriceBook([*lists, always], assignments)

    def has_default(self, book: Book) -> bool:
        """Whether a list was named the default of a book: the first one that is published becomes it."""
        defaults = [each.name for each in self.assignments if (each.book, each.level) == (book, "default")]
        return bool(defaults) and defaults[-1] is not None

    def is_assigned(self, name: str) -> bool:
        """Whether a list counts for anything."""
        return any(each.name == name for each in self.assignments)
