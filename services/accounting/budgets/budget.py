"""Budgets: which days one counts for, what is left of it, which thresholds were crossed, what it allows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.money import round_half_even

OwnerKind = Literal["project", "department", "customer", "person"]
Length = Literal["month", "quarter", "year", "total"]
DEFAULT_THRESHOLDS: Final = (50, 80, 100)
MAX_PERCENT: Final = 1_000
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


class Budget(Struct, frozen=True, kw_only=True):
    """What an owner may be charged within a stretch of time, in the price book.

    Attributes:
        period: calendar months, quarters or years, each of which begins anew, or all the time that it is valid.
        hard: whether it holds back jobs that would go beyond it; a soft one only tells.
        thresholds: percent of the amount at which it tells, rising.
        valid_from: the first day that counts, None for as long as there was anything.
        valid_until: the first day that no longer counts, None for no end.
    """

    id: int
    owner_kind: OwnerKind
    owner: str
    period: Length
    amount_micro: int
    hard: bool = False
    thresholds: tuple[int, ...] = DEFAULT_THRESHOLDS
    valid_from: date | None = None
    valid_until: date | None = None
    active: bool = True


class Window(NamedTuple):
    """Business days that are summed up against a budget; None is open on that side."""

    first_day: date | None
    end_day: date | None


class Use(NamedTuple):
    """What is charged and what is held for jobs that may yet be charged, in one window."""

    used_micro: int
    reserved_micro: int = 0

    @property
    def taken_micro(self) -> int:
        """Both together."""
        return self.used_micro + self.reserved_micro


Decision = Literal["within", "over", "refused"]
"""A job fits; it does not, and may be printed all the same; it does not, and may not."""


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The business day of a moment in the installation's time zone."""
    return moment.astimezone(zone).date()


def is_valid(budget: Budget, day: date) -> bool:
    """Whether a budget counts on a day."""
    begun = budget.valid_from is None or budget.valid_from <= day
    return budget.active and begun and (budget.valid_until is None or day < budget.valid_until)


def window_of(budget: Budget, day: date) -> Window:
    """The window that a day lies in, cut to the days on which the budget is valid.

    A window that lies wholly outside them is empty: its end is not after its first day.
    """
    if budget.period == "total":
        return Window(budget.valid_from, budget.valid_until)
    months = _MONTHS[budget.period]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    end = _months_later(first, months)
    if budget.valid_from is not None:
        first = max(first, budget.valid_from)
    if budget.valid_until is not None:
        end = budget.valid_until if end is None else min(end, budget.valid_until)
    return Window(first, end)


def charged_part(window: Window, first: date, end: date) -> Window:
    """The part of a window in which anything may have been charged: an end in the year 9999 is as good as none."""
    begins = first if window.first_day is None else max(first, window.first_day)
    return Window(begins, end if window.end_day is None else min(end, window.end_day))


def holds(window: Window, day: date) -> bool:
    """Whether a day lies in a window."""
    begun = window.first_day is None or window.first_day <= day
    return begun and (window.end_day is None or day < window.end_day)


def last_day_of(window: Window) -> date | None:
    """The last day that counts, for people."""
    return None if window.end_day is None else window.end_day - timedelta(days=1)


def left_micro(budget: Budget, use: Use) -> int:
    """What may still be charged; negative when it is exceeded."""
    return budget.amount_micro - use.taken_micro


def percent_of(budget: Budget, use: Use) -> str:
    """How much of it is taken, in percent with one decimal."""
    tenths = round_half_even(use.taken_micro * 1_000, budget.amount_micro)
    return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"


def reached(budget: Budget, taken_micro: int) -> list[int]:
    """The thresholds that an amount has reached; compared by multiplying out, never divided."""
    return [each for each in budget.thresholds if taken_micro * 100 >= each * budget.amount_micro]


def crossed(budget: Budget, before_micro: int, after_micro: int) -> list[int]:
    """The thresholds that were not reached before and are now; none when the amount falls."""
    already = len(reached(budget, before_micro))
    return reached(budget, after_micro)[already:]


def decide(budget: Budget, use: Use, estimate_micro: int) -> Decision:
    """Whether a job with such an estimate still fits; what costs nothing always does."""
    if estimate_micro <= 0 or use.taken_micro + estimate_micro <= budget.amount_micro:
        return "within"
    return "refused" if budget.hard else "over"


def wrong_thresholds(thresholds: Sequence[int]) -> str | None:
    """Why thresholds are no good, None when they are."""
    if any(not 0 < each <= MAX_PERCENT for each in thresholds):
        return f"must be whole percents from 1 to {MAX_PERCENT}"
    if any(one >= other for one, other in pairwise(thresholds)):
        return "must rise"
    return None


def wrong_days(valid_from: date | None, valid_until: date | None) -> str | None:
    """Why a budget can't end on such a day, None when it can."""
    if valid_until is None or (valid_from or date.min) < valid_until:
        return None
    return f"must be after {'valid_from' if valid_from else date.min}: it is the first day that does not count"


def _months_later(first: date, months: int) -> date | None:
    """The day so many months later; None where the calendar ends before it."""
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1) if count // 12 <= date.max.year else None
