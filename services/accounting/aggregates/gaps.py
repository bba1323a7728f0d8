"""Reads the topic by offset, apart from the stream: what the stream left out, and where the topic ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from shared.errors import ConfigError, Retry
from shared.lasting_producer import LastingProducer
from shared.stream import Record

MAX_RECORDS: Final = 2_000
POLL_MS: Final = 1_000
SILENCE_S: Final = 30.0


class KafkaGaps:
    """A Gaps of the counter on real Kafka; the consumer is started and belongs to no group."""

    def __init__(self, consumer: AIOKafkaConsumer, producer: LastingProducer, topic: str) -> None:
        self._consumer: Any = consumer
        self._producer = producer
        self._topic = topic
        self._turn = asyncio.Lock()

    async def ends(self) -> dict[int, int]:
        """The offset after the last record, by partition.

        Raises:
            ConfigError: there is no such topic.
            Retry: Kafka does not answer.
        """
        try:
            async with asyncio.timeout(SILENCE_S):
                numbers = await self._producer.partitions_of(self._topic)
                found = await self._consumer.end_offsets([TopicPartition(self._topic, each) for each in numbers])
        except UnknownTopicOrPartitionError as error:
            raise ConfigError(
                f"There is no topic {self._topic}.", remedy="Create it by `inkmeter topics apply`."
            ) from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise Retry(f"Kafka does not say where {self._topic} ends: {type(error).__name__}") from error
        return {part.partition: end for part, end in found.items()}

    async def read(self, partition: int, first: int, end: int) -> AsyncIterator[Sequence[Record]]:
        """See Gaps.read."""
        part = TopicPartition(self._topic, partition)
        async with self._turn:
            try:
                self._consumer.assign([part])
                beginning = (await self._consumer.beginning_offsets([part]))[part]
                self._consumer.seek(part, max(first, beginning))
                while await self._position(part) < end:
                    records = [each for each in await self._next(part) if each.offset < end]
                    if records:
                        yield records
            except (KafkaError, OSError, TimeoutError) as error:
                raise Retry(f"Kafka gives no records of {self._topic}: {type(error).__name__}") from error
            finally:
                self._consumer.unsubscribe()

    async def _position(self, part: TopicPartition) -> int:
        async with asyncio.timeout(SILENCE_S):
            return int(await self._consumer.position(part))

    async def _next(self, part: TopicPartition) -> list[Record]:
        found = await self._consumer.getmany(part, timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        return [
            Record(each.topic, each.partition, each.offset, each.key, each.value, tuple(each.headers))
            for each in found.get(part, [])
        ]
