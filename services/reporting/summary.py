"""What a summary is: rows of sums by one thing, their total, and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from shared.periods import Period

By = Literal[
    "printer", "group", "person", "project", "customer", "department", "kind", "media", "category", "day", "month"
]  # fmt: skip
Source = Literal["rollup", "ledger"]
Sort = Literal["price", "cost", "key", "name", "jobs", "printed_area", "used_area", "ink", "unpriced"]

MONEY_DIGITS: Final = 4
"""Money is told with at least this many decimals, and with more where it has more."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a set of charges comes to; areas in mm2, ink in uL, money in the installation's currency."""

    jobs: int = 0
    printed_area_mm2: Decimal = Decimal(0)
    used_area_mm2: Decimal = Decimal(0)
    ink_ul: Decimal = Decimal(0)
    impressions: int = 0
    sheets: int = 0
    cost: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    unpriced_lines: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of one printer, person, project, ...; the key "" holds the jobs that name none."""

    key: str
    name: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Summary:
    """One answered question, with everything it was asked for; `as_it_stood` then, at `as_of`, and not now."""

    period: Period
    by: By
    currency: str
    rows: Sequence[Row]
    total: Sums
    as_of: datetime
    source: Source
    filters: Mapping[str, str] = field(default_factory=dict)
    as_it_stood: bool = False


def plain(value: Decimal, digits: int = 0) -> str:
    """A decimal in plain notation: at least `digits` decimals, every digit that it has, no needless zero."""
    whole, _, fraction = f"{value:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(digits, "0")
    return f"{whole}.{fraction}" if fraction else whole


def ordered(rows: Sequence[Row], by: By, sort: Sort | None) -> list[Row]:
    """The rows in reading order: amounts from large to small, days, keys and names upwards, ties by key.

    Without a wish, days and months come in their order and all else by price.
    """
    wish = sort or ("key" if by in {"day", "month"} else "price")
    upwards = sorted(rows, key=lambda row: row.key)
    if wish == "key":
        return upwards
    if wish == "name":
        return sorted(upwards, key=lambda row: row.name.casefold())
    return sorted(upwards, key=lambda row: _amount(row.sums, wish), reverse=True)


def _amount(sums: Sums, wish: Sort) -> Decimal | int:
    amounts: dict[str, Decimal | int] = {
        "price": sums.price,
        "cost": sums.cost,
        "jobs": sums.jobs,
        "printed_area": sums.printed_area_mm2,
        "used_area": sums.used_area_mm2,
        "ink": sums.ink_ul,
        "unpriced": sums.unpriced_lines,
    }
    return amounts[wish]
