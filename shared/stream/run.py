"""Runs one batch consumer on real Kafka from the first connection to the last commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from shared.clock import Clock, SystemClock
from shared.dead_letters import KafkaDeadLetters
from shared.kafka import make_consumer, make_producer, start_when_there
from shared.stream.batches import Options, consume
from shared.stream.kafka_source import KafkaSource
from shared.stream.records import Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Which consumer this is.

    Attributes:
        bootstrap: brokers as host:port.
        topics: full names, prefix and all.
        group_id: members of one group share the partitions.
        options: how it takes batches; its name is used in dead letters.
        group_instance_id: see `make_consumer`.
    """

    bootstrap: str
    topics: Sequence[str]
    group_id: str
    options: Options
    group_instance_id: str | None = None


async def run_consumer(
    what: Consumer, handler: Handler, *, stop: asyncio.Event | None = None, clock: Clock | None = None
) -> None:
    """Waits for Kafka, joins the group and consumes as `consume` says; cancel it to stop.

    Raises:
        ConfigError: the address is wrong, or a topic is missing.
        TooManyRejects: see `consume`.
    """
    name = what.options.name
    producer = await start_when_there(lambda: make_producer(what.bootstrap, name), what.bootstrap)
    try:
        consumer = await start_when_there(
            lambda: make_consumer(
                what.bootstrap,
                client_id=name,
                group_id=what.group_id,
                group_instance_id=what.group_instance_id,
            ),
            what.bootstrap,
        )
        try:
            source = KafkaSource(consumer, what.topics)
            await source.check_topics(what.topics)
            letters = KafkaDeadLetters(producer, consumer=name, clock=clock or SystemClock())
            await consume(source, handler, letters, what.options, stop=stop)
        finally:
            await consumer.stop()
    finally:
        await producer.stop()
