"""IPP messages to octets (RFC 8010): what decode reads, the other way round."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from services.collector.sources.ipp.decode import (
    DATE_TIME,
    HEADER,
    MAX_DEPTH,
    MAX_FIELD_BYTES,
)
from services.collector.sources.ipp.message import (
    Attribute,
    Collection,
    Data,
    Extension,
    LanguageText,
    Message,
    Range,
    Resolution,
    Value,
)
from services.collector.sources.ipp.tags import GroupTag, Tag
from shared.errors import Reject

_INT32_END: Final = 2**31
_NUMBER_BYTES: Final = 4
"""Of the request-id, the last thing in the header."""


def encode(message: Message) -> bytes:
    """The message's octets, its document at the end.

    Raises:
        Reject: a value does not fit its tag or IPP's bounds.
    """
    major, minor = message.version
    out = bytearray(HEADER.pack(major, minor, message.code, message.request_id))
    for group in message.groups:
        out.append(group.tag)
        _attributes(out, group.attributes)
    out.append(GroupTag.END)
    return bytes(out) + message.document


class Prepared:
    """A message that is sent again and again, encoded once: only its number differs."""

    def __init__(self, message: Message) -> None:
        octets = encode(message)
        at = HEADER.size
        self._before = octets[: at - _NUMBER_BYTES]
        self._after = octets[at:]

    def octets(self, request_id: int) -> bytes:
        """The message under a number."""
        return self._before + _int32(request_id) + self._after


def _attributes(out: bytearray, attributes: Iterable[Attribute]) -> None:
    for attribute in attributes:
        if not attribute.values or not attribute.name:
            raise Reject(f"IPP attribute {attribute.name!r} needs a name and a value")
        name = _utf8(attribute.name)
        for value in attribute.values:
            _value(out, name, value, depth=1)
            name = b""


def _value(out: bytearray, name: bytes, value: Value, depth: int) -> None:
    out.append(value.tag)
    _field(out, name)
    if isinstance(value.data, Collection):
        _collection(out, value.data, depth)
    else:
        _field(out, _octets(value.tag, value.data))


def _collection(out: bytearray, whole: Collection, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Reject(f"IPP collections are nested deeper than {MAX_DEPTH}")
    _field(out, b"")
    for member in whole.members:
        if not member.values:
            raise Reject(f"IPP collection member {member.name!r} has no value")
        out.append(Tag.MEMBER_NAME)
        _field(out, b"")
        _field(out, _utf8(member.name))
        for value in member.values:
            _value(out, b"", value, depth + 1)
    out.append(Tag.END_COLLECTION)
    _field(out, b"")
    _field(out, b"")


def _field(out: bytearray, content: bytes) -> None:
    if len(content) > MAX_FIELD_BYTES:
        raise Reject(f"IPP field of {len(content)} octets is longer than {MAX_FIELD_BYTES}")
    out += len(content).to_bytes(2)
    out += content


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Reject(f"IPP text is not Unicode: {text!r}") from error


def _octets(tag: int, data: Data) -> bytes:
    if isinstance(data, bool):
        return b"\1" if data else b"\0"
    if isinstance(data, int):
        return _int32(data)
    if isinstance(data, str):
        return _utf8(data)
    if data is None or isinstance(data, bytes):
        return data or b""
    return _structured(tag, data)


def _structured(tag: int, data: Data) -> bytes:
    match data:
        case datetime():
            return _date_time(data)
        case Range(lower, upper):
            return _int32(lower) + _int32(upper)
        case Resolution(across, along, units):
            return _int32(across) + _int32(along) + units.to_bytes(1, signed=True)
        case LanguageText(language, text):
            out = bytearray()
            _field(out, _utf8(language))
            _field(out, _utf8(text))
            return bytes(out)
        case Extension(inner, content):
            return inner.to_bytes(4) + content
    raise Reject(f"IPP value of tag 0x{tag:02x} can't be a {type(data).__name__}")


def _int32(number: int) -> bytes:
    if not -_INT32_END <= number < _INT32_END:
        raise Reject(f"IPP integers have 32 bits: {number}")
    return number.to_bytes(4, signed=True)


def _date_time(moment: datetime) -> bytes:
    """DateAndTime (RFC 2579), to the tenth of a second, the zone to the minute."""
    offset = moment.utcoffset()
    if offset is None or offset.seconds % 60 or offset.microseconds:
        moment = moment.astimezone(UTC)
        offset = moment.utcoffset()
    minutes = int((offset.total_seconds() if offset else 0) // 60)
    hours, rest = divmod(abs(minutes), 60)
    return DATE_TIME.pack(
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        moment.microsecond // 100_000,
        b"-" if minutes < 0 else b"+",
        hours,
        rest,
    )
