"""Topics in real Kafka follow their files."""

from __future__ import annotations

import secrets
import time
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.errors import ConfigError, Unreachable
from shared.kafka import make_consumer, make_producer, send, start
from shared.topics import Topic, apply_topics, lag, list_topics, load_topics, topic_named
from shared.topics.admin import admin_client
from tests.deadline import eventually_async
from tests.running import free_port


def fresh_prefix() -> str:
    return f"t{secrets.token_hex(4)}."


async def configuration(bootstrap: str, topic: str) -> dict[str, str]:
    async with admin_client(bootstrap) as client:
        answers: Any = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}


async def until_set(bootstrap: str, topic: str, wanted: dict[str, str]) -> None:
    """A setting is acknowledged by the controller before the broker that is asked knows it."""

    async def is_set() -> bool:
        return wanted.items() <= (await configuration(bootstrap, topic)).items()

    await eventually_async(is_set, within_s=10, what=f"{topic} has {wanted}")


async def test_applying_creates_all_topics_and_applying_again_changes_nothing(kafka_bootstrap: str) -> None:
    prefix = fresh_prefix()
    first = await apply_topics(kafka_bootstrap, prefix)
    assert {(change.topic, change.what) for change in first} == {
        (topic.full_name(prefix), "created") for topic in load_topics()
    }
    assert {change.what for change in await apply_topics(kafka_bootstrap, prefix)} == {"unchanged"}
    there = {each.topic: each.partitions for each in await list_topics(kafka_bootstrap, prefix)}
    assert there == {topic.full_name(prefix): topic.partitions for topic in load_topics()}


async def test_jobs_are_kept_for_ever_and_states_are_compacted(kafka_bootstrap: str, topic_prefix: str) -> None:
    jobs = await configuration(kafka_bootstrap, f"{topic_prefix}jobs.v1")
    assert (jobs["retention.ms"], jobs["retention.bytes"], jobs["cleanup.policy"]) == ("-1", "-1", "delete")
    printers = await configuration(kafka_bootstrap, f"{topic_prefix}printers.v1")
    assert printers["cleanup.policy"] == "compact"


async def test_a_differing_setting_is_set_and_the_operators_own_is_kept(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    name = f"{topic_prefix}jobs.v1"
    async with admin_client(kafka_bootstrap) as client:
        meddled = {"retention.ms": "60000", "segment.ms": "3600000"}
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, meddled)])
    await until_set(kafka_bootstrap, name, {"retention.ms": "60000"})
    changes = {change.topic: change for change in await apply_topics(kafka_bootstrap, topic_prefix)}
    assert changes[name].what == "changed"
    assert "retention.ms=-1" in changes[name].detail
    await until_set(kafka_bootstrap, name, {"retention.ms": "-1", "segment.ms": "3600000"})


async def test_partitions_are_never_added_as_that_would_move_keys(kafka_bootstrap: str) -> None:
    prefix = fresh_prefix()
    topic = topic_named("charges.v1")
    async with admin_client(kafka_bootstrap) as client:
        await client.create_topics([NewTopic(topic.full_name(prefix), 3, 1, topic_configs=dict(topic.config))])
    (change,) = await apply_topics(kafka_bootstrap, prefix, topics=[topic])
    assert change.what == "unchanged"
    assert "has 3 partitions, its file says 12" in change.detail


async def test_a_setting_that_kafka_does_not_know_is_told(kafka_bootstrap: str) -> None:
    strange: Topic = msgspec.structs.replace(topic_named("people.v1"), config={"no.such.setting": "1"})
    with pytest.raises(ConfigError, match=r"people\.v1.*no\.such\.setting"):
        await apply_topics(kafka_bootstrap, fresh_prefix(), topics=[strange])


async def test_lag_is_what_was_not_committed_yet(kafka_bootstrap: str, topic_prefix: str) -> None:
    name, group = f"{topic_prefix}jobs.v1", f"g{secrets.token_hex(4)}"
    producer = await start(make_producer(kafka_bootstrap, "test"), kafka_bootstrap)
    for _ in range(5):
        await send(producer, name, key=None, value=b"{}", partition=0)
    await producer.stop()
    consumer = await start(make_consumer(kafka_bootstrap, client_id="test", group_id=group), kafka_bootstrap)
    consumer.assign([TopicPartition(name, 0)])
    await consumer.commit({TopicPartition(name, 0): 2})
    await consumer.stop()
    mine = [each for each in await lag(kafka_bootstrap, topic_prefix) if each.group == group]
    assert [(each.partition, each.position, each.end, each.lag) for each in mine] == [(0, 2, 5, 3)]


async def test_kafka_not_there_is_told_within_seconds() -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable, match="Kafka does not answer at 127"):
        await apply_topics(f"127.0.0.1:{free_port()}", "inkmeter.")
    assert time.monotonic() - began < 8


async def test_something_that_is_not_kafka_is_told_within_seconds(database_url: str) -> None:
    with pytest.raises(ConfigError, match="INKMETER_KAFKA_BOOTSTRAP"):
        await apply_topics(database_url, "inkmeter.")
