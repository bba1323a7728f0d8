"""Minimum charges of jobs that are priced again: which lines bring a job up to its minimum, and to what amounts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.posting import Rule
from services.accounting.pricing import BookPair
from services.accounting.rerate.lines import Lines, Whole


class Amounts(NamedTuple):
    """New amounts of lines, NULL64 where there is none, and the place of their rules."""

    cost_micro: Whole
    price_micro: Whole
    rules: Whole


class Minimum(NamedTuple):
    """A line that a job lacks to come up to its minimum; `at` is where the job's lines begin."""

    at: int
    cost_micro: int
    price_micro: int
    rules: int


def add_minimums(
    told: Lines,
    lines: Lines,
    amounts: Amounts,
    pairs: Sequence[BookPair],
    place: Callable[[tuple[Rule, Rule]], int],
) -> list[Minimum]:
    """Sets the amounts of the lines for minimum charges, and answers those that are lacking.

    The lists that count for a job's first line decide. A minimum that is void stays void, and a job of which
    nothing else is left needs none.

    Args:
        told: all lines. lines: those that are not void.
        amounts: of the latter; changed in place.
        pairs: of each line the lists that count.
        place: keeps rules and answers their place.
    """
    is_minimum = lines.is_minimum == 1
    void = set(told.entry_id[(told.is_minimum & told.voided) == 1].tolist())
    ends = np.append(lines.jobs[1:], len(lines))
    has_one = np.zeros(len(lines.jobs), bool)
    if len(lines):
        has_one = np.logical_or.reduceat(is_minimum, lines.jobs)
    missing = []
    for job in np.flatnonzero(has_one | np.array([pairs[at].has_minimum for at in lines.jobs], bool)):
        at, end = int(lines.jobs[job]), int(ends[job])
        pair = pairs[at]
        own = [row for row in range(at, end) if not is_minimum[row]]
        needed = pair.minimum(_sum(amounts.cost_micro, own), _sum(amounts.price_micro, own)) if own else None
        if len(own) < end - at:
            last = end - 1
            amounts.cost_micro[last], amounts.price_micro[last] = needed or (0, 0)
            amounts.rules[last] = place(_rules(pair))
        elif needed and int(lines.entry_id[at]) not in void:
            missing.append(Minimum(at, *needed, place(_rules(pair))))
    return missing


def _rules(pair: BookPair) -> tuple[Rule, Rule]:
    cost, price = pair.minimum_rules()
    return Rule(pair.cost.id if pair.cost else None, cost), Rule(pair.price.id if pair.price else None, price)


def _sum(amounts: Whole, rows: Sequence[int]) -> int | None:
    """The exact sum, or None where an amount is lacking."""
    found = amounts[rows].tolist()
    return None if NULL64 in found else sum(found)
