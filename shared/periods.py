"""Periods: what a person calls a stretch of time, as whole days in a time zone and as two exact moments."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.errors import Reject

ACCEPTED: Final = (
    "today",
    "yesterday",
    "this-week",
    "this-month",
    "last-month",
    "this-year",
    "2026",
    "2026-11",
    "2026-11-02",
    "2026-11-01..2026-11-30",
)
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
"""Jobs outside these years are refused at the door, so a period outside them can only be a slip."""

_DAY: Final = timedelta(days=1)
_YEAR: Final = re.compile(r"\d{4}", re.ASCII)
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both ends included, in one time zone; `name` is what was asked for."""

    name: str
    first_day: date
    last_day: date
    timezone: str

    @property
    def start(self) -> datetime:
        """The first moment of the first day, in UTC."""
        return midnight(self.first_day, self.timezone)

    @property
    def end(self) -> datetime:
        """The first moment after the last day, in UTC."""
        return midnight(self.last_day + _DAY, self.timezone)

    @property
    def days(self) -> int:
        """How many calendar days it spans."""
        return (self.last_day - self.first_day).days + 1

    @property
    def whole_months(self) -> bool:
        """Whether it starts on the first and ends on the last day of a month."""
        last = monthrange(self.last_day.year, self.last_day.month)[1]
        return self.first_day.day == 1 and self.last_day.day == last


def find_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        Reject: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; odd names raise the others
        raise Reject(
            f"There is no time zone {name!r}; give an IANA name such as Europe/Berlin or UTC.", pointer="timezone"
        ) from None


def midnight(day: date, timezone: str) -> datetime:
    """The moment at which a calendar day begins, in UTC.

    Where clocks skip midnight this is the moment of the change; where they repeat it, the first of the two.
    """
    return datetime.combine(day, time(), tzinfo=find_zone(timezone)).astimezone(UTC)


def parse_period(text: str, *, now: datetime, timezone: str) -> Period:
    """Reads a period; the words are relative to `now` in that time zone.

    Raises:
        Reject: not a period (the reason lists what is accepted), or an unknown time zone.
    """
    today = now.astimezone(find_zone(timezone)).date()
    first, last = _named(text, today) or _dated(text)
    if not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR:
        raise Reject(f"Period {text!r} is outside {FIRST_YEAR} to {LAST_YEAR}.", pointer="period")
    return Period(text, first, last, timezone)


def _named(text: str, today: date) -> tuple[date, date] | None:
    match text:
        case "today":
            return today, today
        case "yesterday":
            return today - _DAY, today - _DAY
        case "this-week":
            monday = today - timedelta(days=today.weekday())
            return monday, monday + timedelta(days=6)
        case "this-month":
            return _month(today.year, today.month)
        case "last-month":
            before = today.replace(day=1) - _DAY
            return _month(before.year, before.month)
        case "this-year":
            return date(today.year, 1, 1), date(today.year, 12, 31)
        case _:
            return None


def _dated(text: str) -> tuple[date, date]:
    if _YEAR.fullmatch(text):
        year = int(text)
        if year:
            return date(year, 1, 1), date(year, 12, 31)
    if found := _MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        if year and 1 <= month <= 12:  # noqa: PLR2004
            return _month(year, month)
    first, dots, last = text.partition("..")
    if _DATE.fullmatch(first) and (not dots or _DATE.fullmatch(last)):
        return _between(text, first, last if dots else first)
    raise _refusal(text)


def _between(text: str, first: str, last: str) -> tuple[date, date]:
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise _refusal(text) from None
    if days[0] > days[1]:
        raise Reject(f"Period {text!r} ends before it begins.", pointer="period")
    return days


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _refusal(text: str) -> Reject:
    return Reject(f"{text!r} is not a period; accepted are {', '.join(ACCEPTED)}.", pointer="period")


def title(period: Period) -> str:
    """The period as a person writes it: November 2026; 1 to 23 November 2026; 2026."""
    first, last = period.first_day, period.last_day
    if period.whole_months and first.year == last.year and (first.month, last.month) == (1, 12):
        return f"{first.year}"
    if period.whole_months:
        return _joined(first, last, "%B", "%Y")
    if first == last:
        return f"{first.day} {first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%B %Y}"
    return _joined(first, last, f"{first.day} %B", "%Y", f"{last.day} %B")


def _joined(first: date, last: date, start: str, year: str, end: str = "%B") -> str:
    if (first.year, first.month) == (last.year, last.month):
        return f"{last:%B %Y}"
    start = start if first.year == last.year else f"{start} {year}"
    return f"{first.strftime(start)} to {last.strftime(f'{end} {year}')}"
