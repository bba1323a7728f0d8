"""Whether a job may be printed by the budgets of all that it would be charged to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from services.accounting.budgets.budget import Budget, Use, decide, percent_of
from shared.money import format_micro

Verdict = Literal["allow", "warn", "deny"]
_RANK: Final = {"within": 0, "over": 1, "refused": 2}
_VERDICTS: Final[tuple[Verdict, ...]] = ("allow", "warn", "deny")


class State(NamedTuple):
    """A budget that counts for the job, with its use in the window of today."""

    budget: Budget
    use: Use


class Finding(NamedTuple):
    """What one budget says, in words for the person who prints."""

    budget: Budget
    use: Use
    verdict: Verdict
    words: str


class Answer(NamedTuple):
    """What all budgets together say: the strictest decides, `decided_by` is the first of those."""

    verdict: Verdict
    decided_by: Finding | None
    findings: list[Finding]


def check(states: Sequence[State], estimate_micro: int, *, currency: str) -> Answer:
    """Asks every budget: a hard one that has no room denies, a soft one warns, and with room in all it is allowed.

    Args:
        states: the budgets of all that the job would be charged to; none at all allows it.
        estimate_micro: what it is expected to be charged; what costs nothing is always allowed.
        currency: for the words.
    """
    findings = [_finding(each, estimate_micro, currency) for each in states]
    strictest = max(findings, key=lambda each: _VERDICTS.index(each.verdict), default=None)
    if strictest is None or strictest.verdict == "allow":
        return Answer("allow", None, findings)
    return Answer(strictest.verdict, strictest, findings)


def _finding(state: State, estimate_micro: int, currency: str) -> Finding:
    budget, use = state
    verdict = _VERDICTS[_RANK[decide(budget, use, estimate_micro)]]
    left = format_micro(max(0, budget.amount_micro - use.taken_micro))
    whose = f"The budget of {budget.owner_kind} {budget.owner}"
    if verdict == "allow":
        words = f"{whose} has room: {left} {currency} are left."
    else:
        does = "does not allow it" if verdict == "deny" else "would be exceeded"
        words = (
            f"{whose} {does}: of {format_micro(budget.amount_micro)} {currency} {percent_of(budget, use)} % are "
            f"used or reserved, {left} {currency} are left, and this job is estimated at "
            f"{format_micro(estimate_micro)} {currency}."
        )
    return Finding(budget, use, verdict, words)
