"""The category of a line by its ink density, for devices that name none (DOMAIN section 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_ML_PER_M2: Final = re.compile(r"\d{1,6}(?:\.\d{1,3})?", re.ASCII)
_COUNT: Final = 3
_DIGITS: Final = 3
"""A threshold is counted in ml per 1,000 m2."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where one density class ends and the next begins, in ml of ink per 1,000 m2 of printed area."""

    a_below: int = 500
    b_below: int = 2_000
    c_up_to: int = 5_000

    def __post_init__(self) -> None:
        if not 0 < self.a_below < self.b_below < self.c_up_to:
            raise ValueError("the thresholds must rise")


DEFAULT_THRESHOLDS: Final = Thresholds()
"""A < 0.5 ml/m2, B from 0.5 and below 2, C from 2 up to and with 5, D above."""


def thresholds_of(text: str) -> Thresholds:
    """Thresholds as the setting has them: three rising numbers of ml per m2, such as `0.5,2,5`.

    Raises:
        ValueError: says what is wrong.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != _COUNT or not all(_ML_PER_M2.fullmatch(part) for part in parts):
        raise ValueError("must be three numbers of ml per m2 with at most three decimals, such as 0.5,2,5")
    found = [int(Decimal(part).scaleb(_DIGITS)) for part in parts]
    return Thresholds(*found)


def density_category(
    ink_ul: Mapping[str, int] | None, printed_area_mm2: int | None, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> str | None:
    """The density class, or None where ink or printed area are unknown.

    uL per mm2 is ml per 1/1,000 m2, so the density in ml per 1,000 m2 is ink_ul * 1,000,000 / area; it is
    compared by multiplying out, never divided.
    """
    if not ink_ul or not printed_area_mm2:
        return None
    density = sum(ink_ul.values()) * 1_000_000
    if density < thresholds.a_below * printed_area_mm2:
        return "A"
    if density < thresholds.b_below * printed_area_mm2:
        return "B"
    return "C" if density <= thresholds.c_up_to * printed_area_mm2 else "D"


def category_of(
    told: str | None,
    ink_ul: Mapping[str, int] | None,
    printed_area_mm2: int | None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> tuple[str | None, bool]:
    """The category of a line, and whether it was found by density; what the device told always wins."""
    if told is not None:
        return told, False
    found = density_category(ink_ul, printed_area_mm2, thresholds)
    return found, found is not None
