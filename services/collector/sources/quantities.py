"""Numbers with units, as devices tell them, into um, mm2 and uL: exact, rounded once; None for what is absurd."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

UM_PER: Final = {
    "um": Decimal(1),
    "mm": Decimal(1_000),
    "cm": Decimal(10_000),
    "m": Decimal(1_000_000),
    "in": Decimal(25_400),
    "ft": Decimal(304_800),
    "pt": Decimal(25_400) / 72,
}
MM2_PER: Final = {
    "mm2": Decimal(1),
    "cm2": Decimal(100),
    "dm2": Decimal(10_000),
    "m2": Decimal(1_000_000),
    "in2": Decimal("645.16"),
    "ft2": Decimal("92903.04"),
}
UL_PER: Final = {
    "ul": Decimal(1),
    "ml": Decimal(1_000),
    "cl": Decimal(10_000),
    "l": Decimal(1_000_000),
    "floz": Decimal("29573.5295625"),
}
MAX_QUANTITY: Final = 10**12
"""A million square metres, a thousand kilometres, a thousand cubic metres: no job is as large."""

_SAME: Final = {
    "inch": "in",
    "inches": "in",
    '"': "in",
    "″": "in",
    "feet": "ft",
    "foot": "ft",
    "millimeters": "mm",
    "millimetres": "mm",
    "meters": "m",
    "metres": "m",
    "points": "pt",
    "cc": "ml",
    "cm3": "ml",
    "milliliters": "ml",
    "millilitres": "ml",
    "fl.oz": "floz",
    "µl": "ul",
    "μl": "ul",
    "м": "m",
    "мм": "mm",
    "см": "cm",
    "мл": "ml",
    "л": "l",
    "дюйм": "in",
    "фут": "ft",
    "pi": "ft",
    "pie": "ft",
    "pies": "ft",
    "piedi": "ft",
    "pieds": "ft",
    "pés": "ft",
    "po": "in",
    "pulg": "in",
    "pol": "in",
    "zoll": "in",
    "fuß": "ft",
}
"""Spellings and the words of other languages; Cyrillic м is not Latin m."""
_SQUARE: Final = re.compile(r"^(?:square|sq\.?|кв\.?)\s*|\s*(?:²|\^?2)$")


def unit_name(text: str) -> str:
    """A unit in one spelling: `in2` for `sq in`, `in²` or `inch^2`; what is not known comes back as it is."""
    plain = text.strip().lower().rstrip(".").replace("fl oz", "floz").replace("fl. oz", "floz")
    if plain in _SAME:
        return _SAME[plain]
    root = _SQUARE.sub("", plain).rstrip(".")
    return f"{_SAME.get(root, root)}2" if root != plain else plain


def length_um(amount: Decimal | None, unit: str) -> int | None:
    """A length in um; None where it is unknown, negative or absurd, or the unit is not known."""
    return _whole(amount, UM_PER.get(unit_name(unit)))


def area_mm2(amount: Decimal | None, unit: str) -> int | None:
    """An area in mm2; None as of length_um."""
    return _whole(amount, MM2_PER.get(unit_name(unit)))


def volume_ul(amount: Decimal | None, unit: str) -> int | None:
    """A volume in uL; None as of length_um."""
    return _whole(amount, UL_PER.get(unit_name(unit)))


def whole(amount: Decimal | None) -> int | None:
    """A count; None where it is unknown, negative or absurd."""
    return _whole(amount, Decimal(1))


def _whole(amount: Decimal | None, per_unit: Decimal | None) -> int | None:
    if amount is None or per_unit is None or amount < 0 or amount > MAX_QUANTITY:
        return None
    found = int((amount * per_unit).quantize(Decimal(1), ROUND_HALF_EVEN))
    return found if found <= MAX_QUANTITY else None
