"""A price list as document (what TOML and CSV are read into) to a checked value (INTERFACES section 7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, cast, get_args

from services.accounting.pricelist.reader import Fault, Reader, WrongPriceList
from services.accounting.pricing.entries import (
    DEFAULT_PRECISION,
    EVERYWHERE,
    MAX_PRECISION,
    Click,
    Fixed,
    Ink,
    Media,
    Ppu,
    PriceListFile,
    Scan,
    Scope,
)
from services.accounting.pricing.sizes import SIZES_UM, known_size
from shared.events.jobs import Kind
from shared.money import MICRO_DIGITS, RATE_DIGITS
from shared.units import UL_PER_ML

TABLES: Final = ("ppu", "media", "ink", "click", "scan", "fixed")
MAX_ENTRIES: Final = 100_000
_NAME: Final = re.compile(r"\w[\w .\-]{0,99}")
_KINDS: Final = get_args(Kind)


def read_document(document: Mapping[str, Any], *, currency: str) -> PriceListFile:
    """Checks a whole document.

    Args:
        document: as tomllib gives it; `valid_from` may also be ISO 8601 text.
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
    precision = top.whole("precision", low=0, high=MAX_PRECISION, default=DEFAULT_PRECISION)
    minimum = top.amount("minimum_per_job", digits=MICRO_DIGITS) if top.has("minimum_per_job") else 0
    if minimum % 10 ** (MICRO_DIGITS - precision):
        top.fault("minimum_per_job", f"has more decimals than the list's precision of {precision}")
    markup = top.amount("markup", negative=True) if top.has("markup") else None
    valid_from = top.moment("valid_from")
    valid_until = top.moment("valid_until") if top.has("valid_until") else None
    area = top.choice("area", ("printed", "used"), default="printed")
    tables = {table: _entries(top, table, faults) for table in TABLES}
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
        minimum_micro=minimum,
        markup_e8=markup,
        **cast("Any", {table: tuple(entries) for table, entries in tables.items()}),
    )


def _is_before(one: date | datetime, other: date | datetime) -> bool:
    """Of a day and a moment only the days can be compared: where the day begins, the installation's zone says."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.tzinfo is None or other.tzinfo is None or one < other
    days = [each.date() if isinstance(each, datetime) else each for each in (one, other)]
    return days[0] < days[1] or date.min in days


def _check_markup(top: Reader, book: str, markup: int | None, tables: Mapping[str, list[Any]]) -> None:
    has_rates = any(tables.values())
    if markup is None:
        if not has_rates:
            top.fault("", "has neither rates nor a markup")
    elif has_rates:
        top.fault("markup", "a markup is only for a list without rates of its own")
    elif book != "price":
        top.fault("markup", "a markup adds to the cost, so only a list of book price can have one")
    elif markup <= -(10**RATE_DIGITS):
        top.fault("markup", "a discount must be less than the whole cost")


def _entries(top: Reader, table: str, faults: list[Fault]) -> list[Any]:
    """The entries of one table, each key at most once."""
    found = top.get(table) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        top.fault(table, f"must be written as [[{table}]]")
        return []
    if len(found) > MAX_ENTRIES:
        top.fault(table, f"has more than {MAX_ENTRIES} entries")
        return []
    entries: list[Any] = []
    seen: dict[tuple[Any, ...], int] = {}
    for index, each in enumerate(found):
        reader = Reader(each, f"/{table}/{index}", faults)
        before = len(faults)
        scope = _scope(reader)
        entry, key = _READ[table](reader, scope)
        reader.finish()
        if len(faults) == before and seen.setdefault((scope, *key), index) != index:
            reader.fault("", f"says the same thing as /{table}/{seen[(scope, *key)]}, which of them counts?")
        entries.append(entry)
    return entries


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


def _ppu(reader: Reader, scope: Scope) -> tuple[Ppu, tuple[Any, ...]]:
    category = reader.text("category")
    return Ppu(scope, category, reader.amount("per_m2")), (category,)


def _media(reader: Reader, scope: Scope) -> tuple[Media, tuple[Any, ...]]:
    code = reader.text("code", required=True) or ""
    unit, rate = _one_of(reader, ("per_m2", "per_m", "per_sheet"))
    return Media(scope, code, unit, rate), (code,)


def _ink(reader: Reader, scope: Scope) -> tuple[Ink, tuple[Any, ...]]:
    colour = reader.text("colour", required=True) or ""
    by_cartridge = reader.has("cartridge_price") or reader.has("cartridge_ml")
    if by_cartridge == reader.has("per_ml"):
        reader.fault("", "needs either per_ml, or cartridge_price and cartridge_ml")
        return Ink(scope, colour, 0, UL_PER_ML), (colour,)
    if not by_cartridge:
        return Ink(scope, colour, reader.amount("per_ml"), UL_PER_ML), (colour,)
    price, volume_ul = reader.amount("cartridge_price"), reader.amount("cartridge_ml", digits=3, above_zero=True)
    return Ink(scope, colour, price, volume_ul or 1, cartridge=True), (colour,)


def _click(reader: Reader, scope: Scope) -> tuple[Click, tuple[Any, ...]]:
    mode = reader.choice("colour_mode", ("mono", "colour"))
    told = reader.text("size")
    size = known_size(told) if told else None
    if told and size is None:
        reader.fault("size", f"{told!r:.80} is no known size: {', '.join(SIZES_UM)}")
    return Click(scope, cast("Any", mode), size, reader.amount("per_impression")), (mode, size)


def _scan(reader: Reader, scope: Scope) -> tuple[Scan, tuple[Any, ...]]:
    unit, rate = _one_of(reader, ("per_m2", "per_page"))
    return Scan(scope, unit, rate), ()


def _fixed(reader: Reader, scope: Scope) -> tuple[Fixed, tuple[Any, ...]]:
    kind = reader.choice("kind", _KINDS)
    return Fixed(scope, kind, reader.amount("per_job")), (kind,)


_READ: Final[dict[str, Callable[[Reader, Scope], tuple[Any, tuple[Any, ...]]]]] = {
    "ppu": _ppu, "media": _media, "ink": _ink, "click": _click, "scan": _scan, "fixed": _fixed,
}  # fmt: skip
