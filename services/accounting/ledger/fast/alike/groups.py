"""Finds the records of a batch that are spelled alike."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.alike.readable import Spellings
from services.accounting.ledger.fast.alike.spelling import Path, Run, Spelling
from services.accounting.ledger.fast.raw import MAX_TEXT, PADDING, Bytes, Flags, Places, Raw, Whole

MIN_ALIKE: Final = 150
"""Below, what it costs to look at a group is more than what it saves."""
MAX_SPELLINGS: Final = 64
"""How many spellings are tried in a batch."""
_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_FIRST_PRINTABLE: Final = 0x20


class Alike(NamedTuple):
    """Records that are spelled alike.

    Attributes:
        at: which ones.
        marks: where the marks of their spelling are, mark by mark.
    """

    raw: Raw
    spelling: Spelling
    at: npt.NDArray[np.intp]
    marks: npt.NDArray[np.int32]

    def only(self, which: Flags) -> Alike:
        """Some of them."""
        return self if which.all() else self._replace(at=self.at[which], marks=self.marks[:, which])

    def text(self, path: Path) -> Places:
        """Where the texts of a path stand."""
        return self._piece(self.spelling.texts[path])

    def number(self, path: Path) -> Places:
        """Where the numbers of a path stand."""
        piece, before, after = self.spelling.numbers[path]
        starts, sizes = self._piece(piece)
        return Places(starts + before, sizes - before - after)

    def _piece(self, piece: int) -> Places:
        starts = self.marks[piece].astype(np.int64) + 1
        return Places(starts, self.marks[piece + 1] - starts)


def alike(values: Sequence[bytes | None], spellings: Spellings, *, at_least: int = MIN_ALIKE) -> Iterator[Alike]:
    """Groups of at least so many records that are spelled alike; a record is in one of them, or in none."""
    told: list[bytes] = [value or b"" for value in values]
    if len(told) < at_least or sys.byteorder != "little":
        return  # the digits of a number are read as a word whose lowest byte comes first
    raw = Raw(b"".join([PADDING, *told, PADDING]))
    sizes = np.fromiter(map(len, told), np.int64, len(told))
    ends = np.cumsum(sizes) + len(PADDING)
    quotes = np.flatnonzero(raw.buffer == _QUOTE).astype(np.int32)
    first = np.searchsorted(quotes, ends - sizes)
    counts = np.diff(np.append(first, len(quotes)))
    counts[_are_unusual(raw, ends)] = 0
    tries = iter(range(MAX_SPELLINGS))
    for count in np.flatnonzero(np.bincount(counts) >= at_least).tolist():
        if not count:
            continue
        at = np.flatnonzero(counts == count)
        marks = np.empty((count + 2, len(at)), np.int32)
        marks[0], marks[-1] = (ends - sizes)[at] - 1, ends[at]
        in_a_row = np.ndarray((len(quotes) - count + 1,), f"V{4 * count}", buffer=quotes.data, strides=(4,))
        marks[1:-1] = in_a_row[first[at]].view(np.int32).reshape(len(at), count).T
        known = iter(spellings.of(len(marks)))
        while len(at) >= at_least:
            spelling = next(known, None)
            if spelling is None and next(tries, None) is None:
                return
            try:
                spelling, is_readable = (spelling, True) if spelling else spellings.learn(told[at[0]])
            except ValueError:
                at, marks = at[1:], marks[:, 1:]
                continue
            fits = _fit(raw, spelling, marks)
            if is_readable and np.count_nonzero(fits) >= at_least:
                yield Alike(raw, spelling, at, marks).only(fits)
            at, marks = at[~fits], marks[:, ~fits]


def _are_unusual(raw: Raw, ends: Whole) -> npt.NDArray[np.intp]:
    """Records with escapes or control characters, or, where not all is UTF-8, with anything but ASCII."""
    inner = raw.buffer[len(PADDING) : -len(PADDING)]
    found: list[Bytes | Whole] = []
    if b"\\" in raw.bytes:
        found.append(np.flatnonzero(inner == _BACKSLASH))
    if len(inner) and inner.min() < _FIRST_PRINTABLE:
        found.append(np.flatnonzero(inner < _FIRST_PRINTABLE))
    if not raw.bytes.isascii():
        try:
            raw.bytes.decode()
        except UnicodeDecodeError:
            found.append(np.flatnonzero(inner > 127))  # noqa: PLR2004 - ASCII
    if not found:
        return np.empty(0, np.intp)
    return np.unique(np.searchsorted(ends, np.concatenate(found) + len(PADDING), side="right"))


def _fit(raw: Raw, spelling: Spelling, marks: npt.NDArray[np.int32]) -> Flags:
    """Which records have a spelling."""
    sizes = np.diff(marks, axis=0) - 1
    fits: Flags = (sizes[spelling.fixed] == np.array(spelling.sizes)[:, None]).all(axis=0)
    for place in spelling.numbers.values():
        fits &= sizes[place.piece] > place.before + place.after
    if not fits.any():
        return fits
    which = np.flatnonzero(fits)
    sure = marks if len(which) == len(fits) else marks[:, which]
    for stretch in _stretches(spelling.runs, sure):
        same = raw.equal(*stretch)
        if same is not None:
            fits[which[~same]] = False
    return fits


def _stretches(runs: Sequence[Run], marks: npt.NDArray[np.int32]) -> Iterator[tuple[Whole, bytes, bytes]]:
    """Runs with what stands between them, as long as that has one size in all records.

    Yields:
        Where it begins in each record, its bytes, and which of them are those of runs.
    """
    starts = marks[[run.mark for run in runs]] + np.array([[run.offset] for run in runs])
    steps = np.diff(starts, axis=0)
    is_steady = (steps == steps[:, :1]).all(axis=1) & (steps[:, 0] <= MAX_TEXT)
    begins, text, mask = 0, b"", b""
    for at, run in enumerate(runs):
        text += run.text
        mask += b"\xff" * len(run.text)
        if at < len(steps) and is_steady[at]:
            between = bytes(int(steps[at, 0]) - len(run.text))
            text, mask = text + between, mask + between
        else:
            yield starts[begins], text, mask
            begins, text, mask = at + 1, b"", b""
