"""Budgets: calendar windows cut to their validity, thresholds crossed once, soft ones tell and hard ones hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.budgets.budget import (
    Budget,
    Use,
    Window,
    charged_part,
    crossed,
    day_of,
    decide,
    is_valid,
    last_day_of,
    left_micro,
    percent_of,
    reached,
    window_of,
    wrong_days,
    wrong_thresholds,
)

DAYS = st.dates(date(2000, 1, 2), date(2099, 12, 31))
AMOUNTS = st.integers(-(10**15), 10**15)
THRESHOLDS = st.sets(st.integers(1, 200), max_size=5).map(lambda some: tuple(sorted(some)))


def budget(**changes):
    return Budget(
        **{
            "id": 1,
            "owner_kind": "project",
            "owner": "P-1",
            "period": "month",
            "amount_micro": 100_000_000,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("period", "first", "end"),
    [
        ("month", date(2026, 11, 1), date(2026, 12, 1)),
        ("quarter", date(2026, 10, 1), date(2027, 1, 1)),
        ("year", date(2026, 1, 1), date(2027, 1, 1)),
        ("total", None, None),
    ],
)
def test_a_window_is_the_calendars(period, first, end):
    assert window_of(budget(period=period), date(2026, 11, 26)) == Window(first, end)


def test_a_window_begins_and_ends_with_the_budget():
    short = budget(period="quarter", valid_from=date(2026, 11, 10), valid_until=date(2026, 12, 24))

    assert window_of(short, date(2026, 11, 26)) == Window(date(2026, 11, 10), date(2026, 12, 24))
    assert last_day_of(window_of(short, date(2026, 11, 26))) == date(2026, 12, 23)
    assert not is_valid(short, date(2026, 12, 24))
    assert is_valid(short, date(2026, 11, 10))
    assert not is_valid(budget(active=False), date(2026, 11, 10))


@given(DAYS, st.sampled_from(["month", "quarter", "year"]))
def test_windows_follow_each_other_without_gap(day, period):
    window = window_of(budget(period=period), day)

    assert window.first_day <= day < window.end_day
    assert window_of(budget(period=period), window.end_day).first_day == window.end_day
    assert window_of(budget(period=period), window.first_day - timedelta(days=1)).end_day == window.first_day


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_the_last_window_of_the_calendar_has_no_end(period):
    window = window_of(budget(period=period), date.max)
    assert (window.end_day, last_day_of(window)) == (None, None)
    assert window.first_day <= date.max
    ending = budget(period=period, valid_until=date.max)
    assert window_of(ending, date.max).end_day == date.max


def test_no_more_of_a_window_is_looked_at_than_was_charged_in():
    first, end = date(2026, 3, 1), date(2026, 12, 1)
    assert charged_part(Window(None, date.max), first, end) == Window(first, end)
    assert charged_part(Window(date(2026, 5, 2), None), first, end) == Window(date(2026, 5, 2), end)
    assert charged_part(Window(date.min, date(2026, 6, 3)), first, end) == Window(first, date(2026, 6, 3))
    beyond = charged_part(Window(date(2030, 1, 1), date(2031, 1, 1)), first, end)
    assert beyond.first_day > beyond.end_day, "it is empty"


def test_a_budget_ends_after_it_begins():
    assert wrong_days(date(2026, 1, 2), date(2026, 1, 3)) is None
    assert wrong_days(None, date(1, 1, 2)) is None
    assert wrong_days(date(2026, 1, 2), None) is None
    assert wrong_days(date(2026, 1, 2), date(2026, 1, 2)) is not None
    assert wrong_days(None, date.min) is not None, "no day would be before it"


def test_a_day_is_that_of_the_installation():
    moment = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)

    assert day_of(moment, ZoneInfo("Europe/Berlin")) == date(2026, 11, 1)


@given(THRESHOLDS, st.lists(AMOUNTS, min_size=2, max_size=6))
def test_a_threshold_is_crossed_exactly_when_it_is_newly_reached(thresholds, amounts):
    some = budget(thresholds=thresholds)
    for before, after in pairwise(amounts):
        expected = [each for each in thresholds if before * 100 < each * 100_000_000 <= after * 100]
        assert crossed(some, before, after) == expected
    assert reached(some, 10**15) == list(thresholds)


def test_a_hard_budget_refuses_what_a_soft_one_only_notes():
    use = Use(used_micro=60_000_000, reserved_micro=30_000_000)

    assert decide(budget(), use, 10_000_000) == "within"
    assert decide(budget(), use, 10_000_001) == "over"
    assert decide(budget(hard=True), use, 10_000_001) == "refused"
    assert decide(budget(hard=True), Use(200_000_000), 0) == "within"
    assert left_micro(budget(), use) == 10_000_000
    assert percent_of(budget(), use) == "90.0"
    assert percent_of(budget(), Use(-1_250_000)) == "-1.2"


def test_thresholds_rise_and_are_percents():
    assert wrong_thresholds([50, 80, 100]) is None
    assert wrong_thresholds([]) is None
    assert "rise" in (wrong_thresholds([80, 80]) or "")
    assert "1 to 1000" in (wrong_thresholds([0]) or "")
