"""Bytes of a CSV file as text: UTF-8, UTF-16 or cp1252, by what the bytes themselves tell."""

from __future__ import annotations

import codecs
from typing import Final, NamedTuple

from shared.errors import Reject

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""A program that writes its own mark before a text that has one leaves two of them."""
_LOOKED_AT: Final = 2_000
_MOSTLY: Final = 0.4
"""UTF-16 of a European header has a zero in nearly every second byte; other text has none at all."""


class Decoded(NamedTuple):
    """The text of a file without its byte order mark, and the encoding it was in."""

    text: str
    encoding: str


def decode(raw: bytes) -> Decoded:
    """Reads the bytes of a file.

    A byte order mark decides; without one, zeros in every second byte mean UTF-16, what is valid UTF-8 is UTF-8,
    and all else is cp1252, which spreadsheets on Windows write.

    Raises:
        Reject: it is none of them, or it has a zero character, as no text file does.
    """
    encoding, start = _encoding(raw)
    try:
        text = raw[start:].decode(encoding)
    except UnicodeDecodeError as error:
        raise Reject(
            f"The file is not text: byte {error.start + start + 1} is no {encoding.upper()}. "
            "Save it as CSV UTF-8 and try again."
        ) from error
    if (place := text.find("\0")) >= 0:
        line = text.count("\n", 0, place) + 1
        raise Reject(f"The file is not text: line {line} has the control character U+0000.")
    return Decoded(text.removeprefix(_MARK), encoding)


def _encoding(raw: bytes) -> tuple[str, int]:
    """The encoding, and how many bytes its mark takes."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding, len(mark)
    head = raw[:_LOOKED_AT]
    pairs = max(1, len(head) // 2)
    for encoding, zeros in (("utf-16-le", head[1::2].count(0)), ("utf-16-be", head[::2].count(0))):
        if zeros > _MOSTLY * pairs:
            return encoding, 0
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252", 0
    return "utf-8", 0
