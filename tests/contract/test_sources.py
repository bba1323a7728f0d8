"""The fake Source and the one on real Kafka keep the same contract."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.kafka import make_consumer, make_producer, send, start
from shared.stream import KafkaSource, Source
from shared.testing.stream import FakeBroker, FakeSource
from tests.contract.sources import WITHIN_S, SourceContract, World
from tests.deadline import eventually_async


class FakeWorld:
    """A broker in memory."""

    def __init__(self) -> None:
        self._broker = FakeBroker(partitions=2)

    async def produce(self, value: bytes | None, *, partition: int = 0, key: bytes | None = None) -> None:
        self._broker.produce(value, partition=partition, key=key)

    async def join(self) -> Source:
        return FakeSource(self._broker)

    async def leave(self, source: Source) -> None:
        del source

    async def lose_partitions(self, source: Source) -> Source:
        assert isinstance(source, FakeSource)
        source.revoke(1)
        return FakeSource(self._broker)


class KafkaWorld:
    """A group of its own on one topic of real Kafka."""

    def __init__(self, bootstrap: str, topic: str, producer: AIOKafkaProducer) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._producer = producer
        self._group = f"g{secrets.token_hex(4)}"
        self._members: dict[int, AIOKafkaConsumer] = {}

    async def produce(self, value: bytes | None, *, partition: int = 0, key: bytes | None = None) -> None:
        await send(self._producer, self._topic, key=key, value=value, partition=partition)

    async def join(self) -> KafkaSource:
        consumer = make_consumer(self._bootstrap, client_id="test", group_id=self._group)
        await start(consumer, self._bootstrap)
        source = KafkaSource(consumer, [self._topic])
        self._members[id(source)] = consumer
        return source

    async def leave(self, source: Source) -> None:
        await self._members.pop(id(source)).stop()

    async def lose_partitions(self, source: Source) -> Source:
        other = await self.join()
        mine, others = self._members[id(source)], self._members[id(other)]

        async def shared_out() -> bool:
            # Partitions move while both poll, as members do while they hold.
            await source.hold(0.05)
            return len(mine.assignment()) == len(others.assignment()) == 1

        await eventually_async(shared_out, within_s=WITHIN_S, what="each member has one partition")
        return other

    async def close(self) -> None:
        for consumer in self._members.values():
            await consumer.stop()


class TestFakeSource(SourceContract):
    @pytest.fixture
    def world(self) -> World:
        return FakeWorld()


class TestKafkaSource(SourceContract):
    @pytest.fixture
    async def world(self, kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[World]:
        producer = await start(make_producer(kafka_bootstrap, "test", linger_ms=0), kafka_bootstrap)
        world = KafkaWorld(kafka_bootstrap, f"{topic_prefix}jobs.v1", producer)
        yield world
        await world.close()
        await producer.stop()
