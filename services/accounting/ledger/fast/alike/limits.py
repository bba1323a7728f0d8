"""What the contract asks of values that differ from one record to the next, taken from the types of the events."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec import inspect

from services.accounting.ledger.fast.alike.spelling import Path
from services.accounting.ledger.read import JobEnvelope


class TextLimits(NamedTuple):
    """Sizes in characters, of which a text of so many bytes has at most as many; or the only words there are."""

    min_size: int = 0
    max_size: int | None = None
    words: frozenset[str] | None = None


class NumberLimits(NamedTuple):
    """The smallest and largest value."""

    least: int = 0
    most: int | None = None


_EVENT: Final = inspect.type_info(JobEnvelope)


@lru_cache(maxsize=4_096)
def text_limits(path: Path) -> TextLimits:
    """What is asked of a text; of one that the ledger doesn't read, nothing.

    Raises:
        LookupError: no text may stand there, or more is asked of it than can be looked at here.
    """
    allowed = _types(path)
    if allowed is None:
        return TextLimits()
    for each in allowed:
        if isinstance(each, inspect.StrType) and each.pattern is None:
            return TextLimits(each.min_length or 0, each.max_length)
        if isinstance(each, inspect.LiteralType):
            return TextLimits(words=frozenset(map(str, each.values)))
    raise LookupError(path)


@lru_cache(maxsize=4_096)
def number_limits(path: Path) -> NumberLimits:
    """What is asked of a whole number.

    Raises:
        LookupError: no whole number may stand there, or more is asked of it than can be looked at here.
    """
    allowed = _types(path)
    if allowed is None:
        return NumberLimits()
    for each in allowed:
        if isinstance(each, inspect.IntType) and (each.gt, each.lt, each.multiple_of) == (None, None, None):
            return NumberLimits(each.ge or 0, each.le)
    raise LookupError(path)


def _types(path: Path) -> list[inspect.Type] | None:
    """The types that a path may have; None where nobody looks."""
    found: list[inspect.Type] = [_EVENT]
    for step in path:
        inner: list[Any] = [each for kind in found for each in _inner(kind, step)]
        if not inner:
            return None
        found = [each for kind in inner for each in _alternatives(kind)]
    return found


def _inner(kind: inspect.Type, step: str | int) -> Iterable[inspect.Type]:
    if isinstance(kind, inspect.StructType):
        return [each.type for each in kind.fields if each.encode_name == step]
    if isinstance(kind, inspect.DictType):
        return [kind.value_type]
    return [kind.item_type] if isinstance(kind, inspect.ListType) else []


def _alternatives(kind: inspect.Type) -> Iterable[inspect.Type]:
    if isinstance(kind, inspect.UnionType):
        return [each for part in kind.types for each in _alternatives(part)]
    return _alternatives(kind.type) if isinstance(kind, inspect.Metadata) else [kind]
