"""What jobs owe of their minimum once some of their lines are corrected. Pure.

A correction prices nothing anew: the lists that the job's lines are booked by decide, also where others count now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from services.accounting.event_codes import OUTCOME
from services.accounting.pricing import BookPair, PriceList, Unpriced
from services.accounting.pricing.rules import Rule
from services.accounting.pricing.selection import DEFAULT

_OUTCOMES: Final = {number: name for name, number in OUTCOME.items()}
_NO_LIST: Final = Unpriced("no price list", None)
_CHOSEN_BY: Final = re.compile(
    r" for (.+?)(?:: (?:ppu |media |ink |click |scan |fixed |finishing |free, |cost plus |minimum of |has no )"
    r"| has no | adds to the cost)"
)
"""What stands between the label of a list and the rest of its rules; a key may hold a colon itself."""


class OwingJob(NamedTuple):
    """A job of which lines come, go, or get other amounts, as the query owing_jobs answers it.

    Attributes:
        standing: how many lines stand then, the minimum charge apart.
        cost_micro, price_micro: what they come to, a whole number; None where one lacks an amount.
        cost_rule_no, price_rule_no: rules of the lists that decide; None where nothing is left.
        first_line: of those that stand.
        own_line: of the minimum charge, if it has one; the other `own_` are of that line.
        own_staged: whether it is staged, with `own_voided`; the amounts are those that are booked.
        is_waived: it was voided on purpose.
    """

    entry_id: int
    occurred_at: datetime
    outcome: int
    standing: int
    cost_micro: Decimal | None
    price_micro: Decimal | None
    cost_rule_no: int | None
    price_rule_no: int | None
    first_line: int | None
    own_line: int | None
    own_staged: bool
    own_voided: bool
    own_was_voided: bool
    own_cost_micro: int | None
    own_price_micro: int | None
    own_cost_rule_no: int | None
    own_price_rule_no: int | None
    is_waived: bool


class Owed(NamedTuple):
    """What the minimum charge of a job becomes; a rule has its number where the ledger has it already."""

    job: OwingJob
    cost_micro: int
    price_micro: int
    cost_rule: Rule | int
    price_rule: Rule | int
    voided: bool


def owed_of(jobs: Iterable[OwingJob], rules: Mapping[int, Rule], lists: Mapping[int, PriceList]) -> list[Owed]:
    """The minimum charges that become something else than they are, or than is staged of them.

    Args:
        jobs: those that may need one.
        rules: by the numbers that jobs name.
        lists: by the ids that rules name.
    """
    found = []
    by_rules: dict[tuple[int | None, int | None], _Lists] = {}
    for job in jobs:
        numbers = (job.cost_rule_no, job.price_rule_no)
        if (of_job := by_rules.get(numbers)) is None:
            cost, price = (None if each is None else rules[each] for each in numbers)
            of_job = by_rules[numbers] = _Lists.of(_pair(cost, price, lists))
        owed = _owed(job, of_job, rules) if job.standing else _void(job)
        if owed is not None:
            found.append(owed)
    return found


class _Lists(NamedTuple):
    """The lists that decide, and the rules of what they ask for."""

    pair: BookPair
    cost_rule: Rule
    price_rule: Rule

    @classmethod
    def of(cls, pair: BookPair) -> _Lists:
        cost, price = pair.minimum_rules()
        return cls(pair, Rule(_id(pair.cost), cost), Rule(_id(pair.price), price))


def _id(prices: PriceList | None) -> int | None:
    return prices.id if prices else None


def _owed(job: OwingJob, lists: _Lists, rules: Mapping[int, Rule]) -> Owed | None:
    if job.is_waived:
        return None
    cost_sum = None if job.cost_micro is None else int(job.cost_micro)
    price_sum = None if job.price_micro is None else int(job.price_micro)
    cost, price = lists.pair.minimum(cost_sum, price_sum, _OUTCOMES[job.outcome]) or (0, 0)
    if job.own_line is None:
        if not (cost or price):
            return None
    elif not (job.own_staged or job.own_was_voided) and (cost, price) == (job.own_cost_micro, job.own_price_micro):
        return None
    cost_rule = _rule(job.own_cost_rule_no, lists.cost_rule, rules)
    price_rule = _rule(job.own_price_rule_no, lists.price_rule, rules)
    return Owed(job, cost, price, cost_rule, price_rule, voided=False)


def _void(job: OwingJob) -> Owed | None:
    """A job of which nothing is left owes nothing."""
    if job.own_line is None or job.own_voided:
        return None
    assert job.own_cost_rule_no is not None  # noqa: S101 - every line has rules
    assert job.own_price_rule_no is not None  # noqa: S101 - as before
    amounts = (job.own_cost_micro or 0, job.own_price_micro or 0)
    return Owed(job, *amounts, job.own_cost_rule_no, job.own_price_rule_no, voided=True)


def _rule(own: int | None, asked: Rule, rules: Mapping[int, Rule]) -> Rule | int:
    """The rule that the line has, where it is of the same list."""
    return own if own is not None and rules[own].list_id == asked.list_id else asked


def _pair(cost: Rule | None, price: Rule | None, lists: Mapping[int, PriceList]) -> BookPair:
    of_cost, of_price = (lists[rule.list_id] if rule and rule.list_id else None for rule in (cost, price))
    return BookPair(
        of_cost,
        of_price,
        _NO_LIST,
        _NO_LIST,
        cost_by=_chosen_by(cost, of_cost),
        price_by=_chosen_by(price, of_price),
    )


def _chosen_by(rule: Rule | None, prices: PriceList | None) -> str:
    """What had chosen the list, as the rule says it."""
    if rule is None or prices is None or not rule.text.startswith(prices.label):
        return DEFAULT
    found = _CHOSEN_BY.match(rule.text, len(prices.label))
    return found[1] if found else DEFAULT
