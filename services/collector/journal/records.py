"""What goes into the journal and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to be kept until Kafka has it.

    Attributes:
        topic: without the installation's prefix.
        key: of the Kafka record; records of one key stay in order.
        event_id: the same id with the same `value` is one record, however often it is brought.
        value: the encoded event.
        source: whose running number the record gets; "" for none.
        numbered: makes the bytes that are stored from that number; they take the place of `value`, which
            alone decides whether two records are the same.
    """

    topic: str
    key: str
    event_id: str
    value: bytes
    source: str = ""
    numbered: Callable[[int], bytes] | None = None

    @property
    def digest(self) -> bytes:
        """Tells payloads apart that came under the same id."""
        return blake2b(self.value, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Record:
    """One record that Kafka does not have yet; `number` counts all records of this journal."""

    number: int
    topic: str
    key: str
    value: bytes


class Backlog(Struct, frozen=True):
    """What waits for Kafka.

    Attributes:
        records: how many wait.
        oldest_at: since when the oldest of them waits.
        refused: how many are too large for Kafka; they wait in the journal for a start after it takes more.
    """

    records: int
    oldest_at: datetime | None
    refused: int
