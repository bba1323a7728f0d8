"""Which price lists count at a moment, and the rates of a line in both books at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.accounting.pricing.asks import Asks
from services.accounting.pricing.entries import Book
from services.accounting.pricing.lists import PriceList
from services.accounting.pricing.quantities import LineKey, PrinterFacts, Quantities
from services.accounting.pricing.rates import LineRate, MarkupRate, Unpriced, bounded
from services.accounting.pricing.selection import DEFAULT, Assignment, AssignmentLevel, Choice, Payer, Selection

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
    """The two price lists that count for a line; where there is none, `no_cost` or `no_price` says why.

    Pairs of one PriceBook are compared by identity: rates may be kept per pair and key.

    Attributes:
        cost_by, price_by: what chose each list: `project P-100`, or `default`.
        asks: what they ask for beyond a line itself, to be put into its key.
    """

    cost: PriceList | None
    price: PriceList | None
    no_cost: Unpriced
    no_price: Unpriced
    cost_by: str = DEFAULT
    price_by: str = DEFAULT
    asks: Asks = field(init=False)

    def __post_init__(self) -> None:
        files = [prices.file for prices in (self.cost, self.price) if prices is not None]
        object.__setattr__(self, "asks", Asks.of(files))

    def chosen_by(self, book: Book) -> str:
        """What chose the list of a book."""
        return self.cost_by if book == "cost" else self.price_by

    @property
    def has_minimum(self) -> bool:
        """Whether a job may need a line that brings it up to a minimum; if not, `minimum` answers None."""
        return any(prices is not None and prices.minimum_micro > 0 for prices in (self.cost, self.price))

    def rates_for(self, key: LineKey) -> PairRate:
        """The rates of a line; equal keys give equal answers."""
        cost = self.cost.rate_for(key, self.cost_by) if self.cost else self.no_cost
        if self.price is None:
            return PairRate(cost, self.no_price)
        if not self.price.is_markup or self.price.file.policy(key.wider.outcome) == "free":
            return PairRate(cost, self.price.rate_for(key, self.price_by))
        if isinstance(cost, Unpriced):
            reason = f"{self.price.label_by(self.price_by)} adds to the cost, and there is none: {cost.reason}"
            return PairRate(cost, Unpriced(bounded(reason), self.price.id))
        return PairRate(cost, self.price.markup(self.price_by))

    def minimum(
        self, cost_micro: int | None, price_micro: int | None, outcome: str = "completed"
    ) -> tuple[int, int] | None:
        """Cost and price of the line that brings a job up to the minimum of its lists, or None without need.

        Args:
            cost_micro: sum of the job's costs, None when a line has none (then there is no minimum either).
            price_micro: sum of its prices, likewise.
            outcome: of the job; what was cancelled may have no minimum.
        """
        cost = price = 0
        if self.cost and cost_micro is not None:
            cost = max(0, self.cost.minimum_for(outcome) - cost_micro)
        if self.price and price_micro is not None:
            if cost and self.price.is_markup and self.price.file.policy(outcome) != "free":
                price = self.price.markup().amount(cost)
            price += max(0, self.price.minimum_for(outcome) - price_micro - price)
        return (cost, price) if cost or price else None

    def minimum_rules(self) -> tuple[str, str]:
        """The trace of both books for that line."""
        return _minimum_rule(self.cost, self.cost_by), _minimum_rule(self.price, self.price_by)


def _minimum_rule(prices: PriceList | None, chosen_by: str) -> str:
    return prices.minimum_rule(chosen_by) if prices else "no price list, so nothing is added"


class PriceBook:
    """All published versions of all lists, and what they are assigned to; see selection for which one counts.

    A line for which the list that counts has no rate is UNPRICED, also where a list of another level has one.
    """

    def __init__(self, lists: Iterable[PriceList], assignments: Iterable[Assignment]) -> None:
        """Takes all published versions, and all assignments, the last one made last."""
        self.lists = tuple(lists)
        self._assignments = assigned = tuple(assignments)
        self._cost, self._price = (Selection(book, self.lists, assigned) for book in _BOOKS)
        ends = {each.valid_until for each in self.lists if each.valid_until is not None}
        self._changes = sorted({each.valid_from for each in self.lists} | ends)
        self._pairs = [self._default_pair(moment) for moment in (None, *self._changes)]
        self._chosen: dict[tuple[int, str, str], BookPair] = {}

    @property
    def changes(self) -> Sequence[datetime]:
        """The moments, in order, from which on other lists may count than before."""
        return self._changes

    @property
    def levels(self) -> frozenset[AssignmentLevel]:
        """The levels that a list is assigned on, without default: where there is none, `pair_at` says it all."""
        return frozenset((*self._cost.levels, *self._price.levels))

    def assigned(self, level: AssignmentLevel) -> frozenset[str]:
        """The keys of a level that have a list of their own in any book."""
        return self._cost.keys(level) | self._price.keys(level)

    def at(self, book: Book, moment: datetime) -> PriceList | None:
        """The list of a book that counts at a moment by default, if any."""
        choice = self._of(book).default(moment)
        return choice.prices if choice else None

    def pair_at(self, moment: datetime) -> BookPair:
        """Both lists that count at a moment by default; the same object for all moments between two changes."""
        return self._pairs[bisect_right(self._changes, moment)]

    def pair_for(self, moment: datetime, payer: Payer, printer: PrinterFacts) -> BookPair:
        """Both lists that count for a job at a moment; the same object for equal choices between two changes."""
        if not (self._cost.levels or self._price.levels):
            return self.pair_at(moment)
        cost = self._cost.choose(moment, payer, printer)
        price = self._price.choose(moment, payer, printer)
        by = (cost.by if cost else DEFAULT, price.by if price else DEFAULT)
        if by == (DEFAULT, DEFAULT):
            return self.pair_at(moment)
        chosen = (bisect_right(self._changes, moment), *by)
        if (pair := self._chosen.get(chosen)) is None:
            pair = self._chosen[chosen] = self._pair(moment, cost, price)
        return pair

    def of(self, books: frozenset[Book]) -> PriceBook:
        """What decides the amounts of some books: without the lists of the other one, but a markup is on costs."""
        if "price" in books and any(prices.is_markup for prices in self.lists):
            return self
        lists = [prices for prices in self.lists if prices.file.book in books]
        return PriceBook(lists, [each for each in self._assignments if each.book in books])

    def by_id(self, list_id: int) -> PriceList | None:
        """The version with an id of the store."""
        return next((each for each in self.lists if each.id == list_id), None)

    def _of(self, book: Book) -> Selection:
        return self._cost if book == "cost" else self._price

    def _default_pair(self, moment: datetime | None) -> BookPair:
        if moment is None:
            return self._pair(None, None, None)
        return self._pair(moment, self._cost.default(moment), self._price.default(moment))

    def _pair(self, moment: datetime | None, cost: Choice | None, price: Choice | None) -> BookPair:
        return BookPair(
            cost.prices if cost else None,
            price.prices if price else None,
            self._cost.nothing(moment),
            self._price.nothing(moment),
            cost.by if cost else DEFAULT,
            price.by if price else DEFAULT,
        )
