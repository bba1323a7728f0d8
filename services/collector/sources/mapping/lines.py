"""Bytes to lines, in whatever encoding, with the place of each: for files that are read in parts and grow."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final, NamedTuple

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE: Final = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}


class Line(NamedTuple):
    """One line with its end; `start` and `end` are bytes of the part. `is_whole`: its end was there."""

    raw: bytes
    start: int
    end: int
    is_whole: bool


def encoding_of(head: bytes, told: str) -> tuple[str, int]:
    """The encoding of a file by its first bytes, and how many bytes its byte order mark takes.

    UTF-16 without a mark is taken as little-endian, as Windows writes it.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark) and (encoding != "utf-8" or codecs.lookup(told).name in ("utf-8", "utf-8-sig")):
            return encoding, len(mark)
    name = codecs.lookup(told).name
    return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(name, name), 0


def lines_of(raw: bytes, encoding: str, start: int = 0) -> Iterator[Line]:
    """The lines of a part, from a byte on; ends are LF or CR LF."""
    width = _WIDE.get(encoding, 1)
    feed = "\n".encode(encoding)
    while start < len(raw):
        found = raw.find(feed, start)
        while found >= 0 and (found - start) % width:
            found = raw.find(feed, found + 1)
        end = found + width if found >= 0 else len(raw)
        yield Line(raw[start:end], start, end, found >= 0)
        start = end
