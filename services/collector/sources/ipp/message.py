"""IPP messages as values: groups of attributes, each with the tag and the value of every one of its values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Union

from msgspec import Struct

from services.collector.sources.ipp.tags import GroupTag, Tag


@dataclass(frozen=True, slots=True)
class Resolution:
    """Dots per unit across and along the feed; units are 3 = inch, 4 = centimetre."""

    across: int
    along: int
    units: int = 3


@dataclass(frozen=True, slots=True)
class Range:
    """rangeOfInteger, both ends included."""

    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class LanguageText:
    """textWithLanguage and nameWithLanguage."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Extension:
    """A value of a tag that needs four octets (RFC 8010, section 3.5.2), its content unread."""

    tag: int
    content: bytes


Data = Union[int, bool, str, bytes, datetime, Resolution, Range, LanguageText, Extension, "Collection", None]
"""None is an out-of-band value; bytes are octetStrings, unknown tags, and dateTimes that name no real moment."""


class Value(Struct, frozen=True, gc=False):
    """One value with its tag."""

    tag: int
    data: Data


class Attribute(Struct, frozen=True, gc=False):
    """A name with one or more values (1setOf); the values' tags may differ (keyword | name)."""

    name: str
    values: tuple[Value, ...]

    @classmethod
    def of(cls, name: str, tag: Tag, *data: Data) -> Attribute:
        """An attribute whose values all have one tag."""
        return cls(name, tuple(Value(tag, one) for one in data))


class Collection(Struct, frozen=True, gc=False):
    """A collection's members, in their order."""

    members: tuple[Attribute, ...] = ()


def collection(name: str, *collections: Iterable[Attribute]) -> Attribute:
    """An attribute of collections, each given by its members."""
    return Attribute.of(name, Tag.BEG_COLLECTION, *(Collection(tuple(members)) for members in collections))


class Group(Struct, frozen=True, gc=False):
    """Attributes under one delimiter tag; a tag we do not know is kept as its number."""

    tag: int
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A request (`code` is the operation) or a response (a status), and what follows the attributes."""

    code: int
    request_id: int
    groups: tuple[Group, ...]
    version: tuple[int, int] = (2, 0)
    document: bytes = b""

    def first(self, tag: GroupTag) -> tuple[Attribute, ...]:
        """The attributes of the first group with this tag; none where there is no such group."""
        return next((group.attributes for group in self.groups if group.tag == tag), ())

    def every(self, tag: GroupTag) -> tuple[tuple[Attribute, ...], ...]:
        """The attributes of each group with this tag: one per job, event or document."""
        return tuple(group.attributes for group in self.groups if group.tag == tag)
