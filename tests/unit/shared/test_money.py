"""Exact money: the same results as Decimal, without it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import format_micro, format_rate, micro_of, round_half_even, to_decimal

BIG = st.integers(-(10**30), 10**30)


@given(BIG, st.integers(1, 10**20))
def test_rounding_is_that_of_decimal(numerator: int, denominator: int) -> None:
    with localcontext(prec=120):
        # The quotient may be periodic; 120 digits tell it from a tie, as a tie has a short expansion.
        expected = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    assert round_half_even(numerator, denominator) == expected


@pytest.mark.parametrize(
    ("numerator", "expected"), [(5, 2), (15, 2), (25, 2), (-5, 0), (-15, -2), (-25, -2), (26, 3), (-26, -3)]
)
def test_ties_go_to_the_even_neighbour(numerator: int, expected: int) -> None:
    assert round_half_even(numerator, 10) == (0 if numerator == 5 else expected)


@given(st.integers(-(10**18), 10**18), st.sampled_from([2, 4, 6, 8]))
def test_a_decimal_is_the_very_integer(value: int, digits: int) -> None:
    assert to_decimal(value, digits=digits) * 10**digits == value


@given(st.integers(-(10**18), 10**18))
def test_a_formatted_amount_loses_nothing(value: int) -> None:
    text = format_micro(value)
    assert Decimal(text) * 10**6 == value
    assert len(text.partition(".")[2]) >= 4


def test_a_whole_amount_of_a_currency_without_decimals_ends_in_no_point() -> None:
    assert [format_micro(value, digits=0) for value in (0, 12_000_000, 12_500_000)] == ["0", "12", "12.5"]


@given(st.integers(-(10**18), 10**18))
def test_a_formatted_rate_loses_nothing(rate: int) -> None:
    assert Decimal(format_rate(rate)) * 10**8 == rate


@given(st.integers(-(10**17), 10**17))
def test_an_amount_that_was_written_is_read_back(value):
    assert micro_of(format_micro(value)) == value


@pytest.mark.parametrize("text", ["", "1,5", "1.", ".5", "1.1234567", "1e3", "\u0661", "1" + "0" * 12, " 1"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="must be an amount"):
        micro_of(text)
