"""Writes exact numbers for people: every digit of a sum, and quantities with their units."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from services.accounting.pricing.rates import Measure

MAX_DIGITS: Final = 30
_UNITS: Final[dict[Measure, tuple[int, str]]] = {
    "printed_area_mm2": (6, "m2"),
    "used_area_mm2": (6, "m2"),
    "scan_area_mm2": (6, "m2"),
    "length_um": (6, "m"),
    "ink_ul": (3, "ml"),
    "impressions": (0, "impressions"),
    "sheets": (0, "sheets"),
    "job": (0, "job"),
    "sum": (0, ""),
}


def exact_text(value: Fraction, *, least_digits: int = 2) -> str:
    """All digits of a number: 0.5495094; a number without end, such as a third of a cartridge, as a fraction."""
    digits = 0
    scaled = value
    while scaled.denominator != 1 and digits < MAX_DIGITS:
        scaled *= 10
        digits += 1
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    whole = scaled.numerator * 10 ** max(0, least_digits - digits)
    digits = max(digits, least_digits)
    sign, text = ("-" if whole < 0 else ""), str(abs(whole)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


def quantity_text(quantity: int, measure: Measure) -> str:
    """A quantity in the unit its rate is per: 0.499554 m2, 0.6 ml, 2 sheets."""
    digits, unit = _UNITS[measure]
    number = exact_text(Fraction(quantity, 10**digits), least_digits=0)
    return f"{number} {unit}"
