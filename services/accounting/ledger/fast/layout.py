"""How a batch is held: by column, with a value of each width that stands for what is absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

NULL64: Final = -(1 << 63)
NULL32: Final = -(1 << 31)
NULL16: Final = -(1 << 15)
"""Absent, by width; no quantity, count, code or moment has these values."""

Columns = dict[str, npt.NDArray[Any]]
"""Columns of one length by name."""
_KEY_BITS: Final = 62


def whole(values: Sequence[int | None], kind: type[np.int64 | np.int32]) -> npt.NDArray[Any]:
    """A column of numbers of which some, or all, are absent."""
    absent = values.count(None)
    null = np.iinfo(kind).min
    if absent == len(values):
        return np.full(len(values), null, kind)
    some = [null if value is None else value for value in values] if absent else values
    return np.fromiter(some, kind, len(values))


def coded(values: Sequence[str | None], codes: Mapping[str, int]) -> npt.NDArray[np.int16]:
    """A column of fixed words by their codes."""
    by_word: dict[str | None, int] = {None: NULL16}
    by_word.update(codes)
    return np.fromiter(map(by_word.__getitem__, values), np.int16, len(values))


def groups(columns: Sequence[npt.NDArray[Any]]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Groups rows that are equal in all columns.

    Returns:
        The first row of each group, and the group of each row.
    """
    combined = np.zeros(len(columns[0]), np.int64)
    bits = 0
    for column in columns:
        numbers, width = _from_zero(column)
        if bits + width > _KEY_BITS:
            combined, bits = _from_zero(np.unique(combined, return_inverse=True)[1])
        bits += width
        combined = combined << width | numbers
    _, first, group = np.unique(combined, return_index=True, return_inverse=True)
    return first, group


def _from_zero(column: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], int]:
    """A column moved to begin at zero, or numbered anew if that is too wide, and how many bits it has."""
    low, high = int(column.min(initial=0)), int(column.max(initial=0))
    if (high - low).bit_length() > _KEY_BITS // 2:
        return _from_zero(np.unique(column, return_inverse=True)[1])
    return column.astype(np.int64) - low, (high - low).bit_length()
