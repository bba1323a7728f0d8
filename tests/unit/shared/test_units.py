"""Units: exact areas."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.units import area_mm2

LENGTHS = st.integers(0, 10**8)


@given(LENGTHS, LENGTHS, st.integers(1, 1_000))
def test_an_area_is_off_by_half_a_square_millimetre_at_most(width: int, length: int, count: int) -> None:
    exact_um2 = width * length * count
    assert abs(area_mm2(width, length, count) * 10**6 - exact_um2) * 2 <= 10**6


def test_an_a1_sheet_has_its_known_area() -> None:
    assert area_mm2(594_000, 841_000) == 499_554
