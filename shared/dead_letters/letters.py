"""Dead letters: a refused record, whole, in an envelope that says where it came from and why.

A dead-letter topic is compacted by the record's origin, `topic/partition/offset`: the same record refused again
(after a crash before the commit) replaces its letter, and a tombstone closes it once it was retried or dropped.
What the topic holds, newest per key, is thus exactly what is still open.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Final

from msgspec import Struct

from shared.clock import Clock
from shared.errors import Reject
from shared.events.dead_letters import DEAD_LETTER, DeadLetter
from shared.events.envelope import encode, new_event
from shared.kafka import EVENT_HEADERS, MAX_RECORD_BYTES, Outgoing
from shared.lasting_producer import LastingProducer
from shared.printable import printable
from shared.stream.records import Record
from shared.topics.definitions import DLQ_SUFFIX

MAX_KEPT_BYTES: Final = 1_300_000
"""Key and value up to this size are kept whole; Kafka's default lets a producer send 1,048,588 bytes."""
MAX_REASON_CHARS: Final = 2_000

assert MAX_KEPT_BYTES * 4 // 3 + 4 * MAX_REASON_CHARS * 2 + 10_000 < MAX_RECORD_BYTES  # noqa: S101 - with headers


class Letter(Struct, frozen=True):
    """A dead letter as it is sent."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def letter_for(record: Record, reject: Reject, *, consumer: str, now: datetime) -> Letter:
    """The letter for a refused record; the same record always gets the same key and event id.

    Args:
        record: with its topic's full name.
        reject: why.
        consumer: who refused it, such as `accounting.ledger`.
        now: when.
    """
    reason = printable(reject.reason, lines=True)[:MAX_REASON_CHARS]
    size = len(record.key or b"") + len(record.value or b"")
    kept = size <= MAX_KEPT_BYTES
    data = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key_base64=_base64(record.key) if kept else None,
        value_base64=_base64(record.value) if kept else None,
        value_omitted_bytes=None if kept else len(record.value or b""),
        reason=reason,
        pointer=reject.pointer or None,
        consumer=consumer,
        refused_at=now,
    )
    source = "/" + consumer.replace(".", "/")
    event = new_event(DEAD_LETTER, data, event_id=record.place, source=source, time=now, subject=record.place)
    headers = (
        *EVENT_HEADERS,
        ("origin-topic", record.topic.encode()),
        ("origin-partition", str(record.partition).encode()),
        ("origin-offset", str(record.offset).encode()),
        ("reason", reason.encode(errors="replace")),
    )
    return Letter(record.topic + DLQ_SUFFIX, record.place.encode(), encode(event), headers)


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


class KafkaDeadLetters:
    """Sends refused records to the dead-letter topic beside their own; a DeadLetters of shared.stream."""

    def __init__(self, producer: LastingProducer, *, consumer: str, clock: Clock) -> None:
        self._producer = producer
        self._consumer = consumer
        self._clock = clock

    async def add(self, record: Record, reject: Reject) -> None:
        """See DeadLetters.add."""
        letter = letter_for(record, reject, consumer=self._consumer, now=self._clock.now())
        await self._producer.send(letter.topic, [Outgoing(letter.key, letter.value, letter.headers)])
