"""A checked price list back into a document of strings: for the store, for JSON, and on to TOML and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.accounting.pricelist.check import TABLES
from services.accounting.pricing.entries import Click, Fixed, Ink, Media, Ppu, PriceListFile, Scan, Scope
from shared.money import MICRO_DIGITS, RATE_DIGITS, format_micro, format_rate, to_decimal
from shared.units import UL_PER_ML

Entry = Ppu | Media | Ink | Click | Scan | Fixed
Document = dict[str, Any]


def to_document(prices: PriceListFile) -> Document:
    """A price list as read_document takes it; amounts as strings, `valid_from` as ISO 8601 text."""
    document: Document = {
        "name": prices.name,
        "book": prices.book,
        "currency": prices.currency,
        "valid_from": prices.valid_from.isoformat(),
        **({"valid_until": prices.valid_until.isoformat()} if prices.valid_until else {}),
        "area": prices.area,
        "precision": prices.precision,
    }
    if prices.minimum_micro:
        document["minimum_per_job"] = format_micro(prices.minimum_micro, digits=2)
    if prices.markup_e8 is not None:
        document["markup"] = format_rate(prices.markup_e8)
    for table in TABLES:
        if entries := getattr(prices, table):
            document[table] = [{**_scope(entry.scope), **dict(_entry(entry))} for entry in entries]
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
        case Media():
            yield "code", entry.code
            yield entry.unit, format_rate(entry.rate_e8)
        case Ink():
            yield "colour", entry.colour
            if entry.cartridge:
                yield "cartridge_price", format_rate(entry.price_e8)
                yield "cartridge_ml", _plain(entry.volume_ul * (10**RATE_DIGITS // UL_PER_ML))
            else:
                yield "per_ml", format_rate(entry.price_e8)
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


def _plain(value_e8: int) -> str:
    """A number without needless zeros: 300, 130.5."""
    text = f"{to_decimal(value_e8, digits=RATE_DIGITS):.{MICRO_DIGITS}f}".rstrip("0")
    return text.removesuffix(".")
