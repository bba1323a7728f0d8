"""Amounts of all lines of a batch at once: weights of their rates times their quantities, rounded once, exact.

What a rate weighs is fixed when it is first met; an amount is then a sum of products on 64 bit integers. A rate
whose weights may not fit, or a batch whose sums may not, is left to the plain pricing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.sums import LIMIT, TooLarge, largest
from services.accounting.pricing import LineRate, PairRate, Unpriced
from services.accounting.pricing.rates import PER_RATE, MarkupRate
from shared.money import MAX_AMOUNT_MICRO

Whole = npt.NDArray[np.int64]
MAX_INKS: Final = 8
"""Lines of more colours are priced one by one."""
_MEASURES: Final = ("printed", "used", "scan", "length", "impressions", "sheets", "fixed")
COLUMNS: Final = (
    *("printed_area_mm2", "used_area_mm2", "scan_area_mm2", "fed_um"),
    "impressions",
    "sheets",
    "jobs",
)
"""The column of the lines that each of the first weights is for: `jobs` is 1 on a job's first line."""
WIDTH: Final = len(_MEASURES) + MAX_INKS
"""How many weights a rate has: one for each measure, and one for each colour of the line's ink."""
_UNPRICED, _WEIGHED, _MARKED_UP = 0, 1, 2


class Weights(NamedTuple):
    """What a rate weighs in one book: steps times denominator per unit, or a markup on the cost."""

    kind: int
    weights: tuple[int, ...]
    denominator: int
    step_micro: int


NONE: Final = Weights(_UNPRICED, (0,) * WIDTH, 1, 1)


def weights_of(rates: PairRate, colours: tuple[str, ...]) -> tuple[Weights, Weights] | None:
    """The weights of both books for a line whose ink amounts come in the order of `colours`; None if too large."""
    if len(colours) > MAX_INKS:
        return None
    both = (_weights(rates.cost, colours), _weights(rates.price, colours))
    if any(max((*map(abs, each.weights), 2 * each.denominator, each.step_micro)) >= LIMIT for each in both):
        return None
    return both


def _weights(rate: LineRate | MarkupRate | Unpriced, colours: tuple[str, ...]) -> Weights:
    if isinstance(rate, Unpriced):
        return NONE
    if isinstance(rate, MarkupRate):
        factor = (PER_RATE + rate.markup_e8, *(0,) * (WIDTH - 1))
        return Weights(_MARKED_UP, factor, PER_RATE * rate.step_micro, rate.step_micro)
    inks = dict(rate.inks)
    by_colour = [inks.get(colour, 0) for colour in colours]
    weights = [getattr(rate, measure) for measure in _MEASURES] + by_colour
    return Weights(_WEIGHED, (*weights, *(0,) * (WIDTH - len(weights))), rate.denominator, rate.step_micro)


class _Ready(NamedTuple):
    """The weights of all positions as arrays, without the columns in which none of them weighs anything."""

    used: npt.NDArray[np.intp]
    weights: Whole
    kinds: Whole
    denominators: Whole
    steps: Whole

    @classmethod
    def of(cls, rows: Sequence[Weights]) -> _Ready:
        """Columns of rows; the first weight, which a markup stands in, is always there."""
        weights = np.array([row.weights for row in rows], np.int64).reshape(-1, WIDTH)
        used = np.union1d(0, np.flatnonzero(weights.any(axis=0)))
        return cls(
            used,
            np.ascontiguousarray(weights[:, used]),
            np.array([row.kind for row in rows], np.int64),
            np.array([row.denominator for row in rows], np.int64),
            np.array([row.step_micro for row in rows], np.int64),
        )


class Table:
    """The weights of one book for all rates that are kept, by position."""

    def __init__(self) -> None:
        self._rows: list[Weights] = []
        self._ready: _Ready | None = None

    def add(self, weights: Weights) -> None:
        """Keeps the weights of the next position."""
        self._rows.append(weights)
        self._ready = None

    def amounts(self, rates: npt.NDArray[Any], quantities: Whole, costs: Whole | None) -> Whole:
        """The amount of each line in micro-units, NULL64 where it has none.

        Raises:
            TooLarge: a sum may not fit 64 bits, or an amount the ledger.
        """
        ready = self._ready = self._ready or _Ready.of(self._rows)
        weights, kinds = ready.weights[rates], ready.kinds[rates]
        denominators, steps = ready.denominators[rates], ready.steps[rates]
        used = quantities[:, ready.used]
        self._guard(weights, used)
        totals = np.einsum("ij,ij->i", weights, used)
        absent = kinds == _UNPRICED
        if costs is not None and (marked_up := kinds == _MARKED_UP).any():
            absent |= marked_up & (costs == NULL64)
            base = np.where(absent | ~marked_up, 0, costs)
            self._guard(weights[:, :1], base[:, None])
            totals = np.where(marked_up, weights[:, 0] * base, totals)
        rounded = round_half_even(totals, denominators)
        self._guard(rounded[:, None], steps[:, None])
        amounts = rounded * steps
        if amounts.size and int(np.abs(amounts).max()) > MAX_AMOUNT_MICRO:
            raise TooLarge("an amount of the batch is too large for the ledger")
        priced: Whole = np.where(absent, NULL64, amounts)
        return priced

    def _guard(self, left: Whole, right: Whole) -> None:
        products = (a * b for a, b in zip(largest(left), largest(right), strict=True))
        if sum(products) >= LIMIT:
            raise TooLarge("an amount of the batch may exceed 64 bits")


def round_half_even(numerators: Whole, denominators: Whole) -> Whole:
    """Divides exactly and rounds once, ties to the even neighbour; the denominators are positive."""
    quotients, remainders = np.divmod(numerators, denominators)
    twice = 2 * remainders
    up = (twice > denominators) | ((twice == denominators) & (quotients & 1 == 1))
    rounded: Whole = quotients + up
    return rounded


def quantities(lines: Mapping[str, npt.NDArray[Any]], flat_ink_ul: Whole, starts: Whole) -> Whole:
    """What each line consumed, in the order of the weights; 0 where it is absent."""
    found = np.zeros((len(starts), WIDTH), np.int64)
    for index, name in enumerate(COLUMNS):
        column = lines[name]
        found[:, index] = np.where(column == np.iinfo(column.dtype).min, 0, column)
    counts = lines["inks"]
    for index in range(min(MAX_INKS, int(counts.max(initial=0)))):
        has = np.flatnonzero(counts > index)
        found[has, len(COLUMNS) + index] = flat_ink_ul[starts[has] + index]
    return found
