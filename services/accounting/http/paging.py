"""Keyset pages over HTTP: the cursor is the last key, opaque to callers (INTERFACES section 4)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from shared.http.problems import FieldError, Invalid
from shared.http.routes import DEFAULT_LIMIT, MAX_LIMIT

T = TypeVar("T")
Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT)]


class Page(Struct, Generic[T], frozen=True):
    """One page, and the cursor of the next one, null on the last."""

    items: list[T]
    next: str | None


class PageQuery(Struct, frozen=True, kw_only=True):
    """What every list takes."""

    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None


def to_cursor(*key: str | int | None) -> str:
    """The cursor that stands for the last key of a page."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def from_cursor(cursor: str | None, expected: type[T]) -> T | None:
    """The key a cursor stands for, None for the first page.

    Raises:
        Invalid: it is none of ours.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=expected)
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise Invalid([FieldError(pointer="cursor", detail="take it from `next` of the page before")]) from error


def page_of(found: Sequence[Any], shown: Sequence[T], limit: int, *key: str) -> Page[T]:
    """A page out of up to limit + 1 found things; `key` names the attributes of the cursor."""
    if len(found) <= limit:
        return Page(list(shown), None)
    last = found[limit - 1]
    return Page(list(shown[:limit]), to_cursor(*(getattr(last, name) for name in key)))
