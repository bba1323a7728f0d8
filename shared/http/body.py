"""Reads what a request brings, body and query parameters, into their types; errors point at the place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from shared.errors import Reject
from shared.events.envelope import rejected
from shared.http.problems import BadRequest, FieldError, Invalid
from shared.http.unknown_fields import unknown_fields

T = TypeVar("T")


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
    try:
        value = msgspec.json.decode(raw, type=expected)
    except msgspec.ValidationError as error:
        told: Reject = rejected(error)
        errors.insert(0, FieldError(pointer=told.pointer, detail=told.reason))
    if errors:
        raise Invalid([FieldError(pointer=pointer + error.pointer, detail=error.detail) for error in errors])
    return value


def read_query(parameters: Mapping[str, str], expected: type[T]) -> T:
    """Turns query parameters into a Struct; numbers and booleans are read from their text.

    Raises:
        Invalid: an unknown, a repeated or a wrong parameter; the pointer is its name.
    """
    errors = [
        FieldError(pointer=error.pointer.lstrip("/"), detail=f"unknown parameter {error.pointer.lstrip('/')!r}")
        for error in unknown_fields(dict(parameters), expected)
    ]
    errors += [
        FieldError(pointer=name, detail="given more than once")
        for name, times in Counter(name for name, _ in parameters.items()).items()
        if times > 1
    ]
    errors += [
        FieldError(pointer=name, detail="control character U+0000")
        for name, value in parameters.items()
        if "\0" in value
    ]
    try:
        value = msgspec.convert(dict(parameters), expected, strict=False)
    except msgspec.ValidationError as error:
        told = rejected(error)
        errors.insert(0, FieldError(pointer=told.pointer.lstrip("/"), detail=told.reason))
    if errors:
        raise Invalid(errors)
    return value
