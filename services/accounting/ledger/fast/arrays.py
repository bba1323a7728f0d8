"""PostgreSQL's binary arrays from numpy's, made for all values at once."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from psycopg import AsyncConnection, Connection
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_HEADER: Final = np.dtype([(name, ">i4") for name in ("dimensions", "has_null", "oid", "length", "first")])
OID: Final = {"int2": 21, "int4": 23, "int8": 20, "date": 1082, "uuid": 2950}
ARRAY_OID: Final = {"int2": 1005, "int4": 1007, "int8": 1016, "date": 1182, "uuid": 2951}
WIRE: Final = {"int2": ">i2", "int4": ">i4", "int8": ">i8", "date": ">i4", "uuid": "V16"}


def binary_array(values: npt.NDArray[Any], kind: str) -> bytes:
    """A one-dimensional array without NULL in the binary format (array_send)."""
    header = np.array([(1 if len(values) else 0, 0, OID[kind], len(values), 1)], _HEADER).tobytes()
    if not len(values):
        return header[:12]
    items = np.empty(len(values), np.dtype([("size", ">i4"), ("value", WIRE[kind])]))
    items["size"] = np.dtype(WIRE[kind]).itemsize
    items["value"] = values
    return header + items.tobytes()


class Raw:
    """Ready-made bytes of a binary array, as a parameter of a query."""

    __slots__ = ("raw",)
    kind: str

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.raw = binary_array(values, self.kind)


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
