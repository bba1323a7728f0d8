"""A price list as document (what TOML and CSV are read into) to a checked value (INTERFACES section 7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, cast, get_args

from services.accounting.pricelist.reader import Fault, Reader, WrongPriceList
from services.accounting.pricelist.tables import read_table
from services.accounting.pricing.entries import (
    CANCELLED,
    DEFAULT_PRECISION,
    MAX_PRECISION,
    TABLES,
    Policy,
    PriceListFile,
)
from shared.money import MICRO_DIGITS, RATE_DIGITS, format_micro

_NAME: Final = re.compile(r"\w[\w .\-]{0,99}")


def read_document(document: Mapping[str, Any], *, currency: str) -> PriceListFile:
    """Checks a whole document.

    Args:
        document: as tomllib gives it; `valid_from` and `valid_until` may also be ISO 8601 text.
        currency: of the installation; a list in another one is refused.

    Raises:
        WrongPriceList: with every fault and its place.
    """
    faults: list[Fault] = []
    top = Reader(document, "", faults)
    name = top.text("name", required=True) or ""
    if name and not _NAME.fullmatch(name):
        top.fault("name", "must be letters, digits, spaces, dots, dashes or underscores, at most 100")
    told = top.text("currency", required=True)
    if told is not None and told != currency:
        top.fault("currency", f"this installation counts in {currency}, not in {told}")
    book = top.choice("book", ("price", "cost"))
    precision, step_micro = _rounding(top)
    minimum = top.amount("minimum_per_job", digits=MICRO_DIGITS) if top.has("minimum_per_job") else 0
    _check_minimum(top, minimum, precision, step_micro)
    markup = top.amount("markup", negative=True) if top.has("markup") else None
    overhead = top.amount("overhead") if top.has("overhead") else 0
    valid_from = top.moment("valid_from")
    valid_until = top.moment("valid_until") if top.has("valid_until") else None
    area = top.choice("area", ("printed", "used"), default="printed")
    policies = {outcome: top.choice(outcome, get_args(Policy), default="full") for outcome in CANCELLED}
    tables = {table: read_table(top, table, faults) for table in TABLES}
    top.finish()
    if valid_until is not None and not _is_before(valid_from, valid_until):
        top.fault("valid_until", "must be after valid_from: the list does not count any more from then on")
    _check_markup(top, book, markup, tables)
    if faults:
        raise WrongPriceList(faults)
    return PriceListFile(
        name=name,
        book=cast("Any", book),
        currency=currency,
        valid_from=valid_from,
        valid_until=valid_until,
        area=cast("Any", area),
        precision=precision,
        rounding_step_micro=step_micro,
        minimum_micro=minimum,
        markup_e8=markup,
        overhead_e8=overhead,
        **cast("Any", policies),
        **cast("Any", {"classes" if name == "class" else name: tuple(found) for name, found in tables.items()}),
    )


def _rounding(top: Reader) -> tuple[int, int | None]:
    """Decimals of an amount, and the step that amounts are multiples of, where the file has one."""
    if not top.has("rounding_step"):
        return top.whole("precision", low=0, high=MAX_PRECISION, default=DEFAULT_PRECISION), None
    if top.has("precision"):
        top.fault("precision", "rounding_step says it already: give only one of them")
    step_micro = top.amount("rounding_step", digits=MICRO_DIGITS, above_zero=True) or 1
    decimals = format_micro(step_micro, digits=0).partition(".")[2]
    return len(decimals), step_micro


def _check_minimum(top: Reader, minimum: int, precision: int, step_micro: int | None) -> None:
    if step_micro is None and minimum % 10 ** (MICRO_DIGITS - precision):
        top.fault("minimum_per_job", f"has more decimals than the list's precision of {precision}")
    if step_micro is not None and minimum % step_micro:
        top.fault(
            "minimum_per_job", f"is no multiple of the rounding step of {format_micro(step_micro, digits=2)}"
        )


def _is_before(one: date | datetime, other: date | datetime) -> bool:
    """Whether it may be so: the installation's zone says where a day begins, so the store looks at it."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.tzinfo is None or other.tzinfo is None or one < other
    days = [each.date() if isinstance(each, datetime) else each for each in (one, other)]
    if isinstance(one, datetime) == isinstance(other, datetime) or date.min in days:
        return days[0] < days[1] or date.min in days
    return days[0] - days[1] <= timedelta(days=1)


def _check_markup(top: Reader, book: str, markup: int | None, tables: Mapping[str, list[Any]]) -> None:
    has_rates = any(entries for table, entries in tables.items() if table != "class")
    if markup is None:
        if not has_rates:
            top.fault("", "has neither rates nor a markup")
    elif has_rates:
        top.fault("markup", "a markup is only for a list without rates of its own")
    elif tables["class"]:
        top.fault("class", "classes are for the rates of [[ppu]], and a markup has none")
    elif top.has("overhead"):
        top.fault("overhead", "a markup says it already: give only one of them")
    elif book != "price":
        top.fault("markup", "a markup adds to the cost, so only a list of book price can have one")
    elif markup <= -(10**RATE_DIGITS):
        top.fault("markup", "a discount must be less than the whole cost")
