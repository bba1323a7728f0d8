"""Minimum charges of jobs that are priced again: the lines that bring them up to it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.sums import LIMIT, largest
from services.accounting.pricing import BookPair
from services.accounting.pricing.rules import Rule
from services.accounting.rerate.keys import OUTCOMES
from services.accounting.rerate.lines import Lines, Whole
from services.accounting.rerate.pairs import Pairs


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
    told: Lines, lines: Lines, amounts: Amounts, pairs: Pairs, place: Callable[[tuple[Rule, Rule]], int]
) -> list[Minimum]:
    """Sets the amounts of the lines for minimum charges, and answers those that are lacking.

    The lists that count for the first line of a job decide. A minimum that is void stays void, and a job of which
    nothing else is left needs none.

    Args:
        told: all lines, also void ones.
        lines: those that are not void.
        amounts: of `lines`; changed in place.
        pairs: which lists count for `lines`.
        place: keeps rules and answers their place.
    """
    is_minimum = lines.is_minimum == 1
    jobs = _candidates(lines, amounts, pairs, is_minimum)
    void = set(told.entry_id[(told.is_minimum & told.voided) == 1].tolist()) if len(jobs) else set()
    ends = np.append(lines.jobs[1:], len(lines))
    missing = []
    for job in jobs:
        at, end = int(lines.jobs[job]), int(ends[job])
        pair = pairs.all[pairs.numbers[at]]
        own = [row for row in range(at, end) if not is_minimum[row]]
        sums = (_sum(amounts.cost_micro, own), _sum(amounts.price_micro, own))
        needed = pair.minimum(*sums, OUTCOMES[int(lines.outcome[at])]) if own else None
        if len(own) < end - at:
            amounts.cost_micro[end - 1], amounts.price_micro[end - 1] = needed or (0, 0)
            amounts.rules[end - 1] = place(_rules(pair))
        elif needed and int(lines.entry_id[at]) not in void:
            missing.append(Minimum(at, needed[0], needed[1], place(_rules(pair))))
    return missing


STAYS: Final = Rule(None, "what was booked stays, so nothing is added")


def keep_minimums(
    lines: Lines,
    amounts: Amounts,
    missing: Sequence[Minimum],
    rules: Sequence[tuple[Rule, Rule]],
    place: Callable[[tuple[Rule, Rule]], int],
) -> list[Minimum]:
    """Takes back what minimum charges would change in a book in which no line of the job lacks an amount.

    Args:
        lines: as they are booked.
        amounts: of these lines, with the minimum charges that add_minimums set; changed in place.
        missing: those that it found lacking.
        rules: by place.
        place: see add_minimums.

    Returns:
        Those that are lacking all the same.
    """
    counts = np.diff(np.append(lines.jobs, len(lines)))
    is_minimum = lines.is_minimum == 1
    lacks = []
    for booked, column in ((lines.cost_micro, amounts.cost_micro), (lines.price_micro, amounts.price_micro)):
        of_job = np.logical_or.reduceat((booked == NULL64) & ~is_minimum, lines.jobs) if len(lines) else booked
        lacks.append(np.repeat(of_job, counts))
        stays = is_minimum & ~lacks[-1].astype(bool)
        column[stays] = booked[stays]
    found = []
    for each in missing:
        has_cost, has_price = (bool(of_book[each.at]) for of_book in lacks)
        cost, price = rules[each.rules]
        kept = (cost if has_cost else STAYS, price if has_price else STAYS)
        found.append(Minimum(each.at, each.cost_micro * has_cost, each.price_micro * has_price, place(kept)))
    return found


def _candidates(lines: Lines, amounts: Amounts, pairs: Pairs, is_minimum: npt.NDArray[np.bool_]) -> Whole:
    """Jobs that have such a line or may need one; all of them where sums may not fit 64 bits."""
    if not len(lines) or not (is_minimum.any() or any(pair.has_minimum for pair in pairs.all)):
        return np.empty(0, np.int64)
    wanted = np.logical_or.reduceat(is_minimum, lines.jobs)
    longest = int(np.diff(np.append(lines.jobs, len(lines))).max())
    for column, book in ((amounts.cost_micro, "cost"), (amounts.price_micro, "price")):
        lists = [getattr(pair, book) for pair in pairs.all]
        least = np.array([prices.minimum_micro if prices else 0 for prices in lists], np.int64)
        counted = np.where(is_minimum | (column == NULL64), 0, column)
        if max(largest(counted[:, None])) * longest >= LIMIT:
            return np.arange(len(lines.jobs))
        wanted |= np.add.reduceat(counted, lines.jobs) < least[pairs.numbers[lines.jobs]]
    return np.flatnonzero(wanted)


def _rules(pair: BookPair) -> tuple[Rule, Rule]:
    cost, price = pair.minimum_rules()
    return Rule(pair.cost.id if pair.cost else None, cost), Rule(pair.price.id if pair.price else None, price)


def _sum(amounts: Whole, rows: Sequence[int]) -> int | None:
    """The exact sum, or None where an amount is lacking."""
    found = amounts[rows].tolist()
    return None if NULL64 in found else sum(found)
