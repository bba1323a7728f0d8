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
