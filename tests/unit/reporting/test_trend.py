"""The course of a period has a point for each of its days or months, and none in the future."""

from __future__ import annotations

from decimal import Decimal

from services.reporting.summary import Row
from services.reporting.trend import MAX_MONTHS, Trend, make_trend
from shared.periods import parse_period
from tests.unit.reporting.summaries import NOW, sums


def trend(text: str, *keys: str) -> Trend:
    period = parse_period(text, now=NOW, timezone="Europe/Berlin")
    return make_trend(period, [Row(key, key, sums()) for key in keys], NOW)


def test_days_without_a_job_are_there_and_empty() -> None:
    points = trend("2026-11-01..2026-11-03", "2026-11-02").points
    assert [(point.at, point.price) for point in points] == [
        ("2026-11-01", Decimal(0)),
        ("2026-11-02", Decimal("100.00")),
        ("2026-11-03", Decimal(0)),
    ]


def test_the_present_month_ends_today() -> None:
    assert trend("this-month", "2026-11-02").points[-1].at == "2026-11-23"


def test_a_job_from_a_clock_that_runs_ahead_is_still_drawn() -> None:
    assert trend("this-month", "2026-11-25").points[-1].at == "2026-11-25"


def test_a_quarter_is_drawn_by_day_and_more_by_month() -> None:
    assert trend("2026-07-01..2026-09-30").unit == "day"
    assert trend("2026-07-01..2026-10-01").unit == "month"


def test_a_year_has_its_months_up_to_now() -> None:
    assert [point.at for point in trend("2026").points] == [f"2026-{month:02d}" for month in range(1, 12)]
    assert len(trend("2025").points) == 12


def test_of_a_very_long_period_the_last_years_are_drawn() -> None:
    points = trend("2001-01-01..2026-12-31").points
    assert len(points) == MAX_MONTHS
    assert points[-1].at == "2026-11"


def test_a_future_period_is_one_empty_point() -> None:
    future = trend("2027")
    assert len(future.points) == 1
    assert future.flat
