"""Sizes of media from IPP: collections in hundredths of millimetres and PWG 5101.1 self-describing names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.collector.sources.ipp.view import View
from shared.units import UM_PER_INCH, UM_PER_IPP_UNIT, UM_PER_MM

_SELF_DESCRIBING: Final = re.compile(
    r"(?:^|[_.])(\d{1,6}(?:\.\d{1,6})?)x(\d{1,6}(?:\.\d{1,6})?)(mm|cm|in|ft)(?:$|[._])"
)
_UM_PER: Final = {"mm": UM_PER_MM, "cm": 10 * UM_PER_MM, "in": UM_PER_INCH, "ft": 12 * UM_PER_INCH}
_LEGACY: Final = {
    "a0": (841_000, 1_189_000),
    "a1": (594_000, 841_000),
    "a2": (420_000, 594_000),
    "a3": (297_000, 420_000),
    "a4": (210_000, 297_000),
    "a5": (148_000, 210_000),
    "a6": (105_000, 148_000),
    "b4": (250_000, 353_000),
    "b5": (176_000, 250_000),
    "letter": (215_900, 279_400),
    "legal": (215_900, 355_600),
    "executive": (184_150, 266_700),
    "tabloid": (279_400, 431_800),
    "ledger": (279_400, 431_800),
    "archa": (228_600, 304_800),
    "archb": (304_800, 457_200),
    "archc": (457_200, 609_600),
    "archd": (609_600, 914_400),
    "arche": (914_400, 1_219_200),
}
"""Names without a size in them: PPD names of CUPS, and RFC 2911's after their iso-, jis- or na- is taken off."""
_STANDARD: Final = {
    _LEGACY[name]: f"{registry}{name.removeprefix('arch')}_{dimensions}"
    for name, registry, dimensions in (
        ("a0", "iso_", "841x1189mm"),
        ("a1", "iso_", "594x841mm"),
        ("a2", "iso_", "420x594mm"),
        ("a3", "iso_", "297x420mm"),
        ("a4", "iso_", "210x297mm"),
        ("a5", "iso_", "148x210mm"),
        ("letter", "na_", "8.5x11in"),
        ("legal", "na_", "8.5x14in"),
        ("ledger", "na_", "11x17in"),
        ("archc", "na_arch-", "18x24in"),
        ("archd", "na_arch-", "24x36in"),
        ("arche", "na_arch-", "36x48in"),
    )
}
MAX_SIDE_UM: Final = 10**9


@dataclass(frozen=True, slots=True)
class Size:
    """A page: across and along the feed, as its name or collection gives them."""

    width_um: int
    length_um: int


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll that is loaded in an input, with its media-type where that is told."""

    width_um: int
    media_type: str | None = None


def size_from_name(name: str) -> Size | None:
    """The size that a media name tells, such as `iso_a1_594x841mm`, `na_letter_8.5x11in`, `Custom.36x48in`, `A4`.

    A name with options after commas (`A4,Tray1`) counts by its first part that has a size. Names of the smallest
    and largest size that a printer takes (`custom_min_...`, `roll_max_...`) are no size of a page.
    """
    for part in name.lower().split(","):
        plain = part.strip()
        if re.match(r"(custom|roll)_(min|max)_", plain):
            continue
        if found := _SELF_DESCRIBING.search(plain):
            across, along, unit = found.groups()
            return _size(_um(across, unit), _um(along, unit))
        plain = re.sub(r"^(iso|jis|na)-|\.(fullbleed|transverse)$|[ _-]", "", plain)
        if plain in _LEGACY:
            return Size(*_LEGACY[plain])
    return None


def size_from_collection(media: View) -> Size | None:
    """The size in a media-col: its media-size, else its media-size-name."""
    size = media.view("media-size")
    if size is not None:
        across, along = size.integer("x-dimension"), size.integer("y-dimension")
        if across is not None and along is not None:
            return _size(across * UM_PER_IPP_UNIT, along * UM_PER_IPP_UNIT)
    name = media.text("media-size-name") or media.text("media-key")
    return size_from_name(name) if name else None


def roll_from_collection(media: View) -> Roll | None:
    """The roll in an entry of media-col-ready: one that says it is, by its source or by an open length."""
    size = media.view("media-size")
    source = media.text("media-source") or ""
    if size is None or not ("roll" in source or size.integer("y-dimension") in (None, 0)):
        return None
    width = size.upper("x-dimension")
    return Roll(width * UM_PER_IPP_UNIT, media.text("media-type")) if width and width > 0 else None


def fed_length_um(size: Size, roll: Roll) -> int | None:
    """How much of the roll one page takes: pages are turned so that the least is fed; None when none fits."""
    short, long = sorted((size.width_um, size.length_um))
    if long <= roll.width_um:
        return short
    return long if short <= roll.width_um else None


def standard_name(size: Size) -> str:
    """The PWG 5101.1 name of a size: a standard one, or `custom_` with its millimetres."""
    for sides in ((size.width_um, size.length_um), (size.length_um, size.width_um)):
        if sides in _STANDARD:
            return _STANDARD[sides]
    across, along = (f"{Decimal(um).scaleb(-3).normalize():f}" for um in (size.width_um, size.length_um))
    return f"custom_{across}x{along}mm_{across}x{along}mm"


def short_name(name: str) -> str | None:
    """The name that people use: `A1` for `iso_a1_594x841mm`."""
    parts = name.split("_")
    if len(parts) < 3 or parts[0] not in ("iso", "na", "jis", "jpn", "arch", "prc", "roc", "om", "oe", "asme"):  # noqa: PLR2004
        return None
    return parts[1].replace("-", " ").title() if len(parts[1]) > 2 else parts[1].upper()  # noqa: PLR2004


def _um(number: str, unit: str) -> int:
    return int((Decimal(number) * _UM_PER[unit]).to_integral_value())


def _size(width_um: int, length_um: int) -> Size | None:
    sane = 0 < width_um <= MAX_SIDE_UM and 0 < length_um <= MAX_SIDE_UM
    return Size(width_um, length_um) if sane else None
