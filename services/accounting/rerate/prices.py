"""Prices lines of the ledger by a price book: the rates of each kind once, then all amounts at once. Pure.

What may not fit 64 bits is priced line by line, as the plain pricing does; the answers are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.amounts import COLUMNS, MAX_INKS, NONE, WIDTH, Table, weights_of
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.sums import TooLarge
from services.accounting.ledger.posting import refuse_too_large
from services.accounting.pricing import BookPair, PairRate, PriceBook, Unpriced, key_of, quantities_of
from services.accounting.pricing.asks import wider_of
from services.accounting.pricing.entries import Book
from services.accounting.pricing.quantities import PLAIN, Wider
from services.accounting.pricing.rates import LineRate, MarkupRate
from services.accounting.pricing.rules import Rule
from services.accounting.rerate.jobs import NOTHING, JobTotals
from services.accounting.rerate.keys import (
    KINDS,
    OUTCOMES,
    Names,
    Needs,
    fold,
    inks_used,
    length_fed,
    printer_classes,
    sizes,
    told_line,
)
from services.accounting.rerate.lines import ABSENT, Lines, Whole
from services.accounting.rerate.minimum import Amounts, Minimum, add_minimums, keep_minimums
from services.accounting.rerate.pairs import PairFinder, Pairs

Marks = npt.NDArray[np.bool_]
BOTH: Final[frozenset[Book]] = frozenset({"cost", "price"})
FIRST: Final = COLUMNS.index("jobs")
"""The weight of what is fixed per job, which its first line bears."""


class Keep(NamedTuple):
    """Which lines keep the amount that is booked, by book."""

    cost: Marks
    price: Marks


class Kept(NamedTuple):
    """What lines of one kind have in common; `rules` is the place of their rules in `Repricer.rules`."""

    rates: PairRate
    rules: int
    is_weighed: bool


@dataclass(frozen=True, slots=True)
class Priced:
    """New amounts of lines.

    Attributes:
        lines: those that were priced: all but the void ones.
        cost_micro, price_micro: NULL64 where there is none.
        rules: of each line the place of its rules in `Repricer.rules`.
        missing: minimum charges of jobs that have no line for one yet.
    """

    lines: Lines
    cost_micro: Whole
    price_micro: Whole
    rules: Whole
    missing: list[Minimum]


class Repricer:
    """Prices any number of chunks by one price book, and keeps what it has worked out.

    Attributes:
        rules: how amounts come about, or why there are none: of cost and of price.
    """

    def __init__(
        self,
        book: PriceBook,
        names: Names,
        customers: Mapping[str, str],
        *,
        books: frozenset[Book] = BOTH,
        only_missing: bool = False,
    ) -> None:
        """Takes lists and names, and what is priced again; everything else stays as it is booked.

        Args:
            book: the lists.
            names: what the numbers in the ledger stand for.
            customers: whose each project is.
            books: those that are priced again.
            only_missing: fills in amounts that are lacking, and leaves those that are there.
        """
        self._books = books
        self._only_missing = only_missing
        asked = book.of(books)
        self.needs = Needs.of(asked)
        self.rules: list[tuple[Rule, Rule]] = []
        self._names = names
        self._finder = PairFinder(asked, names, customers)
        self._classes = printer_classes(names.printers, self.needs)
        self._costs, self._prices = Table(), Table()
        self._kept: list[Kept] = []
        self._places: dict[tuple[int, ...], int] = {}
        self._rule_places: dict[tuple[Rule, Rule], int] = {}

    def price(self, told: Lines) -> Priced:
        """Prices whole jobs: their wanted lines, and what brings them up to a minimum then.

        Raises:
            Reject: an amount is too large for the ledger.
        """
        lines = told.live()
        pairs = self._finder.of(lines)
        keep = Keep(*(self._kept_as_booked(lines, book) for book in ("cost", "price")))
        try:
            amounts = self._at_once(lines, pairs, keep)
        except TooLarge:
            amounts = self._one_by_one(lines, pairs, keep)
        missing = add_minimums(told, lines, amounts, pairs, self._place)
        if self._only_missing:
            missing = keep_minimums(lines, amounts, missing, self.rules, self._place)
        for book, column in (("cost", "cost_micro"), ("price", "price_micro")):
            if book not in self._books:
                amounts = amounts._replace(**{column: getattr(lines, column)})
                missing = [each._replace(**{column: 0}) for each in missing]
        return Priced(lines, *amounts, [each for each in missing if each.cost_micro or each.price_micro])

    def _kept_as_booked(self, lines: Lines, book: Book) -> Marks:
        if book not in self._books:
            return np.ones(len(lines), bool)
        kept: Marks = lines.wanted == 0
        if self._only_missing:
            kept |= (lines.cost_micro if book == "cost" else lines.price_micro) != NULL64
        return kept

    def _place(self, rules: tuple[Rule, Rule]) -> int:
        place = self._rule_places.setdefault(rules, len(self.rules))
        if place == len(self.rules):
            self.rules.append(rules)
        return place

    def _at_once(self, lines: Lines, pairs: Pairs, keep: Keep) -> Amounts:
        fed = length_fed(lines) if lines.has_more else np.full(len(lines), ABSENT, np.int64)
        kinds = self._kinds(lines, fed, pairs, self._jobs(lines, fed, pairs))
        quantities = np.zeros((len(lines), WIDTH), np.int64, order="F")
        areas = (lines.printed_area_mm2, lines.used_area_mm2, lines.scan_area_mm2)
        for index, column in enumerate((*areas, fed, lines.impressions, lines.sheets)):
            np.maximum(column, 0, out=quantities[:, index])
        quantities[:, FIRST] = lines.line == 0
        for index, ink in enumerate(lines.inks[:MAX_INKS], FIRST + 1):
            quantities[:, index] = ink
        cost, price = lines.cost_micro.copy(), lines.price_micro.copy()
        if "cost" in self._books:
            cost = np.where(keep.cost, cost, self._costs.amounts(kinds, quantities, None))
        if "price" in self._books:
            price = np.where(keep.price, price, self._prices.amounts(kinds, quantities, cost))
        is_weighed = np.array([kept.is_weighed for kept in self._kept], bool)[kinds]
        for at in np.flatnonzero(~is_weighed).tolist():
            cost[at], price[at] = self._one(lines, at, self._kept[kinds[at]].rates, keep)
        return Amounts(cost, price, np.array([kept.rules for kept in self._kept], np.int64)[kinds])

    def _jobs(self, lines: Lines, fed: Whole, pairs: Pairs) -> JobTotals | None:
        """The jobs, where any list asks for them."""
        if all(pair.asks == NOTHING for pair in pairs.all):
            return None
        return JobTotals(lines, fed, pairs, self._names)

    def _kinds(self, lines: Lines, fed: Whole, pairs: Pairs, jobs: JobTotals | None) -> Whole:
        """Which of the kinds that are kept each line is; finds the rates of those not met before."""
        known = (lines.printed_area_mm2 != ABSENT) | (lines.used_area_mm2 != ABSENT) << 1
        columns = [pairs.numbers, self._classes[lines.printer_no], lines.media_no, lines.category_no, lines.kind]
        columns += [lines.outcome, lines.colour_mode]
        if lines.inks:
            columns += [lines.ink_set_no, inks_used(lines)]
        if lines.has_more:
            columns += [sizes(lines), lines.finishing_no]
            for bit, quantity in enumerate((lines.scan_area_mm2, fed, lines.impressions, lines.sheets), 2):
                known |= (quantity != ABSENT).astype(np.int64) << bit
        columns += [known, *(jobs.columns() if jobs else ())]
        first, which = fold(columns)
        different = np.stack([column[first] for column in columns], axis=1).tolist()
        places = []
        for each, at in zip(different, first, strict=True):
            place = self._places.get(row := tuple(each))
            places.append(self._add(row, lines, int(at), pairs, jobs) if place is None else place)
        found: Whole = np.array(places, np.int64)[which]
        return found

    def _add(self, row: tuple[int, ...], lines: Lines, at: int, pairs: Pairs, jobs: JobTotals | None) -> int:
        """Finds the rates of a kind of line, as the plain pricing does."""
        pair = pairs.all[row[0]]
        rates = self._rates(lines, at, pair, jobs.wider(pair.asks, at) if jobs else PLAIN)
        colours = self._names.ink_sets[int(lines.ink_set_no[at])] if lines.inks else ()
        weights = weights_of(rates, colours)
        for table, each in zip((self._costs, self._prices), weights or (NONE, NONE), strict=True):
            table.add(each)
        place = self._places[row] = len(self._kept)
        self._kept.append(Kept(rates, self._place(rules_of(rates)), weights is not None))
        return place

    def _rates(self, lines: Lines, at: int, pair: BookPair, wider: Wider) -> PairRate:
        told = told_line(lines, at, self._names)
        printer = self._names.printers[int(lines.printer_no[at])]
        return pair.rates_for(key_of(KINDS[int(lines.kind[at])], told, printer, told.category, wider))

    def _one(self, lines: Lines, at: int, rates: PairRate, keep: Keep) -> tuple[int, int]:
        """Cost and price of one line by the plain pricing."""
        line = int(lines.line[at])
        cost, price = rates.amounts(quantities_of(told_line(lines, at, self._names)), first=line == 0)
        if keep.cost[at]:
            cost = _amount(lines.cost_micro[at])
            if isinstance(rates.price, MarkupRate):
                price = None if cost is None else rates.price.amount(cost)
        if keep.price[at]:
            price = _amount(lines.price_micro[at])
        refuse_too_large(cost, price, line)
        return NULL64 if cost is None else cost, NULL64 if price is None else price

    def _one_by_one(self, lines: Lines, pairs: Pairs, keep: Keep) -> Amounts:
        amounts = Amounts(*(np.zeros(len(lines), np.int64) for _ in range(3)))
        for start, end in pairwise([*lines.jobs.tolist(), len(lines)]):
            own = [at for at in range(start, end) if not lines.is_minimum[at]]
            asks = pairs.all[pairs.numbers[start]].asks
            told = [told_line(lines, at, self._names) for at in own]
            all_wider = wider_of(asks, OUTCOMES[int(lines.outcome[start])], told)
            for at, wider in zip(own, all_wider, strict=True):
                rates = self._rates(lines, at, pairs.all[pairs.numbers[at]], wider)
                amounts.cost_micro[at], amounts.price_micro[at] = self._one(lines, at, rates, keep)
                amounts.rules[at] = self._place(rules_of(rates))
        return amounts


def _amount(value: np.int64) -> int | None:
    return None if value == NULL64 else int(value)


def rules_of(rates: PairRate) -> tuple[Rule, Rule]:
    """How the amounts of a kind of line come about, or why there are none."""
    return _rule(rates.cost), _rule(rates.price)


def _rule(rate: LineRate | MarkupRate | Unpriced) -> Rule:
    return Rule(rate.list_id, rate.reason if isinstance(rate, Unpriced) else rate.rule)
