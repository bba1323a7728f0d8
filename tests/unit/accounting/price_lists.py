"""Price lists and jobs for tests, written as their users write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.accounting.pricelist.toml_text import from_toml
from services.accounting.pricing import Assignment, PriceBook, PriceList, price_job
from shared.events.jobs import JobCompleted, JobLine, PrinterRef

MODEL = "HP DesignJet T1700"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

HEAD = """
name = "{name}"
book = "{book}"
currency = "EUR"
valid_from = 2026-01-01
"""


def price_list(
    rates, *, name="standard", book="price", list_id=1, version=1, valid_from=NEW_YEAR, valid_until=None
) -> PriceList:
    """A published list; `rates` is TOML that follows the head."""
    file = from_toml(HEAD.format(name=name, book=book) + rates, currency="EUR")
    return PriceList(list_id=list_id, version=version, valid_from=valid_from, valid_until=valid_until, file=file)


def books(price: str | None = None, cost: str | None = None) -> PriceBook:
    """The lists that count in both books."""
    lists = []
    if price is not None:
        lists.append(price_list(price))
    if cost is not None:
        lists.append(price_list(cost, name="our-cost", book="cost", list_id=2))
    return PriceBook(lists, [*by_default("standard"), *by_default("our-cost", book="cost")])


def by_default(*names: str, book="price") -> list[Assignment]:
    """Lists named as the default of a book, one after the other."""
    return [Assignment(book, "default", "", name) for name in names]


def a1_line(**changes: Any) -> JobLine:
    """An A1 line drawing on a 36 in roll, 594 mm fed, 0.60 ml of ink (the worked example)."""
    line = {
        "media": "plain-80",
        "roll_width_um": 914_400,
        "width_um": 594_000,
        "length_um": 841_000,
        "printed_area_mm2": 499_554,
        "used_area_mm2": 543_154,
        "ink_ul": {"cyan": 200, "magenta": 200, "yellow": 100, "black": 100},
        "impressions": 1,
        "sheets": 1,
        **changes,
    }
    return JobLine(**{name: value for name, value in line.items() if value is not None})


def job(*lines: JobLine, **changes: Any) -> JobCompleted:
    """A job of these lines on a plotter."""
    values = {
        "printer": PrinterRef(id="p1", serial="SN1", model=MODEL),
        "completed_at": NOON,
        "lines": list(lines),
        **changes,
    }
    return JobCompleted(**values)


def priced(rates: str, *lines: JobLine, **changes: Any):
    """The price side of each charge line of a job."""
    return [line.price for line in price_job(job(*lines, **changes), books(price=rates))]


def price_of(rates: str, line: JobLine, **changes: Any) -> int | None:
    """The price of a single line in micro-units."""
    (only,) = priced(rates, line, **changes)
    return only.amount_micro


def reason_of(rates: str, line: JobLine, **changes: Any) -> str:
    """Why a single line is unpriced."""
    (only,) = priced(rates, line, **changes)
    assert only.amount_micro is None
    return only.rule
