"""Groups rows that are equal, without sorting them: each finds the first one like it by a hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.intp]
Columns = Sequence[npt.NDArray[Any]] | npt.NDArray[Any]
"""Of one length; as an array, column below column."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_FOLD: Final = np.uint64(29)
_HASH_BITS: Final = 64
MAX_ROUNDS: Final = 12
"""A round leaves a fraction of the rows; only rows made to come to one hash are left after so many."""


def distinct(columns: Columns) -> tuple[Positions, Positions]:
    """Groups rows of whole numbers that are equal in all columns.

    Returns:
        The first row of each group, in their order; and the group of each row.
    """
    count = len(columns[0])
    if all((column == column[:1]).all() for column in columns):
        return np.arange(min(1, count)), np.zeros(count, np.intp)
    firsts = _firsts_alike(columns)
    is_first = firsts == np.arange(count)
    return np.flatnonzero(is_first), (np.cumsum(is_first) - 1)[firsts]


def _firsts_alike(columns: Columns) -> Positions:
    """The first row that is equal to each one.

    Every row goes to the place that its hash names, where the first one stays. Rows that find another there than
    their like try again, all of one kind together, as they have one hash.
    """
    count = len(columns[0])
    hashes = _hashes(columns)
    bits = count.bit_length() + 1
    table = np.empty(1 << bits, np.intp)
    firsts = left = np.arange(count)
    for _ in range(MAX_ROUNDS):
        places = (hashes >> np.uint64(_HASH_BITS - bits)).view(np.intp)
        # Of several that go to one place the last one written stays.
        table[places[::-1]] = left[::-1]
        found = table[places]
        firsts = found if len(left) == count else _replaced(firsts, left, found)
        differ = np.flatnonzero(_differ(columns, found, None if len(left) == count else left))
        if not len(differ):
            return firsts
        left, hashes = left[differ], hashes[differ] * _MIX
    rows = np.column_stack([column[left].astype(np.uint64) for column in columns])
    _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return _replaced(firsts, left, left[first][group.ravel()])


def _replaced(firsts: Positions, at: Positions, by: Positions) -> Positions:
    firsts[at] = by
    return firsts


def _differ(columns: Columns, rows: Positions, others: Positions | None) -> npt.NDArray[np.bool_]:
    """Whether rows differ from others, or from those in their place."""
    differ = np.zeros(len(rows), np.bool_)
    for column in columns:
        differ |= column[rows] != (column if others is None else column[others])
    return differ


def _hashes(columns: Columns) -> npt.NDArray[np.uint64]:
    hashes = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        hashes ^= column.astype(np.uint64)
        hashes *= _MIX
        hashes ^= hashes >> _FOLD
    return hashes * _MIX
