"""Which rates of a list match a line, table by table (INTERFACES section 7, DOMAIN section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from services.accounting.pricing import quantities as known
from services.accounting.pricing.entries import EVERYWHERE, PriceListFile, Scope
from services.accounting.pricing.quantities import LineKey
from services.accounting.pricing.rates import PER_RATE, Measure, Part, rate_text
from shared.money import format_rate
from shared.units import MM2_PER_M2, UL_PER_ML

UM_PER_M: Final = 1_000_000


class Lacking(Exception):  # noqa: N818 - says what is lacking; caught where the price list answers
    """A rate matches, but the line does not say how much was used."""


class Prices(Protocol):
    """What matching reads of a price list."""

    @property
    def file(self) -> PriceListFile: ...  # noqa: D102

    def find(self, table: str, scopes: Sequence[Scope], *whats: tuple[object, ...]) -> Any:
        """The most specific entry of a table or None: scopes decide first, then `whats` in their order."""


def device_scopes(key: LineKey) -> list[Scope]:
    """The scopes that a line's device is in, most specific first; a printer is named by id or serial."""
    found = [Scope("printer", name) for name in (key.printer_id, key.serial) if name]
    if key.group:
        found.append(Scope("group", key.group))
    if key.model:
        found.append(Scope("model", key.model))
    return [*found, EVERYWHERE]


def matched_parts(prices: Prices, key: LineKey) -> list[Part]:
    """Every matching rate, or nothing when they make no price: media and fixed alone do not.

    On a scan nothing is printed: only scan and fixed rates match it.

    Raises:
        Lacking: see there; a part of a price is never silently left out.
    """
    scopes = device_scopes(key)
    if key.kind == "scan":
        parts = _scan(prices, key, scopes)
    else:
        parts = _ppu(prices, key, scopes) + _ink(prices, key, scopes) + _click(prices, key, scopes)
        if parts:
            parts += _media(prices, key, scopes)
    return parts + _fixed(prices, key, scopes) if parts else []


def _ppu(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    wanted = [(key.category,), (None,)] if key.category else [(None,)]
    entry = prices.find("ppu", scopes, *wanted)
    if entry is None:
        return []
    matched_on = f" (category {entry.category}{_for(entry.scope, ', ')})" if entry.category else _for(entry.scope)
    return [_area_part("ppu", prices, key, entry.per_m2_e8, matched_on)]


def _area_part(table: str, prices: Prices, key: LineKey, per_m2_e8: int, matched_on: str) -> Part:
    """A rate on the list's area; the other area is never taken in its place."""
    area = prices.file.area
    flag, other = (known.PRINTED, "used") if area == "printed" else (known.USED, "printed")
    if not key.known & flag:
        has_other = key.known & (known.USED if area == "printed" else known.PRINTED)
        raise Lacking(
            f"charges the {area} area, and the line has "
            + (f"only a {other} area" if has_other else "no area at all")
        )
    measure: Measure = "printed_area_mm2" if area == "printed" else "used_area_mm2"
    rule = rate_text(per_m2_e8, f"m2 of {area} area") + matched_on
    return Part(table, rule, measure, per_m2_e8, PER_RATE * MM2_PER_M2)


def _ink(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    """Ink by colour: a colour that was used and has no rate means that there is no ink price at all.

    A line that used none costs nothing, but only on a device whose ink has rates: elsewhere it has no price.
    """
    if not key.known & known.INK or not any(entry.scope in scopes for entry in prices.file.ink):
        return []
    parts = []
    for colour in key.inks:
        entry = prices.find("ink", scopes, (colour,))
        if entry is None:
            return []
        volume_ml = format_rate(entry.volume_ul * (PER_RATE // UL_PER_ML)).removesuffix(".00")
        unit = f"cartridge of {volume_ml} ml" if entry.cartridge else "ml"
        rule = f"{rate_text(entry.price_e8, unit)} ({colour}{_for(entry.scope, ', ')})"
        parts.append(Part("ink", rule, "ink_ul", entry.price_e8, PER_RATE * entry.volume_ul, colour))
    return parts or [Part("ink", "none used", "job", 0, 1)]


def _click(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    wanted = [(key.colour_mode, key.size), (key.colour_mode, None)] if key.size else [(key.colour_mode, None)]
    entry = prices.find("click", scopes, *wanted)
    if entry is None:
        return []
    if not key.known & known.IMPRESSIONS:
        raise Lacking("charges by impression, and the line does not say how many there were")
    matched_on = f"{entry.colour_mode} {entry.size}" if entry.size else entry.colour_mode
    rule = rate_text(entry.per_impression_e8, f"{matched_on} impression") + _for(entry.scope)
    return [Part("click", rule, "impressions", entry.per_impression_e8, PER_RATE)]


def _scan(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    """A scan's area is its scan area where one is told, else the list's area."""
    entry = prices.find("scan", scopes, ())
    if entry is None:
        return []
    if entry.unit == "per_page":
        if not key.known & known.IMPRESSIONS:
            raise Lacking("charges scans by page, and the line does not say how many there were")
        return [Part("scan", rate_text(entry.rate_e8, "page") + _for(entry.scope), "impressions", entry.rate_e8,
                     PER_RATE)]  # fmt: skip
    if key.known & known.SCAN:
        rule = rate_text(entry.rate_e8, "m2 of scanned area") + _for(entry.scope)
        return [Part("scan", rule, "scan_area_mm2", entry.rate_e8, PER_RATE * MM2_PER_M2)]
    return [_area_part("scan", prices, key, entry.rate_e8, _for(entry.scope))]


_MEDIA: Final[dict[str, tuple[int, Measure, int, str, str]]] = {
    "per_m2": (known.USED, "used_area_mm2", MM2_PER_M2, "m2 of used area", "its used area"),
    "per_m": (known.LENGTH, "length_um", UM_PER_M, "m of length fed", "the length fed"),
    "per_sheet": (known.SHEETS, "sheets", 1, "sheet", "its sheets"),
}


def _media(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    """Media that the list does not name costs nothing extra: it is held to be in the other rates."""
    entry = prices.find("media", scopes, (key.media,)) if key.media else None
    if entry is None:
        return []
    flag, measure, per_unit, unit, lacking = _MEDIA[entry.unit]
    if not key.known & flag:
        raise Lacking(f"charges media {entry.code} per {unit}, and the line does not say {lacking}")
    rule = f"{rate_text(entry.rate_e8, unit)} ({entry.code}{_for(entry.scope, ', ')})"
    return [Part("media", rule, measure, entry.rate_e8, PER_RATE * per_unit)]


def _fixed(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    entry = prices.find("fixed", scopes, (key.kind,))
    if entry is None:
        return []
    rule = rate_text(entry.per_job_e8, f"{entry.kind} job, on its first line") + _for(entry.scope)
    return [Part("fixed", rule, "job", entry.per_job_e8, PER_RATE)]


def _for(scope: Scope, joined: str = "") -> str:
    """What an entry was limited to, for the trace: ` (model HP DesignJet T1700)`."""
    if not scope.level:
        return ""
    text = f"{scope.level} {scope.name}"
    return f"{joined}{text}" if joined else f" ({text})"
