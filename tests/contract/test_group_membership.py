"""How members of a group live with Kafka: long waits, quick restarts."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.kafka import make_consumer, make_producer, send, start
from shared.stream import KafkaSource
from tests.contract.sources import WITHIN_S, take_some
from tests.deadline import eventually_async

POLL_INTERVAL_MS = 1_000


@pytest.fixture
async def producer(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    made = await start(make_producer(kafka_bootstrap, "test", linger_ms=0), kafka_bootstrap)
    yield made
    await made.stop()


async def test_a_member_that_waits_for_the_world_keeps_its_partitions(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    topic = f"{topic_prefix}jobs.v1"
    await send(producer, topic, key=b"k", value=b"one", partition=0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap,
        group_id=f"g{secrets.token_hex(4)}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        heartbeat_interval_ms=200,
        max_poll_interval_ms=POLL_INTERVAL_MS,
    )
    await start(consumer, kafka_bootstrap)
    try:
        source = KafkaSource(consumer, [topic])
        batch = await take_some(source, 1)
        for _ in range(6):
            await source.hold(POLL_INTERVAL_MS / 2_000)
        assert list(source.still_ours(batch)) == batch
        await source.commit(batch)
        partition = next(each for each in consumer.assignment() if each.partition == 0)
        assert await consumer.committed(partition) == 1
    finally:
        await consumer.stop()


async def test_a_static_member_that_is_soon_back_disturbs_nobody(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    topic, group = f"{topic_prefix}jobs.v1", f"g{secrets.token_hex(4)}"
    members: dict[str, tuple[AIOKafkaConsumer, KafkaSource]] = {}

    async def join(name: str) -> None:
        consumer = make_consumer(kafka_bootstrap, client_id=name, group_id=group, group_instance_id=name)
        members[name] = (await start(consumer, kafka_bootstrap), KafkaSource(consumer, [topic]))

    async def shared_out() -> bool:
        for _, source in members.values():
            await source.hold(0.05)
        return all(len(consumer.assignment()) == 1 for consumer, _ in members.values())

    try:
        await join("a")
        await join("b")
        await eventually_async(shared_out, within_s=WITHIN_S, what="one partition each")
        owned = {name: set(consumer.assignment()) for name, (consumer, _) in members.items()}
        for partition in (0, 1):
            await send(producer, topic, key=None, value=b"x", partition=partition)
        of_b = await take_some(members["b"][1], 1)
        await members["a"][0].stop()
        await join("a")
        await eventually_async(shared_out, within_s=WITHIN_S, what="one partition each again")
        assert {name: set(consumer.assignment()) for name, (consumer, _) in members.items()} == owned
        assert len(await take_some(members["a"][1], 1)) == 1
        assert list(members["b"][1].still_ours(of_b)) == of_b
    finally:
        for consumer, _ in members.values():
            await consumer.stop()
