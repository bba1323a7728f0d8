"""Octets to IPP messages (RFC 8010): strict about framing and bounds, lenient about a value's meaning.

Whatever the octets are, the outcome is a Message or a Reject.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from services.collector.sources.ipp.message import (
    Attribute,
    Collection,
    Data,
    Extension,
    Group,
    LanguageText,
    Message,
    Range,
    Resolution,
    Value,
)
from services.collector.sources.ipp.tags import (
    FIRST_VALUE_TAG,
    LANGUAGE_STRINGS,
    OUT_OF_BAND,
    STRINGS,
    GroupTag,
    Tag,
)
from shared.errors import Reject

MAX_ATTRIBUTE_BYTES: Final = 16 * 1024 * 1024
"""Far above the longest answer seen (some 300 kB of media-col-database)."""
MAX_VALUES: Final = 100_000
MAX_GROUPS: Final = 5_000
"""Twice the jobs that are asked for at most, with fifty values each; what is longer takes seconds to read."""
MAX_DEPTH: Final = 12
"""Collections within collections; the deepest in use are three."""
MAX_FIELD_BYTES: Final = 0x7FFF
HEADER: Final = struct.Struct(">BBHi")
_PAIR: Final = struct.Struct(">ii")
_RESOLUTION: Final = struct.Struct(">iib")
DATE_TIME: Final = struct.Struct(">HBBBBBBcBB")
_LEAP_SECOND: Final = 60
_USUAL_NAME_BYTES: Final = 64
_BEGIN: Final = int(Tag.BEG_COLLECTION)
_FINISH: Final = int(Tag.END_COLLECTION)
_WITHIN: Final = frozenset({_FINISH, int(Tag.MEMBER_NAME)})
"""Tags that have a meaning within a collection only."""


def decode(octets: bytes) -> Message:
    """Reads one message; octets after its attributes become `document`.

    Raises:
        Reject: truncated, too large, too deep, or not IPP at all.
    """
    if len(octets) < HEADER.size:
        raise Reject(f"not an IPP message: only {len(octets)} octets")
    major, minor, code, request_id = HEADER.unpack_from(octets)
    reader = _Reader(octets, HEADER.size)
    groups = reader.groups()
    return Message(code, request_id, groups, (major, minor), octets[reader.at :])


class _Reader:
    """Walks over the octets; every step checks that what it wants is there."""

    def __init__(self, octets: bytes, at: int) -> None:
        self.octets = octets
        self.at = at
        self.values_read = 0
        self._end = min(len(octets), MAX_ATTRIBUTE_BYTES)

    def groups(self) -> tuple[Group, ...]:
        """All groups up to the end-of-attributes tag, which is consumed."""
        groups: list[Group] = []
        tag = self._tag()
        while tag != GroupTag.END:
            if tag >= FIRST_VALUE_TAG:
                raise Reject(f"not an IPP message: value tag 0x{tag:02x} outside of any group")
            if len(groups) >= MAX_GROUPS:
                raise Reject(f"IPP message has more than {MAX_GROUPS} attribute groups")
            attributes, following = self._attributes()
            groups.append(Group(tag, attributes))
            tag = following
        return tuple(groups)

    def _attributes(self) -> tuple[tuple[Attribute, ...], int]:
        """The attributes up to the next delimiter tag, and that tag."""
        found: list[Attribute] = []
        name = ""
        values: list[Value] = []
        while (tag := self._tag()) >= FIRST_VALUE_TAG:
            field = self._field()
            if field:
                if values:
                    found.append(Attribute(name, tuple(values)))
                name, values = _name(field), []
            elif not values:
                raise Reject("IPP attribute group begins with a value that has no name")
            values.append(self._value(tag, depth=1))
        if values:
            found.append(Attribute(name, tuple(values)))
        return tuple(found), tag

    def _value(self, tag: int, depth: int) -> Value:
        self.values_read += 1
        if self.values_read > MAX_VALUES:
            raise Reject(f"IPP message has more than {MAX_VALUES} values")
        content = self._field()
        if tag == _BEGIN:
            return Value(tag, self._collection(depth))
        if tag in _WITHIN:
            raise Reject(f"IPP value tag 0x{tag:02x} outside of any collection")
        return Value(tag, _data(tag, content))

    def _collection(self, depth: int) -> Collection:
        """The members up to endCollection (RFC 8010, section 3.1.6), which is consumed."""
        if depth > MAX_DEPTH:
            raise Reject(f"IPP collections are nested deeper than {MAX_DEPTH}")
        members: list[Attribute] = []
        name: str | None = None
        values: list[Value] = []
        while True:
            tag = self._tag()
            if tag < FIRST_VALUE_TAG:
                raise Reject("IPP collection is not closed before the next group")
            if self._field():
                raise Reject("IPP collection is not closed before the next attribute")
            if tag in _WITHIN:
                if name is not None:
                    if not values:
                        raise Reject(f"IPP collection member {name[:80]!r} has no value")
                    members.append(Attribute(name, tuple(values)))
                content = self._field()
                if tag == _FINISH:
                    return Collection(tuple(members))
                name, values = _name(content), []
            elif name is None:
                raise Reject("IPP collection has a value before its first member name")
            else:
                values.append(self._value(tag, depth + 1))

    # The two below are called for every value of every job: they check and move in one step.

    def _tag(self) -> int:
        at = self.at
        if at >= self._end:
            raise self._beyond(at + 1)
        self.at = at + 1
        return self.octets[at]

    def _field(self) -> bytes:
        """A two-octet length and that many octets."""
        octets, start = self.octets, self.at + 2
        if start > self._end:
            raise self._beyond(start)
        length = octets[start - 2] << 8 | octets[start - 1]
        if length > MAX_FIELD_BYTES:
            raise Reject(f"IPP length {length} is negative (at octet {start - 2})")
        end = start + length
        if end > self._end:
            raise self._beyond(end)
        self.at = end
        return octets[start:end]

    def _beyond(self, end: int) -> Reject:
        if end > len(self.octets):
            return Reject(f"IPP message ends at octet {len(self.octets)} in the middle of its attributes")
        return Reject(f"IPP attributes take more than {MAX_ATTRIBUTE_BYTES} octets")


def _text(content: bytes) -> str:
    """UTF-8, as we ask for; octets that are not are replaced, for a wrong title must not hide a job."""
    return content.decode("utf-8", errors="replace")


@lru_cache(maxsize=1_024)
def _name_in_use(content: bytes) -> str:
    return _text(content)


def _name(content: bytes) -> str:
    """The name of an attribute: every job brings the same few dozen again."""
    return _name_in_use(content) if len(content) <= _USUAL_NAME_BYTES else _text(content)


def _data(tag: int, content: bytes) -> Data:
    """The value of a well framed field."""
    if tag in STRINGS:
        return _text(content)
    if tag in _FIXED:
        length, read = _FIXED[tag]
        if len(content) != length:
            raise Reject(f"IPP value of tag 0x{tag:02x} has {len(content)} octets, not {length}")
        return read(content)
    if tag in LANGUAGE_STRINGS:
        return _language_text(content)
    if tag == Tag.EXTENSION:
        if len(content) < 4:  # noqa: PLR2004 - the four octets of the tag itself
            raise Reject("IPP extension tag is shorter than four octets")
        return Extension(int.from_bytes(content[:4]), content[4:])
    if tag in OUT_OF_BAND:
        return content or None
    return content


def _moment(content: bytes) -> datetime | bytes:
    """DateAndTime (RFC 2579); a clock that was never set names no real moment and stays octets."""
    year, month, day, hour, minute, second, deci, sign, off_hour, off_minute = DATE_TIME.unpack(content)
    if sign not in (b"+", b"-"):
        return content
    offset = timedelta(hours=off_hour, minutes=off_minute)
    try:
        zone = timezone(-offset if sign == b"-" else offset)
        leap = second == _LEAP_SECOND
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, deci * 100_000, zone)
        moment.astimezone(timezone.utc)  # noqa: UP017 - the zone may push it out of the calendar
    except (ValueError, OverflowError):
        return content
    return moment


def _language_text(content: bytes) -> LanguageText:
    inner = _Reader(content, 0)
    try:
        language, text = inner._field(), inner._field()  # noqa: SLF001 - same module, same framing
    except Reject as error:
        raise Reject("IPP value with language is truncated") from error
    if inner.at != len(content):
        raise Reject("IPP value with language is longer than its parts")
    return LanguageText(_text(language), _text(text))


def _integer(content: bytes) -> int:
    return int.from_bytes(content, signed=True)


_FIXED: Final[dict[int, tuple[int, Callable[[bytes], Data]]]] = {
    Tag.INTEGER: (4, _integer),
    Tag.ENUM: (4, _integer),
    Tag.BOOLEAN: (1, lambda content: content != b"\0"),
    Tag.RANGE: (_PAIR.size, lambda content: Range(*_PAIR.unpack(content))),
    Tag.RESOLUTION: (_RESOLUTION.size, lambda content: Resolution(*_RESOLUTION.unpack(content))),
    Tag.DATE_TIME: (DATE_TIME.size, _moment),
}
"""Tags whose values have one length: that length, and how to read it."""
