"""PostgreSQL's binary arrays from numpy's, made for all values at once."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from psycopg import AsyncConnection, Connection
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_HEADER: Final = np.dtype([(name, ">i4") for name in ("dimensions", "has_null", "oid", "length", "first")])
OID: Final = {"int2": 21, "int4": 23, "int8": 20, "date": 1082, "uuid": 2950}
ARRAY_OID: Final = {"int2": 1005, "int4": 1007, "int8": 1016, "date": 1182, "uuid": 2951}
WIRE: Final = {"int2": ">i2", "int4": ">i4", "int8": ">i8", "date": ">i4", "uuid": "V16"}


def binary_array(values: npt.NDArray[Any], kind: str) -> Buffer:
    """A one-dimensional array without NULL in the binary format (array_send)."""
    return binary_arrays(values[None, :], kind)[0]


def binary_arrays(rows: npt.NDArray[Any], kind: str) -> list[Buffer]:
    """One such array for each row."""
    count, length = rows.shape
    header = np.array([(1 if length else 0, 0, OID[kind], length, 1)], _HEADER).view(np.uint8)
    if not length:
        return [header[:_EMPTY].data] * count
    item = np.dtype([("size", ">i4"), ("value", WIRE[kind])])
    raw = np.empty((count, len(header) + item.itemsize * length), np.uint8)
    raw[:, : len(header)] = header
    items = np.ndarray(rows.shape, item, raw.data, len(header), (raw.shape[1], item.itemsize))
    items["size"] = item["value"].itemsize
    items["value"] = rows
    return [each.data for each in raw]


_EMPTY: Final = 12
"""How much of the header there is where nothing follows."""


class Raw:
    """Ready-made bytes of a binary array, as a parameter of a query."""

    __slots__ = ("raw",)
    kind: str

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.raw = binary_array(values, self.kind)

    @classmethod
    def all_of(cls, rows: npt.NDArray[Any]) -> list[Self]:
        """One for each row, made at once."""
        made = []
        for raw in binary_arrays(rows, cls.kind):
            made.append(cls.__new__(cls))
            made[-1].raw = raw
        return made


class _RawDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Raw) -> Buffer | None:
        return obj.raw


RAW: Final[dict[str, type[Raw]]] = {kind: type(f"Raw_{kind}", (Raw,), {"kind": kind}) for kind in OID}
_DUMPERS: Final = {kind: type(f"Dumper_{kind}", (_RawDumper,), {"oid": oid}) for kind, oid in ARRAY_OID.items()}


def register(connection: Connection[Any] | AsyncConnection[Any]) -> None:
    """Lets a connection take Raw parameters."""
    for kind, dumper in _DUMPERS.items():
        connection.adapters.register_dumper(RAW[kind], dumper)
