"""Single cells: texts that no spreadsheet runs, words for yes and no, and several codes in one cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_WIDE: Final = (
    "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)
_RISKY: Final = re.compile(f"'*[=+\\-@\t\r\n{_WIDE}]")
"""What spreadsheets take for a formula, and what only looks like our way to write such a text."""
_YES: Final = frozenset({"yes", "y", "true", "1", "x", "ja", "wahr", "oui", "vrai", "si", "sí", "sì", "sim", "on"})
_NO: Final = frozenset({"no", "n", "false", "0", "nein", "falsch", "non", "faux", "não", "nao", "off"})
_ESCAPED: Final = re.compile(r"\\([\\|])")
_SPLIT: Final = re.compile(r"((?:[^\\|]|\\.|\\$)*)(\||$)", re.DOTALL)


def harmless(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula: such a start gets an apostrophe before it."""
    return f"'{text}" if _RISKY.match(text) else text


def plain_text(cell: str) -> str:
    """The text that a cell means: the apostrophe that `harmless` puts before a risky start is taken away."""
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell


def flag_of(cell: str) -> bool:
    """Yes or no, in the languages of the product.

    Raises:
        ValueError: neither.
    """
    word = cell.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"must be yes or no, not {cell!r:.80}")


def flag_text(flag: bool) -> str:
    """What flag_of reads."""
    return "yes" if flag else "no"


def codes_text(codes: Sequence[str]) -> str:
    """Several codes in one cell: a|b; a bar or backslash within a code has a backslash before it."""
    return "|".join(code.replace("\\", "\\\\").replace("|", "\\|") for code in codes)


def codes_of(cell: str) -> tuple[str, ...]:
    """The codes of one cell, each once, in order; a backslash that is before neither bar nor backslash stands."""
    found: dict[str, None] = {}
    for match in _SPLIT.finditer(cell):
        if code := _ESCAPED.sub(r"\1", match[1].strip()):
            found[code] = None
    return tuple(found)
