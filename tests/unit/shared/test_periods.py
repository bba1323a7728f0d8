"""Periods are whole days of a time zone, whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Reject
from shared.periods import ACCEPTED, Period, find_zone, midnight, parse_period, title

NOW = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)  # a Tuesday
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Pacific/Apia",
    "Asia/Kathmandu",
]
days = st.dates(min_value=date(2000, 2, 1), max_value=date(2100, 12, 24))


def days_of(text: str, *, now: datetime = NOW, timezone: str = "UTC") -> tuple[str, str]:
    period = parse_period(text, now=now, timezone=timezone)
    return period.first_day.isoformat(), period.last_day.isoformat()


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("today", "2026-11-24", "2026-11-24"),
        ("yesterday", "2026-11-23", "2026-11-23"),
        ("this-week", "2026-11-23", "2026-11-29"),
        ("this-month", "2026-11-01", "2026-11-30"),
        ("last-month", "2026-10-01", "2026-10-31"),
        ("this-year", "2026-01-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-11-02", "2026-11-02", "2026-11-02"),
        ("2026-11-01..2026-11-30", "2026-11-01", "2026-11-30"),
        ("2025-12-31..2026-01-01", "2025-12-31", "2026-01-01"),
    ],
)
def test_each_accepted_period_names_its_days(text: str, first: str, last: str) -> None:
    assert days_of(text) == (first, last)


def test_every_period_that_the_refusal_offers_is_accepted() -> None:
    for text in ACCEPTED:
        parse_period(text, now=NOW, timezone="UTC")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "This-Month",
        "0000",
        "2026-13",
        "2026-00",
        "2026-02-30",
        "2026-11-01..",
        "..2026-11-01",
        "2026-11-01...2026-11-02",
        "2026-11..2026-12",
        "٢٠٢٦",
        "2026-11-01 ",
        "20261101",
        "2026-W48",
    ],
)
def test_a_bad_period_is_refused_with_the_list_of_what_is_accepted(text: str) -> None:
    with pytest.raises(Reject) as refusal:
        parse_period(text, now=NOW, timezone="UTC")
    assert all(accepted in refusal.value.reason for accepted in ACCEPTED)
    assert refusal.value.pointer == "period"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-02..2026-11-01", "ends before it begins"),
        ("1999", "outside 2000 to 2100"),
        ("2099-01-01..2101-01-01", "outside 2000 to 2100"),
    ],
)
def test_an_impossible_period_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(Reject, match=words):
        parse_period(text, now=NOW, timezone="UTC")


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime", "Europe", "a" * 5000, "\0"]
)
def test_an_unknown_time_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(Reject, match="no time zone"):
        parse_period("today", now=NOW, timezone=name)


def test_today_depends_on_where_one_is() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert days_of("today", now=late, timezone="UTC")[0] == "2026-12-31"
    assert days_of("today", now=late, timezone="Europe/Berlin")[0] == "2027-01-01"
    assert days_of("this-year", now=late, timezone="Europe/Berlin") == ("2027-01-01", "2027-12-31")
    assert days_of("last-month", now=late, timezone="Europe/Berlin") == ("2026-12-01", "2026-12-31")


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2018-11-04", "America/Sao_Paulo", 23),  # midnight itself is skipped
        ("2011-12-30", "Pacific/Apia", 0),  # a day that never was
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(day: str, timezone: str, hours: int) -> None:
    period = parse_period(day, now=NOW, timezone=timezone)
    assert period.end - period.start == timedelta(hours=hours)


@given(days, st.sampled_from(ZONES))
def test_days_follow_each_other_without_gap_or_overlap(day: date, timezone: str) -> None:
    one = Period("x", day, day, timezone)
    next_one = Period("x", day + timedelta(days=1), day + timedelta(days=1), timezone)
    assert one.end == next_one.start
    assert timedelta(0) <= one.end - one.start <= timedelta(hours=25)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_every_moment_lies_in_its_today(moment: datetime, timezone: str) -> None:
    period = parse_period("today", now=moment, timezone=timezone)
    assert period.start <= moment < period.end
    assert period.first_day == moment.astimezone(find_zone(timezone)).date()


@given(days, st.sampled_from(ZONES), st.sampled_from(["this-week", "this-month", "this-year"]))
def test_the_present_week_month_and_year_hold_the_present_day(day: date, timezone: str, text: str) -> None:
    now = midnight(day, timezone)
    period = parse_period(text, now=now, timezone=timezone)
    assert period.first_day <= now.astimezone(find_zone(timezone)).date() <= period.last_day


@given(days)
def test_last_month_ends_where_this_month_begins(day: date) -> None:
    now = midnight(day, "UTC")
    assert (
        parse_period("last-month", now=now, timezone="UTC").end
        == parse_period("this-month", now=now, timezone="UTC").start
    )


@given(days, days)
def test_a_range_of_days_keeps_both_its_ends(one: date, other: date) -> None:
    first, last = sorted((one, other))
    period = parse_period(f"{first}..{last}", now=NOW, timezone="UTC")
    assert (period.first_day, period.last_day) == (first, last)
    assert period.days == (last - first).days + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026", "2026"),
        ("2026-11", "November 2026"),
        ("2026-10-01..2026-11-30", "October to November 2026"),
        ("2025-12-01..2026-01-31", "December 2025 to January 2026"),
        ("2026-11-02", "2 November 2026"),
        ("2026-11-01..2026-11-23", "1 to 23 November 2026"),
        ("2026-10-28..2026-11-03", "28 October to 3 November 2026"),
        ("2025-12-30..2026-01-02", "30 December 2025 to 2 January 2026"),
    ],
)
def test_a_title_reads_as_a_person_would_write_it(text: str, words: str) -> None:
    assert title(parse_period(text, now=NOW, timezone="UTC")) == words
