"""Reads what a request brings, body and query parameters, into their types; errors point at the place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect as types

from shared.errors import Reject
from shared.events.envelope import rejected
from shared.http.problems import BadRequest, FieldError, Invalid
from shared.http.unknown_fields import unknown_fields

T = TypeVar("T")
NUL: Final = rb"\u0000"
"""The one way in which JSON can hold a U+0000: bodies without it need no second look."""


def read_json(raw: bytes, expected: type[T], *, pointer: str = "") -> T:
    """Decodes a JSON body, refusing unknown fields.

    Args:
        raw: the body's bytes.
        expected: its type.
        pointer: put before each pointer, for a body that is part of a larger one.

    Raises:
        BadRequest: not JSON.
        Invalid: JSON, but not of that type, or with unknown fields.
    """
    if not raw:
        raise BadRequest("The request needs a JSON body.")
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}") from error
    return convert(document, raw, expected, pointer=pointer)


def convert(document: Any, raw: bytes, expected: type[T], *, pointer: str = "") -> T:
    """Turns an already decoded document and its bytes into a type; see read_json."""
    errors = unknown_fields(document, expected)
    if NUL in raw:
        errors += _nuls(document, "")
    try:
        value = msgspec.json.decode(raw, type=expected)
    except msgspec.ValidationError as error:
        told: Reject = rejected(error)
        errors.insert(0, FieldError(pointer=told.pointer, detail=told.reason))
    if errors:
        raise Invalid([FieldError(pointer=pointer + error.pointer, detail=error.detail) for error in errors])
    return value


def _nuls(value: Any, pointer: str) -> list[FieldError]:
    """Texts with U+0000, which PostgreSQL can't hold."""
    if isinstance(value, str):
        return [FieldError(pointer=pointer, detail="control character U+0000")] if "\0" in value else []
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [error for name, each in pairs for error in _nuls(each, f"{pointer}/{name}")]


def read_query(parameters: Mapping[str, str], expected: type[T]) -> T:
    """Turns query parameters into a Struct; numbers and booleans are read from their text.

    A field that is a list takes its parameter as often as it is given: `?printer=a&printer=b`.

    Raises:
        Invalid: an unknown, a repeated or a wrong parameter; the pointer is its name.
    """
    wanted: Any = expected
    lists = _list_fields(wanted)
    document: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, text in parameters.items():
        if "\0" in text:
            errors.append(FieldError(pointer=name, detail="control character U+0000"))
        if name in lists:
            document.setdefault(name, []).append(text)
        elif document.setdefault(name, text) is not text:
            errors.append(FieldError(pointer=name, detail="given more than once"))
    errors[:0] = [
        FieldError(pointer=error.pointer.lstrip("/"), detail=f"unknown parameter {error.pointer.lstrip('/')!r}")
        for error in unknown_fields(document, expected)
    ]
    try:
        value = msgspec.convert(document, expected, strict=False)
    except msgspec.ValidationError as error:
        told = rejected(error)
        errors.insert(0, FieldError(pointer=told.pointer.lstrip("/").partition("/")[0], detail=told.reason))
    if errors:
        raise Invalid(errors)
    return value


@cache
def _list_fields(expected: Any) -> frozenset[str]:
    """The fields of a Struct that hold several values."""
    info = types.type_info(expected)
    if not isinstance(info, types.StructType):
        return frozenset()
    return frozenset(each.encode_name for each in info.fields if _holds_several(each.type))


def _holds_several(info: types.Type) -> bool:
    inner = info.type if isinstance(info, types.Metadata) else info
    return isinstance(inner, (types.ListType, types.VarTupleType))
