"""A member of the consumer group that shares the printers out: tells which partitions are this collector's.

The client is librdkafka, which moves partitions cooperatively: those that stay with a member are never taken from
it meanwhile. The collector's id is its name in the group, so that a restart gets the same partitions back without
disturbing the others.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Final

import structlog
from confluent_kafka import KafkaException, TopicPartition

from services.collector.assignment.share import Share
from shared.backoff import Backoff
from shared.errors import ConfigError
from shared.group_consumer import GroupConsumer

LOOK_EVERY_S: Final = 0.25
"""How often the group is served; asking costs microseconds, as librdkafka works in threads of its own."""
MAX_RECORDS: Final = 1_000
METADATA_TIMEOUT_S: Final = 5.0
FENCED_AGAIN_S: Final = 60.0
"""Once, a broker that was started anew may take a member for another one of its name; not twice so soon."""
_log = structlog.get_logger()


class GroupMember:
    """Joins, stays, and joins anew when it was thrown out.

    `share` hears of each new share; `changed` of records on the topic, whose contents are of no interest here.
    """

    def __init__(
        self,
        make_consumer: Callable[[], GroupConsumer],
        topic: str,
        *,
        share: Callable[[Share], None],
        changed: Callable[[], None],
    ) -> None:
        self._make_consumer = make_consumer
        self._topic = topic
        self._share = share
        self._changed = changed
        self._mine: set[int] = set()
        self._moved = False
        self._fenced_s = -math.inf

    async def run(self) -> None:
        """Is a member until cancelled.

        Raises:
            ConfigError: another process has this collector's id.
        """
        backoff = Backoff()
        while True:
            consumer = self._make_consumer()
            try:
                consumer.subscribe([self._topic], on_assign=self._assigned, on_revoke=self._revoked)
                await self._serve(consumer, backoff)
            except KafkaException as error:
                _log.warning("printers_group_left", error=str(error))
                self._check_name(error)
            finally:
                self._mine.clear()
                await asyncio.to_thread(consumer.close)
            await asyncio.sleep(backoff.next_s())

    async def _serve(self, consumer: GroupConsumer, backoff: Backoff) -> None:
        while True:
            told = _drained(consumer)
            if self._moved:
                partitions = await asyncio.to_thread(_partitions, consumer, self._topic)
                self._moved = False
                self._share(Share(partitions, frozenset(self._mine)))
                _log.info("printers_shared_out", partitions=partitions, mine=sorted(self._mine))
                backoff.reset()
            elif told:
                self._changed()
            elif consumer.silent:
                await asyncio.to_thread(consumer.check_reach)
            await asyncio.sleep(LOOK_EVERY_S)

    def _check_name(self, error: KafkaException) -> None:
        """Two processes of one name throw each other out again and again."""
        if "fenced" not in str(error).lower():
            return
        before_s, self._fenced_s = self._fenced_s, time.monotonic()
        if self._fenced_s - before_s < FENCED_AGAIN_S:
            raise ConfigError(
                "Another collector runs under the same name.",
                remedy="Give each collector an INKMETER_COLLECTOR_ID of its own.",
            ) from error

    def _assigned(self, more: list[TopicPartition]) -> None:
        self._mine |= {each.partition for each in more}
        self._moved = True

    def _revoked(self, fewer: list[TopicPartition]) -> None:
        # Whoever gets them waits until they are let go of here, which happens once the rest is told as well: the
        # callback for what is assigned comes with every rebalance. What is lost as Kafka went away stays read.
        self._mine -= {each.partition for each in fewer}


def _drained(consumer: GroupConsumer) -> bool:
    """Serves the client and takes what has come; whether records were among it.

    Raises:
        KafkaException: the membership is at its end; all else librdkafka mends by itself.
    """
    records = False
    for _ in range(MAX_RECORDS):
        message = consumer.poll(0)
        if message is None:
            break
        error = message.error()
        records |= error is None
        if error is not None and (error.fatal() or error.name() == "_FATAL"):
            raise KafkaException(error)
    return records


def _partitions(consumer: GroupConsumer, topic: str) -> int:
    found = consumer.list_topics(topic, timeout=METADATA_TIMEOUT_S).topics[topic]
    if not found.partitions:
        raise ConfigError(f"Kafka has no topic {topic}.", remedy="Create it by `inkmeter topics apply`.")
    return len(found.partitions)
