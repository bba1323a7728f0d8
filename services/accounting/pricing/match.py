"""Which rates of a list match a line, table by table (INTERFACES section 7, DOMAIN section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

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

    def find(self, table: str, scopes: Sequence[Scope], *whats: tuple[object, ...]) -> Sequence[Any]:
        """The most specific entries of a table, none or one for each volume, the smallest first.

        Scopes decide first, then `whats` in their order.
        """


def device_scopes(key: LineKey) -> list[Scope]:
    """The scopes that a line's device is in, most specific first; a printer is named by id or serial."""
    found = [Scope("printer", name) for name in (key.printer_id, key.serial) if name]
    if key.group:
        found.append(Scope("group", key.group))
    if key.model:
        found.append(Scope("model", key.model))
    return [*found, EVERYWHERE]


def matched_parts(prices: Prices, key: LineKey) -> list[Part]:
    """Every matching rate, or nothing when they make no price: media, finishing and fixed alone do not.

    On a scan nothing is printed: only scan and fixed rates match it.

    Raises:
        Lacking: see there; a part of a price is never silently left out.
    """
    scopes = device_scopes(key)
    if key.kind == "scan":
        parts = _scan(prices, key, scopes)
    else:
        ink = _ink(prices, key, scopes)
        parts = _ppu(prices, key, scopes) + ink + _click(prices, key, scopes)
        if parts:
            parts += [] if ink else _no_ink(prices, key, scopes)
            parts += _media(prices, key, scopes) + _finishing(prices, key, scopes)
    return parts + _fixed(prices, key, scopes) if parts else []


def _ppu(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    """The rate of the line's category; the list may have a word of its own for the class that the device told."""
    category = _category(prices, key, scopes)
    wanted = [(category,), (None,)] if category else [(None,)]
    tiers = prices.find("ppu", scopes, *wanted)
    if not tiers:
        return []
    entry = _tier(tiers, key, _require_area(prices, key))
    named = ""
    if entry.category:
        named = f"category {category}" + (f" for {key.category}" if category != key.category else "")
    return [_area_part("ppu", prices, entry.per_m2_e8, _matched(named, entry, MM2_PER_M2, "m2"))]


def _category(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> str | None:
    """The list's own category for the one of the line."""
    mapped = prices.find("class", scopes, (key.category,)) if key.category else ()
    return str(mapped[0].category) if mapped else key.category


def _tier(tiers: Sequence[Any], key: LineKey, measure: str) -> Any:
    """Of the entries for rising volumes the one that the job's total has reached; it counts for all of it."""
    total = dict(key.wider.volumes).get(measure, 0)
    return next((entry for entry in reversed(tiers) if entry.at_least <= total), tiers[0])


def _require_area(prices: Prices, key: LineKey) -> Measure:
    """The measure of the list's area; the other area is never taken in its place."""
    area = prices.file.area
    flag, other = (known.PRINTED, "used") if area == "printed" else (known.USED, "printed")
    if not key.known & flag:
        has_other = key.known & (known.USED if area == "printed" else known.PRINTED)
        raise Lacking(
            f"charges the {area} area, and the line has "
            + (f"only a {other} area" if has_other else "no area at all")
        )
    return "printed_area_mm2" if area == "printed" else "used_area_mm2"


def _area_part(table: str, prices: Prices, per_m2_e8: int, matched_on: str) -> Part:
    """A rate on the list's area, once that is known to be told."""
    area = prices.file.area
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
        found = prices.find("ink", scopes, (colour,))
        if not found:
            return []
        entry = found[0]
        volume_ml = format_rate(entry.volume_ul * (PER_RATE // UL_PER_ML)).removesuffix(".00")
        unit = f"cartridge of {volume_ml} ml" if entry.cartridge else "ml"
        rule = f"{rate_text(entry.price_e8, unit)} ({_named(colour, entry.scope)})"
        parts.append(Part("ink", rule, "ink_ul", entry.price_e8, PER_RATE * entry.volume_ul, colour))
    return parts or [Part("ink", "none used", "job", 0, 1)]


def _no_ink(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    """What the rule says where the device's ink has rates, and other rates make the price without them."""
    if not any(entry.scope in scopes for entry in prices.file.ink):
        return []
    lacking = [colour for colour in key.inks if not prices.find("ink", scopes, (colour,))]
    why = f"there is no rate for {', '.join(lacking)}" if key.known & known.INK else "no ink amounts were told"
    return [Part("ink", f"left out, as {why}", "job", 0, 1)]


def _click(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    wanted = [(key.colour_mode, key.size), (key.colour_mode, None)] if key.size else [(key.colour_mode, None)]
    tiers = prices.find("click", scopes, *wanted)
    if not tiers:
        return []
    if not key.known & known.IMPRESSIONS:
        raise Lacking("charges by impression, and the line does not say how many there were")
    entry = _tier(tiers, key, "impressions")
    mode = f"{entry.colour_mode} {entry.size}" if entry.size else entry.colour_mode
    rule = rate_text(entry.per_impression_e8, f"{mode} impression") + _matched("", entry, 1, "impressions")
    return [Part("click", rule, "impressions", entry.per_impression_e8, PER_RATE)]


def _scan(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    """A scan's area is its scan area where one is told, else the list's area."""
    tiers = prices.find("scan", scopes, ())
    if not tiers:
        return []
    if tiers[0].unit == "per_page":
        if not key.known & known.IMPRESSIONS:
            raise Lacking("charges scans by page, and the line does not say how many there were")
        entry = _tier(tiers, key, "impressions")
        rule = rate_text(entry.rate_e8, "page") + _matched("", entry, 1, "pages")
        return [Part("scan", rule, "impressions", entry.rate_e8, PER_RATE)]
    if key.known & known.SCAN:
        entry = _tier(tiers, key, "scan_area_mm2")
        rule = rate_text(entry.rate_e8, "m2 of scanned area") + _matched("", entry, MM2_PER_M2, "m2")
        return [Part("scan", rule, "scan_area_mm2", entry.rate_e8, PER_RATE * MM2_PER_M2)]
    entry = _tier(tiers, key, _require_area(prices, key))
    return [_area_part("scan", prices, entry.rate_e8, _matched("", entry, MM2_PER_M2, "m2"))]


class _Unit(NamedTuple):
    """What a rate is per: which quantity must be known, what of it is one unit, and how that is called."""

    known: int
    measure: Measure
    per_unit: int
    name: str
    lacking: str
    plural: str


_UNITS: Final = {
    "per_m2": _Unit(known.USED, "used_area_mm2", MM2_PER_M2, "m2 of used area", "its used area", "m2"),
    "per_m": _Unit(known.LENGTH, "length_um", UM_PER_M, "m of length fed", "the length fed", "m"),
    "per_sheet": _Unit(known.SHEETS, "sheets", 1, "sheet", "its sheets", "sheets"),
    "per_impression": _Unit(known.IMPRESSIONS, "impressions", 1, "impression", "its impressions", "impressions"),
}


def _media(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    """Media that the list does not name costs nothing extra: it is held to be in the other rates."""
    tiers = prices.find("media", scopes, (key.media,)) if key.media else ()
    return [_unit_part("media", tiers, key)] if tiers else []


def _finishing(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    """Finishing that the list does not name costs nothing extra, as media; some is charged on the first line."""
    found = [prices.find("finishing", scopes, (code,)) for code in key.wider.finishing]
    parts = [_unit_part("finishing", tiers, key) for tiers in found if tiers and tiers[0].unit != "per_job"]
    for code in key.wider.job_finishing:
        tiers = prices.find("finishing", scopes, (code,))
        if tiers and tiers[0].unit == "per_job":
            rule = f"{rate_text(tiers[0].rate_e8, 'job, on its first line')} ({_named(code, tiers[0].scope)})"
            parts.append(Part("finishing", rule, "job", tiers[0].rate_e8, PER_RATE))
    return parts


def _unit_part(table: str, tiers: Sequence[Any], key: LineKey) -> Part:
    """The rate of a medium or of finishing, by the unit that it is per."""
    unit = _UNITS[tiers[0].unit]
    if not key.known & unit.known:
        raise Lacking(f"charges {table} {tiers[0].code} per {unit.name}, and the line does not say {unit.lacking}")
    entry = _tier(tiers, key, unit.measure)
    rule = rate_text(entry.rate_e8, unit.name) + _matched(entry.code, entry, unit.per_unit, unit.plural)
    return Part(table, rule, unit.measure, entry.rate_e8, PER_RATE * unit.per_unit)


def _fixed(prices: Prices, key: LineKey, scopes: Sequence[Scope]) -> list[Part]:
    found = prices.find("fixed", scopes, (key.kind,))
    if not found:
        return []
    entry = found[0]
    rule = rate_text(entry.per_job_e8, f"{entry.kind} job, on its first line") + _in_brackets(entry.scope)
    return [Part("fixed", rule, "job", entry.per_job_e8, PER_RATE)]


def _matched(named: str, entry: Any, per_unit: int, plural: str) -> str:
    """What an entry matched on, for the trace: ` (category B, model HP DesignJet T1700, from 50 m2 per job)`."""
    words = [named] if named else []
    if entry.scope.level:
        words.append(f"{entry.scope.level} {entry.scope.name}")
    if entry.at_least:
        words.append(f"from {plain_number(entry.at_least, per_unit)} {plural} per job")
    return f" ({', '.join(words)})" if words else ""


def _named(what: str, scope: Scope) -> str:
    return f"{what}, {scope.level} {scope.name}" if scope.level else what


def _in_brackets(scope: Scope) -> str:
    return f" ({scope.level} {scope.name})" if scope.level else ""


def plain_number(value: int, per_unit: int) -> str:
    """A quantity in its unit without needless zeros: 50, 2.5."""
    whole, rest = divmod(value, per_unit)
    fraction = str(rest).rjust(len(str(per_unit)) - 1, "0").rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)
