"""The tables of a price list as values: which rate is meant for what (INTERFACES section 7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct

Book = Literal["cost", "price"]
Area = Literal["printed", "used"]
Level = Literal["printer", "group", "model", ""]
DEFAULT_PRECISION: Final = 4
MAX_PRECISION: Final = 6
"""Micro-units are the smallest that the ledger can hold."""


class Scope(NamedTuple):
    """The devices that an entry is for: one printer, a group, a model, or ("", "") for all."""

    level: Level
    name: str


EVERYWHERE: Final = Scope("", "")


class Ppu(Struct, frozen=True):
    """Per m2 of the list's area, by category; None is any category, also none."""

    scope: Scope
    category: str | None
    per_m2_e8: int


class Media(Struct, frozen=True):
    """Per m2 of used area, per m of length fed, or per sheet."""

    scope: Scope
    code: str
    unit: Literal["per_m2", "per_m", "per_sheet"]
    rate_e8: int


class Ink(Struct, frozen=True):
    """`price_e8` for `volume_ul` of one colour: 1,000 uL for a rate per ml, else a cartridge, kept exact."""

    scope: Scope
    colour: str
    price_e8: int
    volume_ul: int
    cartridge: bool = False


class Click(Struct, frozen=True):
    """Per impression, by colour mode and, where given, size class."""

    scope: Scope
    colour_mode: Literal["mono", "colour"]
    size: str | None
    per_impression_e8: int


class Scan(Struct, frozen=True):
    """Per m2 or per page scanned."""

    scope: Scope
    unit: Literal["per_m2", "per_page"]
    rate_e8: int


class Fixed(Struct, frozen=True):
    """Per job of a kind, once, on its first line."""

    scope: Scope
    kind: str
    per_job_e8: int


class PriceListFile(Struct, frozen=True, kw_only=True):
    """One price list as its file says it; rates in 1e-8, the minimum in micro-units.

    Attributes:
        valid_from: a day (of the installation's time zone) or a moment with zone.
        valid_until: likewise; the list does not count any more from then on.
        markup_e8: for a list without rates of its own: price = cost * (1 + markup).
    """

    name: str
    book: Book
    currency: str
    valid_from: date | datetime
    valid_until: date | datetime | None = None
    area: Area = "printed"
    precision: int = DEFAULT_PRECISION
    minimum_micro: int = 0
    markup_e8: int | None = None
    ppu: tuple[Ppu, ...] = ()
    media: tuple[Media, ...] = ()
    ink: tuple[Ink, ...] = ()
    click: tuple[Click, ...] = ()
    scan: tuple[Scan, ...] = ()
    fixed: tuple[Fixed, ...] = ()
