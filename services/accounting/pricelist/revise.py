"""A price list made from another one: under a name and dates of its own, all rates raised by one percentage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.accounting.pricelist.check import read_document
from services.accounting.pricelist.document import Document, rate_e8, to_document
from services.accounting.pricelist.reader import Fault, Reader, WrongPriceList
from services.accounting.pricing.entries import TABLES, PriceListFile
from shared.money import RATE_DIGITS, format_rate, round_half_even

_WHOLE_E8: Final = 100 * 10**RATE_DIGITS
_RATE_KEYS: Final = ("per_", "cartridge_price")
_DATES: Final = ("valid_from", "valid_until")


def revised(prices: PriceListFile, changes: Mapping[str, Any]) -> PriceListFile:
    """A checked list that says what another one says, but for some changes.

    Each rate is raised exactly and then rounded once, half-even, to the eight decimals that rates have; what is
    no rate (minimum, markup, steps, and the volume from which a rate counts) stays as it is.

    Args:
        prices: what it is made from.
        changes: `name`, `valid_from`, `valid_until` (None takes it away) and `change_percent`, each optional.

    Raises:
        WrongPriceList: a change makes no sense; the pointers are those of `changes` and of the new list.
    """
    faults: list[Fault] = []
    reader = Reader(changes, "", faults)
    document = {**to_document(prices)}
    if reader.has("name"):
        document["name"] = changes["name"]
    for key in _DATES:
        if reader.has(key):
            document[key] = changes[key]
    if document.get("valid_until") is None:
        document.pop("valid_until", None)
    if reader.has("change_percent"):
        percent_e8 = reader.amount("change_percent", negative=True)
        if percent_e8 <= -_WHOLE_E8:
            reader.fault("change_percent", "must be more than -100: a rate can't fall below 0")
        elif percent_e8 and prices.markup_e8 is not None:
            reader.fault(
                "change_percent", f"{prices.name} is a markup without rates of its own: change the markup"
            )
        else:
            _raise_rates(document, percent_e8)
    reader.finish()
    try:
        made = read_document(document, currency=prices.currency)
    except WrongPriceList as wrong:
        raise WrongPriceList([*faults, *wrong.faults]) from None
    if faults:
        raise WrongPriceList(faults)
    return made


def _raise_rates(document: Document, percent_e8: int) -> None:
    for table in TABLES:
        if table in document:
            document[table] = [
                {key: _raised(value, percent_e8) if key.startswith(_RATE_KEYS) else value
                 for key, value in entry.items()}
                for entry in document[table]
            ]  # fmt: skip


def _raised(rate: str, percent_e8: int) -> str:
    return format_rate(round_half_even(rate_e8(rate) * (_WHOLE_E8 + percent_e8), _WHOLE_E8))
