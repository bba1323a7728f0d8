"""Numbers, units and times: exact, in one reading only, with daylight saving told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector.sources.mapping.document import DateOptions, NumberOptions
from services.collector.sources.mapping.faults import WrongValue
from services.collector.sources.mapping.moments import moment
from services.collector.sources.mapping.values import UNITS, Said, count, number, quantity, yes_or_no
from shared.money import round_half_even

POINT, COMMA = NumberOptions(), NumberOptions(decimal=",", group=".")


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("1.5", POINT, "1.5"),
        ("1,5", COMMA, "1.5"),
        ("1.234,5", COMMA, "1234.5"),
        ("-12.345.678", COMMA, "-12345678"),
        ("+3", COMMA, "3"),
        ("1e3", POINT, "1000"),
        ("1\u00a0234,5", NumberOptions(decimal=",", group=" "), "1234.5"),
        ("1\u2019234.5", NumberOptions(group="'"), "1234.5"),
        ("0,1", COMMA, "0.1"),
    ],
)
def test_numbers_as_they_are_written(text, options, value):
    assert number(Said(text), options) == Fraction(value)


@pytest.mark.parametrize(
    ("text", "options"),
    [("1,5", POINT), ("1.5", COMMA), ("1.23,5", COMMA), ("12.34", COMMA), ("1 234", POINT), ("", POINT),
     ("1e99", POINT),
     ("\u0661", POINT), ("0x10", POINT), ("NaN", POINT), ("1,2,3", COMMA), ("--1", POINT), ("9" * 50, POINT)],
)  # fmt: skip
def test_what_is_no_number_or_could_be_another_is_refused(text, options):
    with pytest.raises(WrongValue, match="must be a number such as"):
        number(Said(text), options)


@pytest.mark.parametrize(
    ("text", "unit", "dimension", "expected"),
    [
        ("12", "ft2", "area", 1_114_836),
        ("1", "in2", "area", 645),
        ("1,0710 m²", "m2", "area", 1_071_000),
        ("1,0710 м²", "told", "area", 1_071_000),
        ("36", "in", "length", 914_400),
        ("1,54 мл.", "told", "ink", 1_540),
        ("1,54 ml", "ml", "ink", 1_540),
        ("1,54 cm³", "cc", "ink", 1_540),
        ("1", "oz", "ink", 29_574),
        ("1500", "nl", "ink", 2),
        ("500", "nl", "ink", 0),
        ("3 Sq. Ft", "told", "area", 278_709),
        ("1.000,5 mm", "told", "length", 1_000_500),
    ],
)
def test_quantities_in_the_units_of_devices(text, unit, dimension, expected):
    assert quantity(Said(text), unit, dimension, COMMA) == expected


@pytest.mark.parametrize(
    ("text", "unit", "dimension", "why"),
    [
        ("1 ft²", "m2", "area", "the mapping says m2"),
        ("1", "told", "area", "has no unit"),
        ("1 furlong", "told", "length", "'furlong': must be one of um, mm"),
        ("-1", "m2", "area", "must not be below 0"),
        ("x", "m2", "area", "must be a number"),
    ],
)
def test_quantities_that_can_not_be_say_what_would_be_right(text, unit, dimension, why):
    with pytest.raises(WrongValue, match=why):
        quantity(Said(text), unit, dimension, COMMA)


@given(st.decimals(0, 10**6, places=6), st.sampled_from([(d, u) for d in UNITS for u in UNITS[d]]))
def test_quantities_are_rounded_once_from_the_exact_product(value: Decimal, unit):
    dimension, name = unit
    exact = Fraction(value) * UNITS[dimension][name]
    expected = round_half_even(exact.numerator, exact.denominator)
    assert quantity(Said(f"{value:f}"), name, dimension, POINT) == expected
    assert quantity(Said(f"{value:f}".replace(".", ",")), name, dimension, COMMA) == expected


def test_counts_are_whole():
    assert count(Said("3,0"), COMMA) == 3
    for text in ("2,5", "-1"):
        with pytest.raises(WrongValue, match="whole number"):
            count(Said(text), COMMA)


def test_yes_and_no():
    assert [yes_or_no(Said(word)) for word in ("Ja", "true", "0", "Non")] == [True, True, False, False]
    with pytest.raises(WrongValue):
        yes_or_no(Said("perhaps"))


BERLIN = DateOptions(formats=["%Y-%m-%d %H:%M", "iso"], timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("2026-11-02 09:15", BERLIN, "2026-11-02T09:15:00+01:00"),
        ("2026-07-02 09:15", BERLIN, "2026-07-02T09:15:00+02:00"),
        ("2026-07-02T09:15:00-05:00", BERLIN, "2026-07-02T09:15:00-05:00"),
        ("2. März 2026", DateOptions(formats=["%d. %m %Y"], timezone="UTC", months=[
            "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
            "November", "Dezember"]), "2026-03-02T00:00:00+00:00"),
        ("Jul 10, 2026 3:05:02 PM", DateOptions(formats=["%b %d, %Y %I:%M:%S %p"], timezone="America/Sao_Paulo"),
         "2026-07-10T15:05:02-03:00"),
        ("1762070400.5", DateOptions(formats=["unix"]), "2025-11-02T08:00:00.500000+00:00"),
    ],
)  # fmt: skip
def test_times_as_they_are_written(text, options, expected):
    assert moment(Said(text), options).at.isoformat() == expected


def test_a_time_that_came_twice_is_the_first_unless_told_otherwise_and_always_told():
    text = Said("2026-10-25 02:30")
    first = moment(text, BERLIN)
    assert first.at.isoformat() == "2026-10-25T02:30:00+02:00"
    assert "there twice in Europe/Berlin" in first.note
    second = DateOptions(formats=BERLIN.formats, timezone=BERLIN.timezone, twice="second")
    assert moment(text, second).at.isoformat() == "2026-10-25T02:30:00+01:00"
    strict = DateOptions(formats=BERLIN.formats, timezone=BERLIN.timezone, twice="refuse")
    with pytest.raises(WrongValue, match="twice"):
        moment(text, strict)


def test_a_time_that_never_was_is_refused_unless_told_otherwise():
    text = Said("2026-03-29 02:30")
    with pytest.raises(WrongValue, match="no such time in Europe/Berlin"):
        moment(text, BERLIN)
    later = DateOptions(formats=BERLIN.formats, timezone=BERLIN.timezone, never="later")
    assert moment(text, later).at.isoformat() == "2026-03-29T03:30:00+02:00"


@given(st.datetimes(), st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia"]))
def test_any_time_is_a_moment_or_refused(value, zone):
    options = DateOptions(timezone=zone, never="later")
    try:
        found = moment(Said(value.isoformat()), options).at
    except WrongValue:
        return
    assert found.utcoffset() is not None
    assert datetime(2000, 1, 1, tzinfo=UTC) < found or found.year <= 2000


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("2026-11-02T09:15:00", DateOptions(), "no time zone"),
        ("2.11.2026", BERLIN, "must be a time such as 2026-11-02 15:04 or 2026-11-02T15:04:05"),
        ("9" * 30, DateOptions(formats=["unix"]), "must be a time such as 17"),
        ("2026-02-30 10:00", BERLIN, "must be a time"),
    ],
)
def test_times_that_can_not_be_say_what_would_be_right(text, options, why):
    with pytest.raises(WrongValue, match=why):
        moment(Said(text), options)
