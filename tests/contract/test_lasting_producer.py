"""A producer that outlives its clients: what makes one of them useless for ever is no end of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import OutOfOrderSequenceNumber

from shared.errors import ConfigError, Reject, Retry
from shared.kafka import MAX_RECORD_BYTES, Outgoing, make_consumer, make_producer, send, start
from shared.lasting_producer import LastingProducer, abandon

WITHIN_S = 30.0
ONE = [Outgoing(b"k", b"one")]


class Making:
    """Makes clients and keeps them."""

    def __init__(self, bootstrap: str) -> None:
        self.made: list[AIOKafkaProducer] = []
        self._bootstrap = bootstrap

    def __call__(self) -> AIOKafkaProducer:
        self.made.append(make_producer(self._bootstrap, "test", linger_ms=0))
        return self.made[-1]


@pytest.fixture
def making(kafka_bootstrap: str) -> Making:
    return Making(kafka_bootstrap)


@pytest.fixture
async def producer(kafka_bootstrap: str, making: Making) -> AsyncIterator[LastingProducer]:
    made = LastingProducer(making, kafka_bootstrap)
    yield made
    await made.close()


async def values(bootstrap: str, topic: str) -> list[bytes | None]:
    """All records of a topic."""
    consumer = await start(make_consumer(bootstrap, client_id="reader", topics=[topic]), bootstrap)
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[bytes | None] = []
        async with asyncio.timeout(WITHIN_S):
            while len(found) < sum(ends.values()):
                found += [
                    each.value for several in (await consumer.getmany(timeout_ms=200)).values() for each in several
                ]
        return found
    finally:
        await consumer.stop()


def give_up_a_record(client: AIOKafkaProducer, topic: str) -> None:
    """Leaves a gap in the client's numbers, as an expired batch does while a partition has no leader."""
    for partition in range(2):
        client._txn_manager.increment_sequence_number(TopicPartition(topic, partition), 1)


async def test_a_client_with_a_gap_in_its_numbers_is_refused_for_ever(
    kafka_bootstrap: str, topic_prefix: str, making: Making
) -> None:
    topic = f"{topic_prefix}alerts.v1"
    client = await start(making(), kafka_bootstrap)
    await send(client, topic, key=b"k", value=b"one")
    give_up_a_record(client, topic)
    for _ in range(2):
        with pytest.raises(OutOfOrderSequenceNumber):
            await send(client, topic, key=b"k", value=b"two")
    await client.stop()


async def test_it_is_followed_by_another_client(
    kafka_bootstrap: str, topic_prefix: str, producer: LastingProducer, making: Making
) -> None:
    topic = f"{topic_prefix}alerts.v1"
    await producer.send(topic, ONE)
    give_up_a_record(making.made[0], topic)
    with pytest.raises(Retry, match="OutOfOrderSequenceNumber"):
        await producer.send(topic, [Outgoing(b"k", b"two")])
    await producer.send(topic, [Outgoing(b"k", b"two")])

    assert await values(kafka_bootstrap, topic) == [b"one", b"two"]
    assert len(making.made) == 2


async def test_it_keeps_its_client_while_all_is_well(
    topic_prefix: str, producer: LastingProducer, making: Making
) -> None:
    for _ in range(3):
        await producer.send(f"{topic_prefix}alerts.v1", ONE)

    assert len(making.made) == 1
    assert await producer.partitions_of(f"{topic_prefix}alerts.v1") == {0, 1}


async def test_what_is_refused_is_told_and_the_next_one_passes(
    topic_prefix: str, producer: LastingProducer, making: Making
) -> None:
    topic = f"{topic_prefix}alerts.v1"
    with pytest.raises(Reject, match="larger than Kafka takes"):
        await producer.send(topic, [Outgoing(b"k", bytes(MAX_RECORD_BYTES + 1))])
    await producer.send(topic, ONE)
    making.made[-1].client._request_timeout_ms = 100
    with pytest.raises(ConfigError, match="inkmeter topics apply"):
        await producer.send(f"{topic_prefix}nothing.v1", ONE)
    await producer.send(topic, ONE)


async def test_a_kafka_that_is_not_there_is_tried_again() -> None:
    producer = LastingProducer(Making("127.0.0.1:1"), "127.0.0.1:1")
    with pytest.raises(Retry, match="does not answer"):
        await producer.send("t.alerts.v1", ONE)
    await producer.close()


async def test_what_an_abandoned_client_has_not_sent_is_not_sent_later(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}alerts.v1"
    client = await start(make_producer(kafka_bootstrap, "test", linger_ms=60_000), kafka_bootstrap)
    await client.send(topic, b"old", key=b"k")
    await abandon(client)

    assert client._sender.sender_task.done(), "it works no more"
    assert await values(kafka_bootstrap, topic) == []
