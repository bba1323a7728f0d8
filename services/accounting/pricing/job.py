"""The simple path: all lines of one job with cost and price, each with its rule or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from services.accounting.categories import DEFAULT_THRESHOLDS, Thresholds
from services.accounting.pricing.asks import keyed_lines
from services.accounting.pricing.book import BookPair, PairRate, PriceBook
from services.accounting.pricing.quantities import (
    LineKey,
    PrinterFacts,
    Quantities,
    facts_of,
    quantities_of,
)
from services.accounting.pricing.rates import LineRate, MarkupRate, Unpriced
from services.accounting.pricing.selection import Payer
from shared.events.jobs import JobCompleted


class BookLine(Struct, frozen=True):
    """What one book says of a line: an amount in micro-units (None is UNPRICED), and its rule or the reason."""

    amount_micro: int | None
    rule: str
    list_id: int | None


class ChargeLine(Struct, frozen=True):
    """One line of the ledger to be: a line of the job, or the one that brings it up to a minimum.

    Attributes:
        line: counts from 0; the minimum comes after the last line of the job.
        by_density: whether the category was found from the ink's density.
    """

    line: int
    entry_kind: Literal["charge", "minimum"]
    key: LineKey | None
    quantities: Quantities
    by_density: bool
    cost: BookLine
    price: BookLine


NOBODY: Final = Payer()


def price_job(
    job: JobCompleted,
    book: PriceBook,
    known: PrinterFacts | None = None,
    *,
    payer: Payer = NOBODY,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> list[ChargeLine]:
    """Prices a job by the lists that counted for it when it completed; see BookPair for the rules on both books.

    Args:
        job: with its printer's id filled in.
        book: all published lists.
        known: what the registry says of the printer, where it knows it.
        payer: for whom it is.
        thresholds: where one class of ink density ends, for lines whose device told no category.
    """
    printer = facts_of(job, known)
    pair = book.pair_for(job.completed_at, payer, printer)
    lines = []
    keys = keyed_lines(job, printer, pair.asks, thresholds)
    for index, (line, (key, by_density)) in enumerate(zip(job.lines, keys, strict=True)):
        quantities = quantities_of(line)
        cost, price = book_lines(pair.rates_for(key), quantities, first=index == 0)
        lines.append(ChargeLine(index, "charge", key, quantities, by_density, cost, price))
    if (extra := minimum_line(pair, lines, job.outcome)) is not None:
        lines.append(extra)
    return lines


def book_lines(rates: PairRate, quantities: Quantities, *, first: bool) -> tuple[BookLine, BookLine]:
    """Cost and price of one line."""
    cost, price = rates.amounts(quantities, first=first)
    return _book_line(cost, rates.cost), _book_line(price, rates.price)


def _book_line(amount_micro: int | None, rate: LineRate | MarkupRate | Unpriced) -> BookLine:
    return BookLine(amount_micro, rate.reason if isinstance(rate, Unpriced) else rate.rule, rate.list_id)


def minimum_line(pair: BookPair, lines: list[ChargeLine], outcome: str) -> ChargeLine | None:
    """The line that brings a job up to its minimum, if it needs one."""
    if not pair.has_minimum:
        return None
    missing = pair.minimum(
        _sum(line.cost.amount_micro for line in lines),
        _sum(line.price.amount_micro for line in lines),
        outcome,
    )
    if missing is None:
        return None
    cost_rule, price_rule = pair.minimum_rules()
    return ChargeLine(
        len(lines),
        "minimum",
        None,
        Quantities(),
        False,
        BookLine(missing[0], cost_rule, pair.cost.id if pair.cost else None),
        BookLine(missing[1], price_rule, pair.price.id if pair.price else None),
    )


def _sum(amounts: Iterable[int | None]) -> int | None:
    total = 0
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
