"""A Source on real Kafka: a member of a consumer group that commits by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.errors import ConfigError, Retry
from shared.kafka import may_pass
from shared.stream.records import Batch, Record

log = structlog.get_logger(__name__)

COMMIT_TIMEOUT_S: Final = 5.0
"""aiokafka itself would try for ever, and a stop would hang on it."""


class _Listener(ConsumerRebalanceListener):
    """Tells the source what was taken from it."""

    def __init__(self, source: KafkaSource) -> None:
        self._source = source

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._source.partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        log.info("partitions_assigned", partitions=sorted(f"{each.topic}/{each.partition}" for each in assigned))


class KafkaSource:
    """Reads topics as a member of the consumer's group; the consumer is started and stopped by the caller."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Sequence[str]) -> None:
        self._consumer: Any = consumer
        self._lost: set[tuple[str, int]] = set()
        self._buffer: list[Record] = []
        consumer.subscribe(topics, listener=_Listener(self))

    async def check_topics(self, topics: Sequence[str]) -> None:
        """Makes sure that the topics are there, as Kafka would wait for them in silence.

        Raises:
            ConfigError: one is missing.
        """
        missing = sorted(set(topics) - await self._consumer.topics())
        if missing:
            raise ConfigError(
                f"Kafka has no topic {', '.join(missing)}.", remedy="Create it by `inkmeter topics apply`."
            )

    def partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by the listener, between two awaits of ours: what we hold of these partitions is void.

        What waits in the buffer is dropped at once, as the same records may be fetched again into it; of the
        batch in flight it is remembered until the next one is taken.
        """
        gone = {(each.topic, each.partition) for each in revoked}
        self._lost |= gone
        self._buffer = [each for each in self._buffer if (each.topic, each.partition) not in gone]

    async def take(self, limit: int, *, linger_s: float, idle_s: float) -> Batch:
        """See Source.take."""
        had = bool(self._buffer)
        give_up = time.monotonic() + (linger_s if had else idle_s)
        while (room := limit - len(self._buffer)) > 0:
            wait_ms = max(0, int((give_up - time.monotonic()) * 1_000))
            # What a revocation leaves of the buffer is only known after the wait, so it is looked up then.
            found = _records(await self._consumer.getmany(timeout_ms=wait_ms, max_records=room))
            self._buffer += found
            if self._buffer and not had:
                had, give_up = True, time.monotonic() + linger_s
            elif time.monotonic() >= give_up:
                break
        batch, self._buffer = self._buffer[:limit], self._buffer[limit:]
        self._lost.clear()
        return batch

    async def hold(self, seconds: float) -> None:
        """See Source.hold. The paused partitions are polled, so that the group sees a member at work."""
        give_up = time.monotonic() + seconds
        held = tuple(self._consumer.assignment())
        if held:
            self._consumer.pause(*held)
            try:
                found = await self._consumer.getmany(*held, timeout_ms=int(seconds * 1_000))
                # Partitions that went and came back meanwhile are not paused: keep what they gave for `take`.
                self._buffer += _records(found)
            finally:
                still = self._consumer.assignment()
                self._consumer.resume(*(each for each in held if each in still))
        await asyncio.sleep(max(0.0, give_up - time.monotonic()))

    def still_ours(self, records: Batch) -> Batch:
        """See Source.still_ours."""
        if not self._lost:
            return records
        return [each for each in records if (each.topic, each.partition) not in self._lost]

    async def commit(self, records: Batch) -> None:
        """See Source.commit. A group that was re-shuffled meanwhile gets the records again: no error of ours."""
        offsets: dict[TopicPartition, int] = {}
        for each in records:
            offsets[TopicPartition(each.topic, each.partition)] = each.offset + 1
        if not offsets:
            return
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            log.warning("commit_overtaken_by_rebalance", error=type(error).__name__)
        except (KafkaError, TimeoutError, OSError) as error:
            if isinstance(error, KafkaError) and not may_pass(error):
                raise
            raise Retry(f"Kafka did not take the commit: {type(error).__name__}") from error


def _records(found: dict[TopicPartition, list[Any]]) -> list[Record]:
    return [
        Record(each.topic, each.partition, each.offset, each.key, each.value, tuple(each.headers), each.timestamp)
        for several in found.values()
        for each in several
    ]
