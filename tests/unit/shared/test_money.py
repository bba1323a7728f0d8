"""Exact money: the same results as Decimal, without it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Reject
from shared.money import format_micro, format_rate, parse_decimal, round_half_even, to_decimal

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
def test_a_written_decimal_reads_back_as_itself(value: int, digits: int) -> None:
    assert parse_decimal(f"{to_decimal(value, digits=digits):f}", digits=digits, what="amount") == value


@given(st.integers(-(10**18), 10**18))
def test_a_formatted_amount_loses_nothing(value: int) -> None:
    text = format_micro(value)
    assert parse_decimal(text, digits=6, what="amount") == value
    assert len(text.partition(".")[2]) >= 4


def test_a_whole_amount_of_a_currency_without_decimals_ends_in_no_point() -> None:
    assert [format_micro(value, digits=0) for value in (0, 12_000_000, 12_500_000)] == ["0", "12", "12.5"]


@given(st.integers(0, 10**18))
def test_a_formatted_rate_loses_nothing(rate: int) -> None:
    assert parse_decimal(format_rate(rate), digits=8, what="rate") == rate


@pytest.mark.parametrize("text", ["", "abc", "1,5", "NaN", "Infinity", "0.0000001", "1" + "0" * 13, "0x10"])
def test_what_is_no_exact_amount_is_refused_with_its_pointer(text: str) -> None:
    with pytest.raises(Reject) as caught:
        parse_decimal(text, digits=6, what="amount", pointer="/lines/0/amount")
    assert caught.value.pointer == "/lines/0/amount"
