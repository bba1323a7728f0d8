"""Finds fields of a JSON document that its type does not know, anywhere inside, with JSON pointers.

Consumers of events let unknown fields pass (newer producers may add some); the HTTP edge refuses them, since
there they are most likely a misspelt name whose loss would cost somebody money.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import inspect as types

from shared.http.problems import FieldError


def unknown_fields(document: Any, expected: Any) -> list[FieldError]:
    """The unknown fields of a decoded document, given its type; an empty list when there are none."""
    return list(_walk(document, types.type_info(expected), ""))


def _walk(value: Any, info: types.Type, pointer: str) -> Iterator[FieldError]:
    if isinstance(info, types.Metadata):
        yield from _walk(value, info.type, pointer)
    elif isinstance(info, types.UnionType):
        yield from _walk_union(value, info, pointer)
    elif isinstance(info, types.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field for field in info.fields}
        for name, inner in value.items():
            where = f"{pointer}/{_escape(name)}"
            if name in fields:
                yield from _walk(inner, fields[name].type, where)
            else:
                yield FieldError(pointer=where, detail=f"unknown field {name!r}")
    elif isinstance(info, (types.ListType, types.VarTupleType)) and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, info.item_type, f"{pointer}/{index}")
    elif isinstance(info, types.DictType) and isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, info.value_type, f"{pointer}/{_escape(name)}")


def _walk_union(value: Any, info: types.UnionType, pointer: str) -> Iterator[FieldError]:
    """Follows the one member of a union that can hold containers (msgspec allows one object, one array)."""
    for member in info.types:
        inner = member.type if isinstance(member, types.Metadata) else member
        holds = (
            (types.StructType, types.DictType) if isinstance(value, dict) else (types.ListType, types.VarTupleType)
        )
        if isinstance(inner, holds):
            yield from _walk(value, inner, pointer)


def _escape(name: str) -> str:
    """A reference token of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")
