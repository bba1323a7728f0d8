"""Runs one batch consumer on real Kafka from the first connection to the last commit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from aiokafka.errors import KafkaError

from shared.backoff import Backoff
from shared.clock import Clock, SystemClock
from shared.dead_letters import KafkaDeadLetters
from shared.kafka import make_consumer, make_producer, start_when_there
from shared.lasting_producer import LastingProducer
from shared.stream.batches import Options, consume
from shared.stream.kafka_source import KafkaSource
from shared.stream.records import Handler

log = structlog.get_logger(__name__)


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

    The client gives up at what it does not expect, such as an answer of a coordinator that is being started. That
    is no reason for a service to end: another client begins where the last commit was.

    Raises:
        ConfigError: the address is wrong, or a topic is missing.
        TooManyRejects: see `consume`.
    """
    backoff = Backoff()
    while True:
        began_s = time.monotonic()
        try:
            return await _run_client(what, handler, stop=stop, clock=clock)
        except KafkaError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            if time.monotonic() - began_s > backoff.max_s:
                backoff.reset()
            delay_s = backoff.next_s()
            name, why = what.options.name, str(error) or type(error).__name__
            log.warning("consumer_begins_anew", consumer=name, error=why, retry_in_s=round(delay_s, 2))
            await asyncio.sleep(delay_s)


async def _run_client(
    what: Consumer, handler: Handler, *, stop: asyncio.Event | None, clock: Clock | None
) -> None:
    """One client from its first connection to its last commit, or until it gives up with a KafkaError."""
    name = what.options.name
    producer = LastingProducer(lambda: make_producer(what.bootstrap, name), what.bootstrap)
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
        await producer.close()
