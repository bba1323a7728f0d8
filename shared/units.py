"""Canonical units: lengths in um, areas in mm2, ink in uL, all integers (DOMAIN section 4)."""

from __future__ import annotations

from typing import Final

from shared.money import round_half_even

UM_PER_MM: Final = 1_000
UM_PER_INCH: Final = 25_400
MM2_PER_M2: Final = 1_000_000
UL_PER_ML: Final = 1_000
UM_PER_IPP_UNIT: Final = 10
"""IPP media dimensions are hundredths of millimetres (PWG 5100.7, section 6.9)."""


def area_mm2(width_um: int, length_um: int, count: int = 1) -> int:
    """Area of `count` rectangles in mm2, rounded once, half to even."""
    return round_half_even(width_um * length_um * count, UM_PER_MM * UM_PER_MM)
