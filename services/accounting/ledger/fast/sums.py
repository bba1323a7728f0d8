"""The rollup cells of a batch by numpy: the sums of rows with equal keys, exact on 64 bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.int64]
LIMIT: Final = 1 << 62
_KEY_BITS: Final = 63
_DENSE: Final = 4
"""Up to so many possible keys a row, adding in place takes a fraction of the time of sorting."""


class TooLarge(ArithmeticError):  # noqa: N818 - it says why the fast path steps aside
    """A sum, or a combined key, may not fit 64 bits: the simple path, which counts in NUMERIC, has to say."""


def largest(values: npt.NDArray[np.int64]) -> list[int]:
    """The largest magnitude in each column, as numbers that can't overflow."""
    if not len(values):
        return [0] * values.shape[1]
    # Column by column: across short rows it takes several times as long.
    return [max(int(column.max()), -int(column.min())) for column in values.T]


def guard(values: npt.NDArray[np.int64]) -> None:
    """Makes sure that no sum over a column can overflow, whatever rows it takes.

    Raises:
        TooLarge: one could.
    """
    if max(largest(values), default=0) * len(values) >= LIMIT:
        raise TooLarge("the sums of a batch may exceed 64 bits")


def cells(keys: Sequence[npt.NDArray[Any]], values: npt.NDArray[np.int64]) -> tuple[list[Column], Column]:
    """Adds up the rows with equal keys.

    Args:
        keys: columns of integers, the first one the most significant.
        values: one row per line, one column per sum, guarded against overflow.

    Returns:
        The keys of each cell, a column each, in order of the keys; and the sums, a row per cell.
    """
    combined = np.zeros(len(values), np.int64)
    bits = 0
    widths = []
    lowest = [int(key.min()) for key in keys] if len(values) else [0] * len(keys)
    for key, low in zip(keys, lowest, strict=True):
        width = (int(key.max(initial=low)) - low).bit_length()
        bits += width
        widths.append(width)
        combined = combined << width | (key.astype(np.int64) - low)
    if bits > _KEY_BITS:
        raise TooLarge("the keys of a batch exceed 64 bits")
    is_dense = 1 << bits <= _DENSE * len(values)
    rest, sums = _by_place(combined, values, 1 << bits) if is_dense else _by_order(combined, values)
    found = []
    for width, low in zip(reversed(widths), reversed(lowest), strict=True):
        found.append((rest & ((1 << width) - 1)) + low)
        rest = rest >> width
    return found[::-1], sums


def _by_place(keys: Column, values: Column, places: int) -> tuple[Column, Column]:
    """The different keys in order, and their sums: each row is added where its key's number stands."""
    present = np.flatnonzero(np.bincount(keys, minlength=places))
    sums = np.zeros((values.shape[1], len(present)), np.int64)
    for index, column in enumerate(values.T):
        if column.any():
            running = np.zeros(places, np.int64)
            np.add.at(running, keys, np.ascontiguousarray(column))
            sums[index] = running[present]
    return present, sums.T


def _by_order(keys: Column, values: Column) -> tuple[Column, Column]:
    """The same by sorting, for few rows among many possible keys."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))[: len(values)]
    sums = np.zeros((values.shape[1], len(starts)), np.int64)
    for index, column in enumerate(values.T):
        if len(starts) and column.any():
            sums[index] = np.add.reduceat(column[order], starts)
    return ordered[starts], sums.T
