"""`dead_letter.v1`: input that was refused, whole, with where it came from and why."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from shared.events.envelope import CloudEvent, Moment

DEAD_LETTER: Final = "dead_letter.v1"


class DeadLetter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record set aside. `value_base64` holds its very bytes, so that nothing is lost.

    Only a value too large for Kafka in base64 is left out; `value_omitted_bytes` then says how large it is.
    """

    topic: str
    partition: int
    offset: int
    key_base64: str | None = None
    value_base64: str | None = None
    value_omitted_bytes: int | None = None
    reason: str
    pointer: str | None = None
    consumer: str
    refused_at: Moment


DeadLetterEvent = CloudEvent[DeadLetter]
