"""Exact money: integers of 1e-6 currency inside, Decimal and strings at the edges, never a float."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

MICRO_DIGITS = 6
RATE_DIGITS = 8
MAX_AMOUNT_MICRO = 10**18
"""One million million: anything beyond is a mistake, and far inside a PostgreSQL bigint."""

_AMOUNT: Final = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,6}))?", re.ASCII)


def micro_of(text: str) -> int:
    """Reads an amount in plain notation, such as 1250.00, exactly.

    Raises:
        ValueError: it is none, too large, or has more than six decimals.
    """
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise ValueError(f"must be an amount such as 1250.00, at most {MICRO_DIGITS} decimals, not {text!r:.80}")
    value: int = int(found[2]) * 10**MICRO_DIGITS + int((found[3] or "").ljust(MICRO_DIGITS, "0"))
    return -value if found[1] else value


def round_half_even(numerator: int, denominator: int) -> int:
    """Divides exactly and rounds once, ties to the even neighbour (IEEE 754 roundTiesToEven, on integers).

    Works for negative numerators; the denominator must be positive.
    """
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient


def to_decimal(value: int, *, digits: int = MICRO_DIGITS) -> Decimal:
    """The exact Decimal of an integer of 10**-digits."""
    return Decimal(value).scaleb(-digits)


def format_micro(value: int, *, digits: int = 4) -> str:
    """Writes an amount in plain notation with at least `digits` decimals and never fewer than it has."""
    return _plain(value, MICRO_DIGITS, digits)


def format_rate(rate_e8: int) -> str:
    """Writes a rate without needless zeros, at least two decimals: 1.10, 0.00000125."""
    return _plain(rate_e8, RATE_DIGITS, 2)


def _plain(value: int, has: int, least: int) -> str:
    """An integer of 10**-has with at least so many decimals, and as many as it needs."""
    whole, rest = divmod(abs(value), 10**has)
    decimals = f"{rest:0{has}d}"
    kept = max(least, len(decimals.rstrip("0")))
    return f"{'-' if value < 0 else ''}{whole}.{decimals[:kept]}".removesuffix(".")
