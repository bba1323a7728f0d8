"""Price lists as TOML text, both ways."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from services.accounting.pricelist.check import read_document
from services.accounting.pricelist.document import to_document
from services.accounting.pricelist.reader import Fault, WrongPriceList
from services.accounting.pricing.entries import TABLES, PriceListFile


def from_toml(text: str, *, currency: str) -> PriceListFile:
    """Reads and checks a price list file.

    Raises:
        WrongPriceList: not TOML, or with faults; see read_document.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise WrongPriceList([Fault("", f"is not TOML: {error}")]) from error
    return read_document(document, currency=currency)


def to_toml(prices: PriceListFile) -> str:
    """Writes a price list so that from_toml reads the very same."""
    document = to_document(prices)
    lines = [f"{key} = {_value(key, value)}" for key, value in document.items() if key not in TABLES]
    for table in TABLES:
        for entry in document.get(table, ()):
            lines += ["", f"[[{table}]]", *(f"{key} = {_value(key, value)}" for key, value in entry.items())]
    return "\n".join(lines) + "\n"


def _value(key: str, value: Any) -> str:
    """A TOML value; texts hold no control characters, so JSON's escapes are TOML's."""
    return str(value) if key in {"valid_from", "valid_until"} else json.dumps(value, ensure_ascii=False)
