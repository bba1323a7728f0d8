"""What the page shows of a summary, in words and rounded numbers: the cards above and the lines of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from services.reporting import numbers
from services.reporting.summary import By, Row, Summary, Sums
from shared.periods import find_zone

HEADINGS: Final[dict[By, str]] = {
    "printer": "Printer",
    "group": "Printer group",
    "person": "Person",
    "project": "Project",
    "customer": "Customer",
    "department": "Department",
    "kind": "Kind",
    "media": "Media",
    "category": "Category",
    "day": "Day",
    "month": "Month",
}
NAMELESS: Final[dict[By, str]] = {
    "printer": "Unknown printer",
    "group": "No group",
    "person": "Unknown person",
    "project": "No project",
    "customer": "No customer",
    "department": "No department",
    "kind": "Unknown kind",
    "media": "Unknown media",
    "category": "No category",
    "day": "Unknown day",
    "month": "Unknown month",
}
LONGEST_KEY: Final = 40


@dataclass(frozen=True, slots=True)
class Card:
    """One figure above the chart."""

    label: str
    value: str
    note: str
    attention: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table, ready to be read; `share_percent` is its part of the price (or cost) of all."""

    name: str
    key: str
    known: bool
    jobs: str
    area: str
    ink: str
    cost: str
    price: str
    margin: str
    share_percent: str
    tag: str


def as_of(summary: Summary) -> str:
    """The moment that it shows, in the clock of its period: As of 23 November 2026, 18:30 (Europe/Berlin)."""
    local = summary.as_of.astimezone(find_zone(summary.period.timezone))
    words = "As the ledger stood on" if summary.as_it_stood else "As of"
    return f"{words} {local.day} {local:%B %Y, %H:%M} ({summary.period.timezone})"


def cards(summary: Summary, unpriced: Sequence[str]) -> list[Card]:
    """The six figures; `unpriced` names the media that lack a price, the worst first."""
    total, currency = summary.total, summary.currency
    trim = total.used_area_mm2 - total.printed_area_mm2
    fed = f"{numbers.area(total.used_area_mm2)} fed, {numbers.share(trim, total.used_area_mm2, 0)} trim"
    density = numbers.per_m2(total.ink_ul, total.printed_area_mm2)
    ink_note = (
        f"{numbers.grouped(density / 1_000, 2)}{numbers.GAP}ml/m²"
        if density is not None
        else "no area to spread it on"
    )
    missing = total.unpriced_lines
    return [
        Card("Cost", amount(total.cost, total, currency), _rate(total.cost, total, currency)),
        Card("Price", amount(total.price, total, currency), _rate(total.price, total, currency)),
        Card("Margin", margin(total), _earned(total, currency)),
        Card(
            "Printed area",
            numbers.area(total.printed_area_mm2),
            fed if total.used_area_mm2 else "fed area unknown",
        ),
        Card(
            "Ink",
            numbers.ink(total.ink_ul) if total.ink_ul else numbers.NONE,
            ink_note if total.ink_ul else "no source told it",
        ),
        Card(
            "Unpriced",
            numbers.counted(missing, "line") if missing else "none",
            lacking(missing, unpriced),
            missing > 0,
        ),
    ]


def lacking(missing: int, unpriced: Sequence[str]) -> str:
    """Says which media lack a price, or that none does."""
    if not missing:
        return "every line has its price"
    if not unpriced:
        return "a cost or a price is missing"
    more = f" and {len(unpriced) - 1} more media lack" if len(unpriced) > 1 else " lacks"
    return f"{unpriced[0]}{more} a cost or price"


def lines(summary: Summary) -> list[Line]:
    """The table's lines in the summary's order."""
    of_price = bool(summary.total.price)
    largest = max((_weight(row, of_price=of_price) for row in summary.rows), default=Decimal(0))
    return [_line(row, summary, largest, of_price=of_price) for row in summary.rows]


def _line(row: Row, summary: Summary, largest: Decimal, *, of_price: bool) -> Line:
    name, sums = named(row, summary.by), row.sums
    weight = _weight(row, of_price=of_price)
    return Line(
        name=name,
        key=row.key if _worth_showing(row) else "",
        known=bool(row.key),
        jobs=numbers.grouped(sums.jobs),
        area=numbers.area(sums.printed_area_mm2, 2),
        ink=numbers.ink(sums.ink_ul, 1) if sums.ink_ul else numbers.NONE,
        cost=amount(sums.cost, sums, summary.currency),
        price=amount(sums.price, sums, summary.currency),
        margin=margin(sums),
        share_percent=numbers.plain_percent(weight, largest),
        tag=tag(sums),
    )


def total_line(summary: Summary) -> Line:
    """The line below all others."""
    total = Row(key="", name="", sums=summary.total)
    return _line(total, summary, Decimal(0), of_price=True)


def tag(sums: Sums) -> str:
    """What to call the lines that lack an amount; nothing when none does."""
    if not sums.unpriced_lines:
        return ""
    return f"{numbers.grouped(sums.unpriced_lines)} unpriced" if sums.cost and sums.price else "No price"


def amount(value: Decimal, sums: Sums, currency: str) -> str:
    """An amount, or a dash where nothing was priced: no price is not a price of zero."""
    if not value and (sums.unpriced_lines or not sums.jobs):
        return numbers.NONE
    return numbers.money(value, currency)


def margin(sums: Sums) -> str:
    """Margin in per cent of the price; a dash without both amounts."""
    return numbers.share(sums.price - sums.cost, sums.price) if sums.price and sums.cost else numbers.NONE


def named(row: Row, by: By) -> str:
    """What a person calls the row."""
    if not row.key:
        return NAMELESS[by]
    if by == "day":
        day = date.fromisoformat(row.key)
        return f"{day:%a} {day.day} {day:%B %Y}"
    if by == "month":
        return f"{date.fromisoformat(row.key + '-01'):%B %Y}"
    return row.name or row.key


def _worth_showing(row: Row) -> bool:
    return bool(row.name) and row.name != row.key and len(row.key) <= LONGEST_KEY


def _rate(value: Decimal, total: Sums, currency: str) -> str:
    rate = numbers.per_m2(value, total.printed_area_mm2)
    return f"{numbers.money(rate, currency)} per m²" if rate else "no area to spread it on"


def _earned(total: Sums, currency: str) -> str:
    if not (total.price and total.cost):
        return "needs a cost and a price"
    return f"{numbers.money(total.price - total.cost, currency)} over cost"


def _weight(row: Row, *, of_price: bool) -> Decimal:
    return max(Decimal(0), row.sums.price if of_price else row.sums.cost)
