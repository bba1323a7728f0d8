"""The tables of a price list: each entry checked by itself and against the others of its table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast, get_args

from services.accounting.pricelist.reader import Fault, Reader
from services.accounting.pricing.entries import (
    EVERYWHERE,
    Class,
    Click,
    Finishing,
    Fixed,
    Ink,
    Media,
    Ppu,
    Scan,
    Scope,
)
from services.accounting.pricing.sizes import SIZES_UM, known_size
from shared.events.jobs import Kind
from shared.units import UL_PER_ML

MAX_ENTRIES: Final = 100_000
_KINDS: Final = get_args(Kind)
_AREA_DIGITS: Final = 6
_DIGITS: Final = {"per_m2": _AREA_DIGITS, "per_m": _AREA_DIGITS}
"""Decimals of a volume in m2 or m, down to mm2 and um; all else is counted in whole pieces."""

Key = tuple[Any, ...]


def read_table(top: Reader, table: str, faults: list[Fault]) -> list[Any]:
    """The entries of one table, each key at most once for each volume."""
    found = top.get(table) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        top.fault(table, f"must be written as [[{table}]]")
        return []
    if len(found) > MAX_ENTRIES:
        top.fault(table, f"has more than {MAX_ENTRIES} entries")
        return []
    entries: list[Any] = []
    groups: dict[Key, dict[int, int]] = {}
    for index, each in enumerate(found):
        reader = Reader(each, f"/{table}/{index}", faults)
        before = len(faults)
        scope = _scope(reader)
        entry, key = _READ[table](reader, scope)
        reader.finish()
        entries.append(entry)
        if len(faults) == before:
            tiers = groups.setdefault((scope, *key), {})
            first = tiers.setdefault(getattr(entry, "at_least", 0), index)
            if first != index:
                reader.fault("", f"says the same thing as /{table}/{first}, which of them counts?")
    for tiers in groups.values():
        _check_tiers(table, entries, tiers, faults)
    return entries


def _check_tiers(table: str, entries: list[Any], tiers: dict[int, int], faults: list[Fault]) -> None:
    """Entries for one thing in several volumes: small ones have a rate too, and all are per the same unit."""
    if 0 not in tiers:
        at = min(tiers.values())
        detail = "has a rate only from a volume on: add an entry for the same thing without `from`"
        faults.append(Fault(f"/{table}/{at}/from", detail))
    units = {at: getattr(entries[at], "unit", "") for at in sorted(tiers.values())}
    first = next(iter(units))
    for at, unit in units.items():
        if unit != units[first]:
            detail = f"must be {units[first]} as /{table}/{first}, which is for the same thing"
            faults.append(Fault(f"/{table}/{at}/{unit}", detail))


def _scope(reader: Reader) -> Scope:
    given = [(level, reader.text(level)) for level in ("printer", "group", "model") if reader.has(level)]
    if len(given) > 1:
        reader.fault("", "give only one of printer, group and model")
    level, name = given[0] if given else ("", None)
    return Scope(cast("Any", level), name) if name else EVERYWHERE


def _one_of(reader: Reader, units: tuple[str, ...]) -> tuple[Any, int]:
    """The one rate that an entry has of several possible ones."""
    given = [unit for unit in units if reader.has(unit)]
    if len(given) != 1:
        reader.fault("", f"needs exactly one of {', '.join(units)}")
        return units[0], 0
    return given[0], reader.amount(given[0])


def _from(reader: Reader, unit: str) -> int:
    """The volume from which a rate counts, in the canonical unit of what it multiplies."""
    return reader.amount("from", digits=_DIGITS.get(unit, 0)) if reader.has("from") else 0


def _ppu(reader: Reader, scope: Scope) -> tuple[Ppu, Key]:
    category = reader.text("category")
    return Ppu(scope, category, reader.amount("per_m2"), _from(reader, "per_m2")), (category,)


def _media(reader: Reader, scope: Scope) -> tuple[Media, Key]:
    code = reader.text("code", required=True) or ""
    unit, rate = _one_of(reader, ("per_m2", "per_m", "per_sheet"))
    return Media(scope, code, unit, rate, _from(reader, unit)), (code,)


def _ink(reader: Reader, scope: Scope) -> tuple[Ink, Key]:
    colour = reader.text("colour", required=True) or ""
    by_cartridge = reader.has("cartridge_price") or reader.has("cartridge_ml")
    if by_cartridge == reader.has("per_ml"):
        reader.fault("", "needs either per_ml, or cartridge_price and cartridge_ml")
        return Ink(scope, colour, 0, UL_PER_ML), (colour,)
    if not by_cartridge:
        return Ink(scope, colour, reader.amount("per_ml"), UL_PER_ML), (colour,)
    price, volume_ul = reader.amount("cartridge_price"), reader.amount("cartridge_ml", digits=3, above_zero=True)
    return Ink(scope, colour, price, volume_ul or 1, cartridge=True), (colour,)


def _click(reader: Reader, scope: Scope) -> tuple[Click, Key]:
    mode = reader.choice("colour_mode", ("mono", "colour"))
    told = reader.text("size")
    size = known_size(told) if told else None
    if told and size is None:
        reader.fault("size", f"{told!r:.80} is no known size: {', '.join(SIZES_UM)}")
    rate, at_least = reader.amount("per_impression"), _from(reader, "per_impression")
    return Click(scope, cast("Any", mode), size, rate, at_least), (mode, size)


def _scan(reader: Reader, scope: Scope) -> tuple[Scan, Key]:
    unit, rate = _one_of(reader, ("per_m2", "per_page"))
    return Scan(scope, unit, rate, _from(reader, unit)), ()


def _fixed(reader: Reader, scope: Scope) -> tuple[Fixed, Key]:
    kind = reader.choice("kind", _KINDS)
    return Fixed(scope, kind, reader.amount("per_job")), (kind,)


def _finishing(reader: Reader, scope: Scope) -> tuple[Finishing, Key]:
    code = reader.text("code", required=True) or ""
    unit, rate = _one_of(reader, ("per_sheet", "per_impression", "per_m2", "per_job"))
    if unit == "per_job" and reader.has("from"):
        reader.fault("from", "a rate per job does not depend on a volume")
        return Finishing(scope, code, unit, rate), (code,)
    return Finishing(scope, code, unit, rate, _from(reader, unit)), (code,)


def _class(reader: Reader, scope: Scope) -> tuple[Class, Key]:
    device = reader.text("device", required=True) or ""
    return Class(scope, device, reader.text("category", required=True) or ""), (device,)


_READ: Final[dict[str, Callable[[Reader, Scope], tuple[Any, Key]]]] = {
    "ppu": _ppu, "media": _media, "ink": _ink, "click": _click, "scan": _scan, "fixed": _fixed,
    "finishing": _finishing, "class": _class,
}  # fmt: skip
