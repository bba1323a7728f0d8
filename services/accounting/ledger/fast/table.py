"""COPY BINARY from columns: all rows with the same columns absent have one width, and are laid out at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.texts import ABSENT, WIDTH, Bytes, Texts, blocks

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
_WIRE: Final = {
    "int8": ">i8", "timestamptz": ">i8", "int4": ">i4", "date": ">i4", "int2": ">i2", "bool": "i1", "uuid": "V16",
}  # fmt: skip
_BIGINT_OID: Final = 20
_ARRAY: Final = np.dtype([(name, ">i4") for name in ("size", "dimensions", "has_null", "oid", "length", "first")])
_ITEM: Final = np.dtype([("size", ">i4"), ("value", ">i8")])
_SIZE: Final = 4
"""The bytes of a field's size, which stands before each field."""


class Column(NamedTuple):
    """A column's values; those equal to `null` are absent."""

    kind: str
    values: npt.NDArray[Any]
    null: int | None = None


class Lists(NamedTuple):
    """A column of bigint arrays: each row's items stand together in `flat`; none at all is NULL."""

    flat: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


def copy_of(columns: Sequence[Column], lists: Lists | None = None, texts: Sequence[Texts] = ()) -> Bytes:
    """All that COPY takes, rows in their order; a bigint[] column may stand behind the columns, or else texts.

    Texts are written in blocks that are wider than most of them. What that spoils lies in later fields of the same
    row or in the first part of the next one, which are written after it.
    """
    shapes = list(rows_of_one_shape(columns, lists, len(texts)))
    fixed = np.empty(len(columns[0].values), np.int64)
    for which, rows in shapes:
        fixed[which] = rows.dtype.itemsize
    lengths = [each.lengths() for each in texts]
    ends = np.cumsum(fixed + sum(lengths) + _SIZE * len(texts)) + len(SIGNATURE)
    end = int(ends[-1]) if len(ends) else len(SIGNATURE)
    starts = np.concatenate([[len(SIGNATURE)], ends])[:-1]
    width = min([WIDTH, *(rows.dtype.itemsize for _, rows in shapes)])
    out = np.empty(end + width, np.uint8)
    places = starts + fixed
    for column, length in zip(texts, lengths, strict=True):
        blocks(out, _SIZE)[places] = column.sizes.astype(">i4").view(f"V{_SIZE}")
        places += _SIZE
        column.put(out, places, width)
        places += length
    for which, rows in shapes:
        size = rows.dtype.itemsize
        blocks(out, size)[starts[which]] = rows.view(f"V{size}")
    out[: len(SIGNATURE)] = np.frombuffer(SIGNATURE, np.uint8)
    out[end : end + len(TRAILER)] = np.frombuffer(TRAILER, np.uint8)
    return out[: end + len(TRAILER)]


def rows_of_one_shape(
    columns: Sequence[Column], lists: Lists | None = None, more_fields: int = 0
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[Any]]]:
    """Lays out rows group by group: which rows, and their bytes as a structured array.

    Args:
        columns: from the first on.
        lists: a bigint[] column after them.
        more_fields: how many fields the caller puts behind each row.
    """
    kinds = tuple(column.kind for column in columns)
    for which, absent, items in _shapes(columns, lists):
        template = _template(kinds, absent, items, len(columns) + (lists is not None) + more_fields)
        rows = np.empty(len(which), template.dtype)
        rows.view(f"V{template.dtype.itemsize}")[:] = template.view(f"V{template.dtype.itemsize}")
        is_all = len(which) == len(columns[0].values)
        for index, column in enumerate(columns):
            if index not in absent:
                rows[f"value{index}"] = column.values if is_all else column.values[which]
        if lists is not None and items:
            rows["items"]["value"] = lists.flat[lists.starts[which][:, None] + np.arange(items)]
        yield which, rows


def _shapes(
    columns: Sequence[Column], lists: Lists | None
) -> Iterator[tuple[npt.NDArray[np.intp], frozenset[int], int]]:
    """Rows of one shape each: which they are, the columns that they lack, and the length of their list or -1."""
    count = len(columns[0].values)
    shape = np.zeros(count, np.int64) if lists is None else lists.counts.astype(np.int64)
    lacking, lacked = [], set()
    for index, column in enumerate(columns):
        if column.null is None:
            continue
        is_absent = column.values == column.null
        absent = int(np.count_nonzero(is_absent))
        if absent == count:
            lacked.add(index)
        elif absent:
            shape = shape << 1 | is_absent
            lacking.append(index)
    for each in _different(shape):
        which = np.flatnonzero(shape == each)
        bits = [index for bit, index in enumerate(reversed(lacking)) if each >> bit & 1]
        yield which, frozenset([*lacked, *bits]), each >> len(lacking) if lists is not None else -1


def _different(shape: npt.NDArray[np.int64]) -> list[int]:
    """The numbers that there are."""
    is_small = len(shape) and int(shape.max()) < _FEW
    found: list[int] = (np.flatnonzero(np.bincount(shape)) if is_small else np.unique(shape)).tolist()
    return found


_FEW: Final = 4_096


@lru_cache(maxsize=1_024)
def _template(kinds: tuple[str, ...], absent: frozenset[int], items: int, fields: int) -> npt.NDArray[Any]:
    """One row without its values: the number of fields, then per field its size and, unless absent, its value."""
    layout: list[Any] = [("fields", ">i2")]
    for index, kind in enumerate(kinds):
        layout.append((f"size{index}", ">i4"))
        if index not in absent:
            layout.append((f"value{index}", _WIRE[kind]))
    if items == 0:
        layout.append(("list", ">i4"))
    elif items > 0:
        layout += [("list", _ARRAY), ("items", _ITEM, (items,))]
    row = np.zeros(1, np.dtype(layout))
    row["fields"] = fields
    for index, kind in enumerate(kinds):
        row[f"size{index}"] = ABSENT if index in absent else np.dtype(_WIRE[kind]).itemsize
    if items == 0:
        row["list"] = ABSENT
    elif items > 0:
        row["list"] = (20 + 12 * items, 1, 0, _BIGINT_OID, items, 1)
        row["items"]["size"] = 8
    return row
