"""Size classes of pages: ISO A, North American and ARCH names by width and length, either way round."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

TOLERANCE_UM: Final = 2_500
"""Drivers round to points, to 1/100 mm or to 1/32 inch; neighbouring sizes are at least 6 mm apart."""

_INCH: Final = 25_400
SIZES_UM: Final[dict[str, tuple[int, int]]] = {
    "A6": (105_000, 148_000),
    "A5": (148_000, 210_000),
    "A4": (210_000, 297_000),
    "A3": (297_000, 420_000),
    "A2": (420_000, 594_000),
    "A1": (594_000, 841_000),
    "A0": (841_000, 1_189_000),
    "letter": (_INCH * 17 // 2, _INCH * 11),
    "legal": (_INCH * 17 // 2, _INCH * 14),
    "ledger": (_INCH * 11, _INCH * 17),
    "ANSI C": (_INCH * 17, _INCH * 22),
    "ANSI D": (_INCH * 22, _INCH * 34),
    "ANSI E": (_INCH * 34, _INCH * 44),
    "ARCH A": (_INCH * 9, _INCH * 12),
    "ARCH B": (_INCH * 12, _INCH * 18),
    "ARCH C": (_INCH * 18, _INCH * 24),
    "ARCH D": (_INCH * 24, _INCH * 36),
    "ARCH E": (_INCH * 36, _INCH * 48),
    "ARCH E1": (_INCH * 30, _INCH * 42),
}
"""Short side, long side in um, by name."""

_ALIASES: Final = {"tabloid": "ledger", "ansi a": "letter", "ansi b": "ledger"}
_BY_FOLDED: Final = {name.casefold(): name for name in SIZES_UM}


@lru_cache(maxsize=4_096)
def size_class(width_um: int | None, length_um: int | None) -> str | None:
    """The name of a page size, or None for a size without one, such as a cut of a roll."""
    if width_um is None or length_um is None:
        return None
    short, long = sorted((width_um, length_um))
    for name, (by_short, by_long) in SIZES_UM.items():
        if abs(short - by_short) <= TOLERANCE_UM and abs(long - by_long) <= TOLERANCE_UM:
            return name
    return None


def known_size(name: str) -> str | None:
    """The one spelling of a size's name (`a4`, `arch-d`, `Tabloid`), or None where there is no such size."""
    folded = " ".join(name.casefold().replace("-", " ").replace("_", " ").split())
    return _BY_FOLDED.get(_ALIASES.get(folded, folded).casefold())
