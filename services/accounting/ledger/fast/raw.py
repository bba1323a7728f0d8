"""The bytes of a batch, and what stands at many places of them at once."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.distinct import distinct

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

MAX_TEXT: Final = 200
"""Longer texts are rare, and left to the plain reader."""
ABSENT: Final = -1
WORD: Final = 8
DIGITS: Final = 2 * WORD
"""The longest number that is read here."""
PADDING: Final = bytes(MAX_TEXT + 2 * WORD)
"""Around all records, so that more may be taken than is there."""
_ASCII_ZEROS: Final = np.uint64(0x3030303030303030)
_HIGH_BITS: Final = np.uint64(0x8080808080808080)
_ABOVE_NINE: Final = np.uint64(0x7676767676767676)


def _masks(width: int, *, is_right: bool) -> npt.NDArray[np.uint64]:
    """By size, which bytes of a block belong to a text that stands at its left or right end."""
    sizes, at = np.arange(width + 1)[:, None], np.arange(width)
    belongs = at >= width - sizes if is_right else at < sizes
    return np.ascontiguousarray(belongs.astype(np.uint8) * np.uint8(255)).view(np.uint64)


_LEFT: Final = [_masks(words * WORD, is_right=False) for words in range(1, MAX_TEXT // WORD + 1)]
_RIGHT: Final = {width: _masks(width, is_right=True) for width in (WORD, DIGITS)}


class Places(NamedTuple):
    """Where values stand; the size of one that is absent is ABSENT, and it starts anywhere."""

    starts: Whole
    sizes: Whole


class Raw:
    """Bytes of many records in a row."""

    def __init__(self, raw: bytes) -> None:
        """Takes the bytes with PADDING on both sides."""
        self.bytes = raw
        self.buffer: Bytes = np.frombuffer(raw, np.uint8)
        self._windows: dict[int, npt.NDArray[np.void]] = {}

    def blocks(self, starts: Whole, width: int) -> Bytes:
        """The bytes from each place on."""
        found = self.voids(starts, width)
        return found.view(np.uint8).reshape(len(starts), width)

    def voids(self, starts: Whole, width: int) -> npt.NDArray[np.void]:
        """The same, each as one value: taking it costs little more than taking one byte."""
        windows = self._windows.get(width)
        if windows is None:
            count = len(self.bytes) - width + 1
            windows = self._windows[width] = np.ndarray((count,), f"V{width}", buffer=self.bytes, strides=(1,))
        taken: npt.NDArray[np.void] = windows[starts]
        return taken

    def words(self, places: Places) -> npt.NDArray[np.uint64]:
        """Texts of up to MAX_TEXT bytes as rows of words, with zeros behind their ends."""
        sizes = np.maximum(places.sizes, 0)
        count = max(1, -(-int(sizes.max(initial=0)) // WORD))
        words = self.blocks(places.starts, count * WORD).view(np.uint64)
        words &= _LEFT[count - 1][sizes]
        return words

    def numbers(self, places: Places) -> tuple[Whole, Flags]:
        """Whole numbers of up to DIGITS digits, and which of them are such."""
        starts, sizes = places
        width = DIGITS if int(sizes.max(initial=0)) > WORD else WORD
        is_number = (sizes > 0) & (sizes <= width)
        words = self.blocks(starts + sizes - width, width).view(np.uint64)
        words ^= _ASCII_ZEROS
        words &= _RIGHT[width][np.where(is_number, sizes, 0)]
        is_number &= (((words + _ABOVE_NINE) | words) & _HIGH_BITS == 0).all(axis=1)
        is_number &= (sizes == 1) | (self.buffer[starts] != ord("0"))
        parts = _eight_digits(words).astype(np.int64)
        return parts[:, 0] if width == WORD else parts[:, 0] * 10**WORD + parts[:, 1], is_number

    def equal(self, starts: Whole, text: bytes, mask: bytes) -> Flags | None:
        """At which places a text stands, of whose bytes only those in the mask count; None if at all."""
        over = bytes(-len(text) % WORD)
        wanted, count = (np.frombuffer(each + over, np.uint64) for each in (text, mask))
        words = self.blocks(starts, len(text) + len(over)).view(np.uint64)
        words &= count
        same = words == wanted
        return None if same.all() else same.all(axis=1)

    def text(self, places: Places, at: int) -> str:
        """One text; '' if it is absent."""
        start = int(places.starts[at])
        return self.bytes[start : start + max(0, int(places.sizes[at]))].decode()

    def distinct(self, places: Places) -> tuple[list[str], npt.NDArray[np.intp]]:
        """The different texts, '' for what is absent, and which of them stands at each place."""
        first, group = distinct(self.words(places).T)
        return [self.text(places, at) for at in first.tolist()], group


def _eight_digits(words: npt.NDArray[np.uint64]) -> Any:
    """The numbers that eight digits each make, the first digit in the lowest byte: in pairs, fours and eights."""
    words = (words * np.uint64(10) + (words >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    words = (words * np.uint64(100) + (words >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return (words * np.uint64(10_000) + (words >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
