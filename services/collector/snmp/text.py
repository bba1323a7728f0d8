"""Texts of devices: bytes in some character set, with NULs, prefixes or hexadecimal digits, as readable text."""

from __future__ import annotations

import re
from typing import Final

from services.collector.snmp.values import VarBind

MAX_TEXT: Final = 255
"""Characters that are kept: RFC 2579's DisplayString has no more."""
_PREFIX_OCTETS: Final = 2
_SYMBOL_SETS: Final = {
    b"\x01\x15": "hp_roman8",
    b"\x00\x0e": "latin-1",
    b"\x02\x4e": "utf-8",
    b"\x01\x55": "cp437",
    b"\x02\x75": "cp1252",
}
"""HP's private objects begin with the number of a PCL symbol set (32 x number + letter: 8U is Roman-8)."""
_HEX_LINE: Final = re.compile(r"[0-9A-Fa-f]{2}(\s+[0-9A-Fa-f]{2})*(\s+[0-9A-Fa-f])?")
_BLANKS: Final = re.compile(r"\s+")


def text_of(bind: VarBind | None) -> str | None:
    """The text of an object; None when it is absent, no string, or empty."""
    if bind is None or not isinstance(bind.value, bytes):
        return None
    return readable(bind.value)


def readable(octets: bytes) -> str | None:
    """What a person would read: up to the first NUL, blanks folded; None when nothing is left."""
    encoding = _SYMBOL_SETS.get(octets[:_PREFIX_OCTETS])
    if encoding:
        text = octets[_PREFIX_OCTETS:].partition(b"\0")[0].decode(encoding, "replace")
    else:
        text = _decoded(octets.lstrip(b"\0").partition(b"\0")[0])
    text = _without_dump(text)
    kept = "".join(each if each.isprintable() else " " for each in text)
    folded = _BLANKS.sub(" ", kept).strip()[:MAX_TEXT]
    return folded or None


def _decoded(octets: bytes) -> str:
    """UTF-8 where it is that, else Windows' Latin letters, which nearly all older devices send."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _without_dump(text: str) -> str:
    """Undoes a hexadecimal dump: some agents give bytes as digits, some the rest of a text after 16 characters."""
    first, _, rest = text.partition("\n")
    if rest and _HEX_LINE.fullmatch(rest.strip()):
        return first + _from_digits(rest)
    if " " in text and len(text) > len("00 00 00 00") and _HEX_LINE.fullmatch(text.strip()):
        dumped = _from_digits(text)
        return dumped if dumped.isprintable() else text
    return text


def _from_digits(digits: str) -> str:
    pairs = [pair for pair in digits.split() if len(pair) == 2]  # noqa: PLR2004 - the last may be cut off
    return _decoded(bytes.fromhex("".join(pairs)).partition(b"\0")[0])
