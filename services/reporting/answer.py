"""A summary over the wire: its exact JSON shape, there and back without losing a digit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import asdict

from services.reporting.summary import MONEY_DIGITS, By, Row, Source, Summary, Sums, plain
from shared.periods import Period


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
    as_it_stood: bool = False


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
        rows=[RowAnswer(key=row.key, name=row.name, **asdict(_wire(row.sums))) for row in summary.rows],
        total=_wire(summary.total),
        as_of=moment(summary.as_of),
        source=summary.source,
        filters=dict(summary.filters),
        as_it_stood=summary.as_it_stood,
    )


def moment(value: datetime) -> str:
    """A moment in UTC as RFC 3339."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _wire(sums: Sums) -> SumsAnswer:
    return SumsAnswer(
        jobs=sums.jobs,
        printed_area_mm2=plain(sums.printed_area_mm2),
        used_area_mm2=plain(sums.used_area_mm2),
        ink_ul=plain(sums.ink_ul),
        impressions=sums.impressions,
        sheets=sums.sheets,
        cost=plain(sums.cost, MONEY_DIGITS),
        price=plain(sums.price, MONEY_DIGITS),
        unpriced_lines=sums.unpriced_lines,
    )


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
        as_it_stood=told.as_it_stood,
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
