"""What a summary is: rows of sums by one thing, their total, their order, and the answer's exact JSON shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, Literal, TypedDict

from msgspec import Struct

from services.reporting.periods import Period

By = Literal["printer", "person", "project", "department", "kind", "media", "category", "day", "month"]
Source = Literal["rollup", "ledger"]
Sort = Literal["price", "cost", "key", "name", "jobs", "printed_area", "used_area", "ink", "unpriced"]

MONEY_DIGITS: Final = 4
"""Money is told with at least this many decimals, and with more where it has more."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a set of charges comes to; areas in mm2, ink in uL, money in the installation's currency."""

    jobs: int = 0
    printed_area_mm2: Decimal = Decimal(0)
    used_area_mm2: Decimal = Decimal(0)
    ink_ul: Decimal = Decimal(0)
    impressions: int = 0
    sheets: int = 0
    cost: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    unpriced_lines: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of one printer, person, project, ...; the key "" holds the jobs that name none."""

    key: str
    name: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Summary:
    """One answered question, with everything it was asked for."""

    period: Period
    by: By
    currency: str
    rows: Sequence[Row]
    total: Sums
    as_of: datetime
    source: Source
    filters: Mapping[str, str] = field(default_factory=dict)


class PeriodAnswer(Struct, frozen=True):
    """The period as it was asked for and as it was understood: days included, moments from..before."""

    name: str
    first_day: str
    last_day: str
    start: str
    end: str
    timezone: str


class SumsAnswer(Struct, frozen=True, kw_only=True):
    """Sums over the wire: money as decimal strings, areas in mm2 and ink in uL as strings, counts as numbers."""

    jobs: int
    printed_area_mm2: str
    used_area_mm2: str
    ink_ul: str
    impressions: int
    sheets: int
    cost: str
    price: str
    unpriced_lines: int


class RowAnswer(Struct, frozen=True, kw_only=True):
    """One row over the wire: its key and name, then the fields of SumsAnswer."""

    key: str
    name: str
    jobs: int
    printed_area_mm2: str
    used_area_mm2: str
    ink_ul: str
    impressions: int
    sheets: int
    cost: str
    price: str
    unpriced_lines: int


class SummaryAnswer(Struct, frozen=True, kw_only=True):
    """The answer of `GET /v1/summary` and of `inkmeter report summary --json`."""

    period: PeriodAnswer
    by: By
    currency: str
    rows: list[RowAnswer]
    total: SumsAnswer
    as_of: str
    source: Source
    filters: dict[str, str]


def plain(value: Decimal, digits: int = 0) -> str:
    """A decimal in plain notation: at least `digits` decimals, every digit that it has, no needless zero."""
    whole, _, fraction = f"{value:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(digits, "0")
    return f"{whole}.{fraction}" if fraction else whole


def ordered(rows: Sequence[Row], by: By, sort: Sort | None) -> list[Row]:
    """The rows in reading order: amounts from large to small, days, keys and names upwards, ties by key.

    Without a wish, days and months come in their order and all else by price.
    """
    wish = sort or ("key" if by in {"day", "month"} else "price")
    upwards = sorted(rows, key=lambda row: row.key)
    if wish == "key":
        return upwards
    if wish == "name":
        return sorted(upwards, key=lambda row: row.name.casefold())
    return sorted(upwards, key=lambda row: _amount(row.sums, wish), reverse=True)


def _amount(sums: Sums, wish: Sort) -> Decimal | int:
    amounts: dict[str, Decimal | int] = {
        "price": sums.price,
        "cost": sums.cost,
        "jobs": sums.jobs,
        "printed_area": sums.printed_area_mm2,
        "used_area": sums.used_area_mm2,
        "ink": sums.ink_ul,
        "unpriced": sums.unpriced_lines,
    }
    return amounts[wish]


def answer(summary: Summary) -> SummaryAnswer:
    """The summary as its JSON shape."""
    period = summary.period
    return SummaryAnswer(
        period=PeriodAnswer(
            name=period.name,
            first_day=period.first_day.isoformat(),
            last_day=period.last_day.isoformat(),
            start=moment(period.start),
            end=moment(period.end),
            timezone=period.timezone,
        ),
        by=summary.by,
        currency=summary.currency,
        rows=[RowAnswer(key=row.key, name=row.name, **_wire(row.sums)) for row in summary.rows],
        total=SumsAnswer(**_wire(summary.total)),
        as_of=moment(summary.as_of),
        source=summary.source,
        filters=dict(summary.filters),
    )


def moment(value: datetime) -> str:
    """A moment in UTC as RFC 3339."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _Wire(TypedDict):
    jobs: int
    printed_area_mm2: str
    used_area_mm2: str
    ink_ul: str
    impressions: int
    sheets: int
    cost: str
    price: str
    unpriced_lines: int


def _wire(sums: Sums) -> _Wire:
    return {
        "jobs": sums.jobs,
        "printed_area_mm2": plain(sums.printed_area_mm2),
        "used_area_mm2": plain(sums.used_area_mm2),
        "ink_ul": plain(sums.ink_ul),
        "impressions": sums.impressions,
        "sheets": sums.sheets,
        "cost": plain(sums.cost, MONEY_DIGITS),
        "price": plain(sums.price, MONEY_DIGITS),
        "unpriced_lines": sums.unpriced_lines,
    }


def from_answer(told: SummaryAnswer) -> Summary:
    """The summary that a JSON answer holds, exact to the last digit."""
    return Summary(
        period=Period(
            name=told.period.name,
            first_day=date.fromisoformat(told.period.first_day),
            last_day=date.fromisoformat(told.period.last_day),
            timezone=told.period.timezone,
        ),
        by=told.by,
        currency=told.currency,
        rows=[Row(key=row.key, name=row.name, sums=_from_wire(row)) for row in told.rows],
        total=_from_wire(told.total),
        as_of=datetime.fromisoformat(told.as_of),
        source=told.source,
        filters=told.filters,
    )


def _from_wire(told: SumsAnswer | RowAnswer) -> Sums:
    return Sums(
        jobs=told.jobs,
        printed_area_mm2=Decimal(told.printed_area_mm2),
        used_area_mm2=Decimal(told.used_area_mm2),
        ink_ul=Decimal(told.ink_ul),
        impressions=told.impressions,
        sheets=told.sheets,
        cost=Decimal(told.cost),
        price=Decimal(told.price),
        unpriced_lines=told.unpriced_lines,
    )
