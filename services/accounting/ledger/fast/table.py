"""COPY BINARY from columns: all rows with the same columns absent have one width, and are laid out at once."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
_WIRE: Final = {
    "int8": ">i8", "timestamptz": ">i8", "int4": ">i4", "date": ">i4", "int2": ">i2", "bool": "i1", "uuid": "V16",
}  # fmt: skip
_BIGINT_OID: Final = 20
_ARRAY: Final = np.dtype([(name, ">i4") for name in ("size", "dimensions", "has_null", "oid", "length", "first")])
_ITEM: Final = np.dtype([("size", ">i4"), ("value", ">i8")])


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


def rows_of_one_shape(
    columns: Sequence[Column], lists: Lists | None, more_fields: int
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[Any]]]:
    """Lays out rows group by group: which rows, and their bytes as a structured array.

    Args:
        columns: from the first on.
        lists: a bigint[] column after them.
        more_fields: how many fields the caller puts behind each row.
    """
    count = len(columns[0].values)
    shape = np.zeros(count, np.int64)
    nullable = [index for index, column in enumerate(columns) if column.null is not None]
    for bit, index in enumerate(nullable):
        column = columns[index]
        shape |= (column.values == column.null).astype(np.int64) << bit
    if lists is not None:
        shape |= lists.counts << len(nullable)
    fields = len(columns) + (lists is not None) + more_fields
    for each in np.unique(shape):
        which = np.flatnonzero(shape == each)
        absent = frozenset(index for bit, index in enumerate(nullable) if int(each) >> bit & 1)
        items = int(each) >> len(nullable) if lists is not None else -1
        dtype = _layout(tuple(column.kind for column in columns), absent, items)
        rows = np.empty(len(which), dtype)
        rows["fields"] = fields
        for index, column in enumerate(columns):
            rows[f"size{index}"] = -1 if index in absent else np.dtype(_WIRE[column.kind]).itemsize
            if index not in absent:
                rows[f"value{index}"] = column.values[which]
        if lists is not None:
            _fill_lists(rows, lists.flat, lists.starts[which], items)
        yield which, rows


class _Sizes(dict[int, bytes]):
    """The length words of fields, made as they are met."""

    def __missing__(self, size: int) -> bytes:
        word = struct.pack(">i", size)
        if len(self) < _MAX_SIZES:
            self[size] = word
        return word


_MAX_SIZES: Final = 4_096
_SIZES: Final = _Sizes()
_ABSENT: Final = struct.pack(">i", -1)


def with_texts(rows: npt.NDArray[Any], columns: Sequence[Sequence[str | None]]) -> bytes:
    """Rows of one shape with text fields behind each of them."""
    fields: list[Iterable[bytes]] = [rows.view(f"V{rows.dtype.itemsize}").tolist()]
    for texts in columns:
        absent = texts.count(None)
        if absent == len(texts):
            fields.append(repeat(_ABSENT))
            continue
        raw = [(text or "").encode() for text in texts]
        sizes: Iterable[bytes] = map(_SIZES.__getitem__, map(len, raw))
        if absent:
            sizes = [_ABSENT if text is None else size for text, size in zip(texts, sizes, strict=True)]
        fields += [sizes, raw]
    return b"".join(chain.from_iterable(zip(*fields, strict=False)))


def _fill_lists(rows: npt.NDArray[Any], flat: npt.NDArray[np.int64], starts: npt.NDArray[Any], items: int) -> None:
    if items == 0:
        rows["no_list"] = -1
        return
    rows["list"] = np.array([(20 + 12 * items, 1, 0, _BIGINT_OID, items, 1)], _ARRAY)
    rows["items"]["size"] = 8
    rows["items"]["value"] = flat[starts[:, None] + np.arange(items)]


@lru_cache(maxsize=1_024)
def _layout(kinds: tuple[str, ...], absent: frozenset[int], items: int) -> np.dtype[Any]:
    """One row: the number of fields, then per field its size and, unless absent, its value."""
    fields: list[Any] = [("fields", ">i2")]
    for index, kind in enumerate(kinds):
        fields.append((f"size{index}", ">i4"))
        if index not in absent:
            fields.append((f"value{index}", _WIRE[kind]))
    if items == 0:
        fields.append(("no_list", ">i4"))
    elif items > 0:
        fields += [("list", _ARRAY), ("items", _ITEM, (items,))]
    return np.dtype(fields)
