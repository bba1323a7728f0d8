"""MessagePack of many rows at once, value by value.

Each row has a slot of its own. A value is written over whatever the one before has left behind its end, so that
values of different sizes can be written as blocks of one width.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.raw import Flags, Places, Raw, Whole
from services.accounting.ledger.read import canonical

_CLASSES: Final = (1 << 7, 1 << 8, 1 << 16, 1 << 32)
"""Where one size of a whole number ends and the next begins."""
_PREFIXES: Final = np.array([0, 0xCC, 0xCD, 0xCE, 0xCF], np.uint8)
_WIDTHS: Final = np.array([1, 1, 2, 4, 8], np.int64)
_SHORT: Final = 32
"""Texts below have one byte before them, others (below 256) two."""
_STRING, _LONG_STRING, _NIL = 0xA0, 0xD9, 0xC0
_WORD: Final = 8
_MOST: Final = (1 << 63) - 1
Rows = npt.NDArray[np.intp] | slice
ALL: Final = slice(None)


class Slots:
    """Rows that grow value by value, each by as many bytes as its value has.

    What is the same in all rows is written when something else comes after it.
    """

    def __init__(self, raw: Raw, count: int, stride: int) -> None:
        """Takes where texts stand, how many rows, and how many bytes one may have at most."""
        self._raw = raw
        self._starts: Whole = np.arange(count) * (stride + _WORD)
        self._at = self._starts.copy()
        self._constant = b""
        self._buffer = np.empty((count + 1) * (stride + _WORD), np.uint8)

    def rows(self) -> list[bytes]:
        """All rows."""
        self._catch_up()
        raw = self._buffer.tobytes()
        return [raw[start:end] for start, end in zip(self._starts.tolist(), self._at.tolist(), strict=True)]

    def _catch_up(self) -> None:
        text, self._constant = self._constant, b""
        if text:
            self._window(f"V{len(text)}")[self._at] = np.void(text)
            self._at += len(text)

    def _window(self, kind: str) -> npt.NDArray[Any]:
        width = np.dtype(kind).itemsize
        return np.ndarray((len(self._buffer) - width + 1,), kind, buffer=self._buffer.data, strides=(1,))

    def constant(self, text: bytes, rows: Rows = ALL) -> None:
        """Writes the same to rows."""
        if rows is ALL:
            self._constant += text
        elif text:
            self._catch_up()
            self._window(f"V{len(text)}")[self._at[rows]] = np.void(text)
            self._at[rows] += len(text)

    def constant_where(self, text: bytes, where: Flags) -> None:
        """Writes the same to the rows where that holds."""
        self._catch_up()
        self._window(f"V{len(text)}")[self._at] = np.void(text)
        self._at += len(text) * where

    def byte(self, values: npt.NDArray[Any]) -> None:
        """Writes one byte to each row."""
        self._catch_up()
        self._buffer[self._at] = values
        self._at += 1

    def texts(self, places: Places, default: bytes = bytes([_NIL])) -> None:
        """Writes texts, and something else where they are absent."""
        self._catch_up()
        starts, sizes = places
        if int(sizes.max(initial=-1)) >= _SHORT:
            is_long = sizes >= _SHORT
            self._buffer[self._at] = _LONG_STRING
            self._at += is_long
            self._buffer[self._at] = np.where(is_long, sizes, _STRING | sizes)
        else:
            self._buffer[self._at] = _STRING | sizes
        self._at += 1
        lengths = sizes
        if int(sizes.min(initial=0)) < 0:
            absent = np.flatnonzero(sizes < 0)
            lengths = np.maximum(sizes, 0)
            self._at[absent] -= 1
            self.constant(default, absent)
        if width := int(lengths.max(initial=0)):
            self._window(f"V{width}")[self._at] = self._raw.voids(starts, width)
            self._at += lengths

    def numbers(self, numbers: Whole, rows: Rows = ALL) -> None:
        """Writes whole numbers that are not negative, or nil where they are absent."""
        low, high = int(numbers.min(initial=_MOST)), int(numbers.max(initial=NULL64))
        if low == high:
            self.constant(canonical(None if low == NULL64 else low), rows)
            return
        self._catch_up()
        size: npt.NDArray[Any] = np.zeros(len(numbers), np.intp)
        for each in _CLASSES:
            if each <= high:
                size += numbers >= each
        widths, prefixes = _WIDTHS[size], _PREFIXES[size]
        shifts = ((_WORD - widths) * _WORD).astype(np.uint64)
        if low < 0:
            absent = numbers == NULL64
            widths, prefixes, size = widths * ~absent, np.where(absent, _NIL, prefixes), size + absent
        at = self._at[rows]
        self._buffer[at] = prefixes
        at += size > 0
        self._window(">u8")[at] = numbers.astype(np.uint64) << shifts
        self._at[rows] = at + widths
