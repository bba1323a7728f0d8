"""A checked price list back into a document of strings: for the store, for JSON, and on to TOML and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.accounting.pricing.entries import (
    CANCELLED,
    TABLES,
    Class,
    Click,
    Finishing,
    Fixed,
    Ink,
    Media,
    Ppu,
    PriceListFile,
    Scan,
    Scope,
)
from services.accounting.pricing.match import plain_number
from shared.money import MICRO_DIGITS, RATE_DIGITS, format_micro, format_rate, to_decimal
from shared.units import MM2_PER_M2, UL_PER_ML

Entry = Ppu | Media | Ink | Click | Scan | Fixed | Finishing | Class
Document = dict[str, Any]


def to_document(prices: PriceListFile) -> Document:
    """A price list as read_document takes it; amounts as strings, days and moments as ISO 8601 text."""
    document: Document = {
        "name": prices.name,
        "book": prices.book,
        "currency": prices.currency,
        "valid_from": prices.valid_from.isoformat(),
        **({"valid_until": prices.valid_until.isoformat()} if prices.valid_until else {}),
        "area": prices.area,
    }
    if prices.rounding_step_micro is None:
        document["precision"] = prices.precision
    else:
        document["rounding_step"] = format_micro(prices.rounding_step_micro, digits=2)
    if prices.minimum_micro:
        document["minimum_per_job"] = format_micro(prices.minimum_micro, digits=2)
    if prices.markup_e8 is not None:
        document["markup"] = format_rate(prices.markup_e8)
    if prices.overhead_e8:
        document["overhead"] = format_rate(prices.overhead_e8)
    document |= {outcome: prices.policy(outcome) for outcome in CANCELLED if prices.policy(outcome) != "full"}
    for table in TABLES:
        if entries := prices.entries(table):
            document[table] = [{**_scope(entry.scope), **dict(_entry(entry)), **_from(entry)} for entry in entries]
    return document


def rate_e8(text: str) -> int:
    """A rate as a document has it, back in units of 1e-8."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(RATE_DIGITS, "0"))


def _scope(scope: Scope) -> dict[str, str]:
    return {scope.level: scope.name} if scope.level else {}


def _entry(entry: Entry) -> Iterator[tuple[str, str]]:
    match entry:
        case Ppu():
            if entry.category:
                yield "category", entry.category
            yield "per_m2", format_rate(entry.per_m2_e8)
        case Media() | Finishing():
            yield "code", entry.code
            yield entry.unit, format_rate(entry.rate_e8)
        case Ink():
            yield "colour", entry.colour
            yield from _ink_price(entry)
        case Click():
            yield "colour_mode", entry.colour_mode
            if entry.size:
                yield "size", entry.size
            yield "per_impression", format_rate(entry.per_impression_e8)
        case Scan():
            yield entry.unit, format_rate(entry.rate_e8)
        case Fixed():
            yield "kind", entry.kind
            yield "per_job", format_rate(entry.per_job_e8)
        case Class():
            yield "device", entry.device
            yield "category", entry.category


def _ink_price(entry: Ink) -> Iterator[tuple[str, str]]:
    if entry.cartridge:
        yield "cartridge_price", format_rate(entry.price_e8)
        yield "cartridge_ml", _plain(entry.volume_ul * (10**RATE_DIGITS // UL_PER_ML))
    else:
        yield "per_ml", format_rate(entry.price_e8)


def _from(entry: Entry) -> dict[str, str]:
    """The volume from which a rate counts, in m2, m or pieces."""
    if isinstance(entry, Ink | Fixed | Class) or not entry.at_least:
        return {}
    in_millionths = isinstance(entry, Ppu) or (not isinstance(entry, Click) and entry.unit in {"per_m2", "per_m"})
    return {"from": plain_number(entry.at_least, MM2_PER_M2 if in_millionths else 1)}


def _plain(value_e8: int) -> str:
    """A number without needless zeros: 300, 130.5."""
    text = f"{to_decimal(value_e8, digits=RATE_DIGITS):.{MICRO_DIGITS}f}".rstrip("0")
    return text.removesuffix(".")
