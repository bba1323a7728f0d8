"""The CloudEvents 1.0 envelope in structured JSON mode, the value of every record that Inkmeter produces."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from shared.errors import Reject

CONTENT_TYPE: Final = "application/cloudevents+json"
SCHEMA_BASE: Final = "urn:inkmeter:schema:"
MAX_EVENT_BYTES: Final = 1_000_000
"""Kafka's own default limit for a record is 1 MiB; an event stays below it with its headers."""

T = TypeVar("T")
NonEmpty = Annotated[str, Meta(min_length=1, max_length=500)]
Moment = Annotated[datetime, Meta(tz=True)]
"""A time that carries its zone."""


class CloudEvent(Struct, Generic[T], frozen=True, kw_only=True, gc=False):
    """One event (CloudEvents 1.0, section 2). Fields added by newer producers are let through, unread.

    `data` is typed by the event's class; there is one class per event type and major version.
    """

    specversion: Annotated[str, Meta(pattern=r"^1\.0$")] = "1.0"
    id: NonEmpty
    source: NonEmpty
    type: NonEmpty
    time: Moment
    subject: str = ""
    datacontenttype: str = "application/json"
    dataschema: str = ""
    traceparent: str | UnsetType = UNSET
    data: T


def dataschema(event_type: str) -> str:
    """The identity of the JSON Schema of an event type's envelope and data."""
    return f"{SCHEMA_BASE}{event_type}.json"


def new_event(
    event_type: str, data: T, *, event_id: str, source: str, time: datetime, subject: str
) -> CloudEvent[T]:
    """Wraps data in an envelope; `time` is when the thing happened, not when it is told."""
    return CloudEvent(
        id=event_id,
        source=source,
        type=event_type,
        time=time,
        subject=subject,
        dataschema=dataschema(event_type),
        data=data,
    )


_encoder = msgspec.json.Encoder(decimal_format="string")


def encode(value: object) -> bytes:
    """JSON bytes of an event or of its data; decimals become strings, absent fields stay absent."""
    return _encoder.encode(value)


class _Head(Struct, frozen=True):
    type: str


_head_decoder = msgspec.json.Decoder(_Head)
_POINTER = re.compile(r" - at (?:`key` in )?`\$?([^`]*)`$")


def rejected(error: msgspec.DecodeError) -> Reject:
    """Turns a decoder's complaint into a Reject with a JSON pointer."""
    text = str(error)
    found = _POINTER.search(text)
    if not found:
        return Reject(text)
    path = found.group(1).replace("[...]", ".*").replace("[", ".").replace("]", "")
    return Reject(text[: found.start()], pointer="/".join(path.split(".")))


def event_type_of(raw: bytes) -> str:
    """Reads only the type of an encoded event.

    Raises:
        Reject: not JSON, or no `type`.
    """
    try:
        return _head_decoder.decode(raw).type
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Reject(f"not a CloudEvent: {error}") from error
