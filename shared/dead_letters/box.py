"""The open dead letters of an installation: list them, send one's record back to where it came from, drop one."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from msgspec import Struct

from shared.clock import Clock, SystemClock
from shared.errors import NotFound, Reject
from shared.events.dead_letters import DeadLetter, DeadLetterEvent
from shared.kafka import EVENT_HEADERS, make_consumer, make_producer, send, start
from shared.printable import printable
from shared.topics.definitions import DLQ_SUFFIX, load_topics

POLL_MS: Final = 1_000
_decoder = msgspec.json.Decoder(DeadLetterEvent)


class OpenLetter(Struct, frozen=True, kw_only=True):
    """A refused record that nobody dealt with yet; `id` is its origin, topic/partition/offset."""

    id: str
    topic: str
    partition: int
    offset: int
    refused_at: datetime
    consumer: str
    reason: str
    letter: DeadLetter


class DeadLetterBox:
    """Reads and closes dead letters. What it reads is how things stood when `letters` was called."""

    def __init__(self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, prefix: str, clock: Clock) -> None:
        self._consumer: Any = consumer
        self._producer = producer
        self._prefix = prefix
        self._clock = clock

    async def letters(self) -> list[OpenLetter]:
        """All that are open, in order of origin."""
        names = [topic.full_name(self._prefix) for topic in load_topics() if topic.name.endswith(DLQ_SUFFIX)]
        there = await self._consumer.topics()
        found: dict[bytes, bytes] = {}
        parts = [
            TopicPartition(name, number)
            for name in names
            if name in there
            for number in await self._producer.partitions_for(name)
        ]
        if not parts:
            return []
        self._consumer.assign(parts)
        await self._consumer.seek_to_beginning(*parts)
        end = await self._consumer.end_offsets(parts)
        waiting = [part for part in parts if await self._consumer.position(part) < end[part]]
        while waiting:
            for several in (await self._consumer.getmany(*waiting, timeout_ms=POLL_MS)).values():
                for record in several:
                    if record.value is None:
                        found.pop(record.key, None)
                    else:
                        found[record.key] = record.value
            waiting = [part for part in waiting if await self._consumer.position(part) < end[part]]
        opened = [_open(value) for value in found.values()]
        return sorted(opened, key=lambda each: (each.topic, each.partition, each.offset))

    async def retry(self, letters: Sequence[OpenLetter]) -> None:
        """Sends each record back to its topic and partition as a new record, then closes its letter.

        If it is refused again it gets a new letter. A crash between the two leaves the letter open; retrying
        once more is harmless, as consumers take the same event twice for one.

        Raises:
            Reject: a record was too large to be kept, so there is nothing to send.
            Retry: Kafka did not acknowledge.
        """
        for each in letters:
            if each.letter.value_omitted_bytes is not None:
                raise Reject(
                    f"{each.id} was too large to be kept ({each.letter.value_omitted_bytes} bytes): "
                    "read it where it came from, or drop it"
                )
        for each in letters:
            await send(
                self._producer,
                each.topic,
                key=_bytes(each.letter.key_base64),
                value=_bytes(each.letter.value_base64),
                headers=(*EVENT_HEADERS, ("retried-from", each.id.encode())),
                partition=each.partition,
            )
            await self._close(each, "retry")

    async def drop(self, letters: Sequence[OpenLetter]) -> None:
        """Closes letters for good; the refused records stay where they were.

        Raises:
            Retry: Kafka did not acknowledge.
        """
        for each in letters:
            await self._close(each, "drop")

    async def _close(self, each: OpenLetter, how: str) -> None:
        """Writes the tombstone, with who-did-what for those who read the topic before it is compacted."""
        headers = (("closed-by", how.encode()), ("closed-at", self._clock.now().isoformat().encode()))
        await send(self._producer, each.topic + DLQ_SUFFIX, key=each.id.encode(), value=None, headers=headers)


def choose(letters: Sequence[OpenLetter], ids: Sequence[str], prefix: str) -> list[OpenLetter]:
    """The letters of these ids; the topic's prefix may be left out.

    Raises:
        NotFound: one is not open.
    """
    by_id = {each.id: each for each in letters}
    chosen = []
    for wanted in ids:
        letter = by_id.get(wanted) or by_id.get(prefix + wanted)
        if letter is None:
            raise NotFound(f"no open dead letter {wanted}: `inkmeter dlq list` shows those that are")
        chosen.append(letter)
    return chosen


def content(letter: DeadLetter) -> object:
    """The refused value for people: as JSON if it is JSON, else as text with replacement characters."""
    raw = _bytes(letter.value_base64)
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return printable(raw.decode(errors="replace"), lines=True)


def key_text(letter: DeadLetter) -> str | None:
    """The refused record's key for people."""
    raw = _bytes(letter.key_base64)
    return None if raw is None else printable(raw.decode(errors="replace"))


def _open(value: bytes) -> OpenLetter:
    data = _decoder.decode(value).data
    return OpenLetter(
        id=f"{data.topic}/{data.partition}/{data.offset}",
        topic=data.topic,
        partition=data.partition,
        offset=data.offset,
        refused_at=data.refused_at,
        consumer=data.consumer,
        reason=data.reason,
        letter=data,
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


@asynccontextmanager
async def open_box(bootstrap: str, prefix: str, *, clock: Clock | None = None) -> AsyncIterator[DeadLetterBox]:
    """A box on real Kafka.

    Raises:
        ConfigError: the address is wrong.
        Unreachable: no broker answers.
    """
    consumer = await start(make_consumer(bootstrap, client_id="inkmeter-dlq"), bootstrap)
    try:
        producer = await start(make_producer(bootstrap, "inkmeter-dlq", linger_ms=0), bootstrap)
        try:
            yield DeadLetterBox(consumer, producer, prefix, clock or SystemClock())
        finally:
            await producer.stop()
    finally:
        await consumer.stop()
