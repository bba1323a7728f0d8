"""Numbers as people read them: grouped, rounded for the eye, with their unit; exact values live elsewhere."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from shared.units import MM2_PER_M2, UL_PER_ML

NONE: Final = "\N{EN DASH}"
"""What stands where there is no number."""
SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CNY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪"}
NO_MINOR_UNIT: Final = frozenset({"JPY", "KRW", "CLP", "ISK", "VND"})
GAP: Final = "\N{NO-BREAK SPACE}"
_MINUS: Final = "\N{MINUS SIGN}"
_LITRE_ML: Final = 1_000
_PENNY: Final = Decimal("0.01")


def grouped(value: Decimal | int, digits: int = 0) -> str:
    """A number with thousands set apart and exactly `digits` decimals: 1,234.50."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    return f"{abs(rounded) if rounded == 0 else rounded:,f}".replace("-", _MINUS)


def money(value: Decimal, currency: str) -> str:
    """An amount with its currency: €1,284.60; amounts below a hundredth keep four decimals."""
    digits = 0 if currency in NO_MINOR_UNIT else 2
    if digits and 0 < abs(value) < _PENNY:
        digits = 4
    sign = prefix(currency)
    text = grouped(value, digits)
    return f"{_MINUS}{sign}{text[1:]}" if text.startswith(_MINUS) else f"{sign}{text}"


def prefix(currency: str) -> str:
    """What stands before an amount: the sign, or the code and a gap where there is no sign of its own."""
    return SYMBOLS.get(currency, f"{currency}{GAP}")


def area(value_mm2: Decimal, digits: int | None = None) -> str:
    """An area in m²; without `digits`, as many as its size deserves."""
    value = value_mm2 / MM2_PER_M2
    return f"{grouped(value, _fitting(value) if digits is None else digits)}{GAP}m²"


def ink(value_ul: Decimal, digits: int | None = None) -> str:
    """An amount of ink in ml; without `digits`, in litres from one litre on."""
    value = value_ul / UL_PER_ML
    if digits is None and abs(value) >= _LITRE_ML:
        return f"{grouped(value / _LITRE_ML, 2)}{GAP}l"
    if digits is None:
        digits = 1 if abs(value) >= 100 else 2  # noqa: PLR2004
    return f"{grouped(value, digits)}{GAP}ml"


def share(part: Decimal, whole: Decimal, digits: int = 1) -> str:
    """`part` of `whole` in per cent; a dash where there is no whole."""
    return f"{grouped(100 * part / whole, digits)}{GAP}%" if whole else NONE


def per_m2(value: Decimal, area_mm2: Decimal) -> Decimal | None:
    """A value for each square metre, None where there is no area."""
    return value * MM2_PER_M2 / area_mm2 if area_mm2 else None


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 line, 17 lines."""
    return f"{grouped(count)}{GAP}{one if count == 1 else many or one + 's'}"


def _fitting(value: Decimal) -> int:
    size = abs(value)
    return 0 if size >= 1_000 else 1 if size >= 100 else 2 if size >= 1 else 3  # noqa: PLR2004


def plain_percent(part: Decimal, whole: Decimal) -> str:
    """`part` of `whole` in whole per cent for a style sheet, at least 1 for what is there at all: 43%."""
    if not whole or not part:
        return "0%"
    return f"{max(1, int(100 * part / whole))}%"
