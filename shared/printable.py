"""Text of others, fit for a terminal and a log: no character of it steers the terminal or turns the line about."""

from __future__ import annotations

import re
from typing import Final

_BEYOND_ASCII: Final = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
"""DEL, the C1 controls, marks that turn the direction of text about, separators of lines, lone surrogates."""
_ALL: Final = re.compile(f"[\x00-\x1f{_BEYOND_ASCII}]")
_ALL_BUT_LINES: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_BEYOND_ASCII}]")
_IN_JSON: Final = re.compile(f"[{_BEYOND_ASCII}]")


def printable(text: str, *, lines: bool = False) -> str:
    """The text with U+FFFD for each control character; `lines` keeps line breaks and tabs."""
    return (_ALL_BUT_LINES if lines else _ALL).sub("\N{REPLACEMENT CHARACTER}", text)


def without_controls(text: str) -> str:
    """The text with a blank for each control character: what a device says, fit for JSON and PostgreSQL."""
    return _ALL.sub(" ", text)


def has_controls(text: str) -> bool:
    """Whether there is a control character in it."""
    return _ALL.search(text) is not None


def escaped_json(document: str) -> str:
    """JSON whose strings hold control characters only as escapes; it means the same."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", document)
