"""Which price lists count at a moment, and the rates of a line in both books at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.accounting.pricing.entries import Book
from services.accounting.pricing.lists import PriceList
from services.accounting.pricing.quantities import LineKey, Quantities
from services.accounting.pricing.rates import LineRate, MarkupRate, Unpriced, bounded

_BOOKS: tuple[Book, Book] = ("cost", "price")


@dataclass(frozen=True, slots=True)
class PairRate:
    """The rates of one LineKey in both books."""

    cost: LineRate | Unpriced
    price: LineRate | MarkupRate | Unpriced

    def amounts(self, q: Quantities, *, first: bool) -> tuple[int | None, int | None]:
        """Cost and price of a line in micro-units; None where there is none."""
        cost = self.cost.amount(q, first=first) if isinstance(self.cost, LineRate) else None
        if isinstance(self.price, LineRate):
            return cost, self.price.amount(q, first=first)
        if isinstance(self.price, MarkupRate) and cost is not None:
            return cost, self.price.amount(cost)
        return cost, None


@dataclass(frozen=True, slots=True, eq=False)
class BookPair:
    """The two price lists that count at one time; where there is none, `no_cost` or `no_price` says why.

    Pairs of one PriceBook are compared by identity: rates may be kept per pair and key.
    """

    cost: PriceList | None
    price: PriceList | None
    no_cost: Unpriced
    no_price: Unpriced

    @property
    def has_minimum(self) -> bool:
        """Whether a job may need a line that brings it up to a minimum; if not, `minimum` answers None."""
        return any(prices is not None and prices.minimum_micro > 0 for prices in (self.cost, self.price))

    def rates_for(self, key: LineKey) -> PairRate:
        """The rates of a line; equal keys give equal answers."""
        cost = self.cost.rate_for(key) if self.cost else self.no_cost
        if self.price is None:
            return PairRate(cost, self.no_price)
        if not self.price.is_markup:
            return PairRate(cost, self.price.rate_for(key))
        if isinstance(cost, Unpriced):
            reason = f"{self.price.label} adds to the cost, and there is none: {cost.reason}"
            return PairRate(cost, Unpriced(bounded(reason), self.price.id))
        return PairRate(cost, self.price.markup())

    def minimum(self, cost_micro: int | None, price_micro: int | None) -> tuple[int, int] | None:
        """Cost and price of the line that brings a job up to the minimum of its lists, or None without need.

        Args:
            cost_micro: sum of the job's costs, None when a line has none (then there is no minimum either).
            price_micro: sum of its prices, likewise.
        """
        cost = price = 0
        if self.cost and cost_micro is not None:
            cost = max(0, self.cost.minimum_micro - cost_micro)
        if self.price and price_micro is not None:
            if cost and self.price.is_markup:
                price = self.price.markup().amount(cost)
            price += max(0, self.price.minimum_micro - price_micro - price)
        return (cost, price) if cost or price else None

    def minimum_rules(self) -> tuple[str, str]:
        """The trace of both books for that line."""
        return _minimum_rule(self.cost), _minimum_rule(self.price)


def _minimum_rule(prices: PriceList | None) -> str:
    return prices.minimum_rule() if prices else "no price list, so nothing is added"


class PriceBook:
    """All published versions of all lists, and the default list of each book.

    A version counts from its `valid_from` until a later version of the same list does: of all versions valid at
    a moment the one with the highest number wins. Of the lists that were ever named as a book's default, the
    last one named that has a version valid at the moment wins: naming a list of next year changes nothing yet.
    """

    def __init__(self, lists: Iterable[PriceList], defaults: Mapping[Book, Sequence[str]]) -> None:
        """Takes all published versions, and by book the names of its default lists, the last one named last."""
        self.lists = tuple(lists)
        self._of_book: dict[Book, list[PriceList]] = {}
        for book in _BOOKS:
            rank = {name: index for index, name in enumerate(defaults.get(book, ()))}
            named = [each for each in self.lists if each.file.book == book and each.file.name in rank]
            self._of_book[book] = sorted(
                named, key=lambda each: (rank[each.file.name], each.version), reverse=True
            )
        self._starts = sorted({each.valid_from for each in self.lists})
        moments = [None, *self._starts]
        self._pairs = [self._pair(moment) for moment in moments]

    @property
    def changes(self) -> Sequence[datetime]:
        """The moments, in order, from which on other lists may count than before."""
        return self._starts

    def at(self, book: Book, moment: datetime) -> PriceList | None:
        """The list of a book that counts at a moment, if any."""
        return next((each for each in self._of_book[book] if each.valid_from <= moment), None)

    def pair_at(self, moment: datetime) -> BookPair:
        """Both lists that count at a moment; the same object for all moments between two changes."""
        return self._pairs[bisect_right(self._starts, moment)]

    def by_id(self, list_id: int) -> PriceList | None:
        """The version with an id of the store."""
        return next((each for each in self.lists if each.id == list_id), None)

    def _pair(self, moment: datetime | None) -> BookPair:
        cost, price = (self.at(book, moment) if moment else None for book in _BOOKS)
        return BookPair(cost, price, self._none("cost"), self._none("price"))

    def _none(self, book: Book) -> Unpriced:
        """Why a book has no list for a moment before all of its lists."""
        versions = self._of_book[book]
        if not versions:
            return Unpriced(f"no price list is published in book {book}")
        earliest = min(each.valid_from for each in versions)
        return Unpriced(f"no published price list in book {book} is valid before {earliest.isoformat()}")
