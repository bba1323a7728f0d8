"""The course of cost and price through a period: one point for each day or month, printed or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from services.reporting.summary import Row, Sums
from shared.periods import Period, find_zone

MAX_DAYS: Final = 92
"""A quarter is the most that is drawn day by day."""
MAX_MONTHS: Final = 60
Unit = Literal["day", "month"]


@dataclass(frozen=True, slots=True)
class Point:
    """One day (2026-11-02) or month (2026-11)."""

    at: str
    cost: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Trend:
    """The points in their order."""

    unit: Unit
    points: Sequence[Point]

    @property
    def flat(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(point.cost or point.price for point in self.points)


def unit_of(period: Period) -> Unit:
    """Days for a quarter at most, months beyond."""
    return "day" if period.days <= MAX_DAYS else "month"


def make_trend(period: Period, rows: Sequence[Row], as_of: datetime) -> Trend:
    """Puts the rows of `by=day` or `by=month` in their places and fills the gaps with nothing.

    What lies in the future is left out; of very long periods the last MAX_MONTHS months are kept.
    """
    unit = unit_of(period)
    found: Mapping[str, Sums] = {row.key: row.sums for row in rows}
    today = as_of.astimezone(find_zone(period.timezone)).date()
    last = max(min(period.last_day, today), period.first_day)
    if found:
        last = max(last, min(period.last_day, _last_day_of(max(found))))
    keys = list(_days(period.first_day, last) if unit == "day" else _months(period.first_day, last))
    empty = Sums()
    points = [Point(key, found.get(key, empty).cost, found.get(key, empty).price) for key in keys[-_limit(unit) :]]
    return Trend(unit, points)


def _limit(unit: Unit) -> int:
    return MAX_DAYS if unit == "day" else MAX_MONTHS


def _last_day_of(key: str) -> date:
    return date.fromisoformat(key if len(key) > len("2026-11") else f"{key}-01")


def _days(first: date, last: date) -> Iterator[str]:
    for number in range((last - first).days + 1):
        yield (first + timedelta(days=number)).isoformat()


def _months(first: date, last: date) -> Iterator[str]:
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield f"{number // 12:04d}-{number % 12 + 1:02d}"
