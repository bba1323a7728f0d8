"""Creates and checks topics in Kafka after their files; never deletes one, never re-shuffles keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from msgspec import Struct

from shared.errors import ConfigError, Unreachable
from shared.kafka import check_bootstrap, make_consumer, start
from shared.topics.definitions import Topic, load_topics

ADMIN_TIMEOUT_S: Final = 15.0
CONNECT_TIMEOUT_S: Final = 6.0
REQUEST_TIMEOUT_MS: Final = 10_000
REPLICATION: Final = 3
_DYNAMIC_TOPIC_CONFIG: Final = 1
"""ConfigSource of DescribeConfigs: set on this very topic, not inherited from the broker."""


class TopicChange(Struct, frozen=True):
    """What `apply_topics` did with one topic."""

    topic: str
    what: Literal["created", "changed", "unchanged"]
    detail: str = ""


class TopicState(Struct, frozen=True):
    """A topic of ours as it stands in Kafka; no partitions means it is not there."""

    topic: str
    partitions: int
    records: int
    description: str


class TopicLag(Struct, frozen=True):
    """How far a consumer group is behind in one partition; position is -1 where it never committed."""

    group: str
    topic: str
    partition: int
    position: int
    end: int
    lag: int


@asynccontextmanager
async def admin_client(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client; what Kafka answers badly within becomes Unreachable or ConfigError."""
    check_bootstrap(bootstrap)
    client = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, client_id="inkmeter-admin", request_timeout_ms=10_000
    )
    try:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await client.start()
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unreachable(f"Kafka does not answer at {bootstrap}: is it running?") from error
        try:
            async with asyncio.timeout(ADMIN_TIMEOUT_S):
                yield client
        except (KafkaError, OSError, TimeoutError) as error:
            if isinstance(error, KafkaError) and not error.retriable:
                raise ConfigError(f"Kafka at {bootstrap} refuses: {error!r}.") from error
            raise Unreachable(f"Kafka at {bootstrap} stopped answering: {error!r}") from error
    finally:
        await client.close()


async def apply_topics(
    bootstrap: str,
    prefix: str,
    *,
    partitions: int | None = None,
    replication: int | None = None,
    topics: Sequence[Topic] | None = None,
) -> list[TopicChange]:
    """Brings Kafka's topics in line with their files; running it again changes nothing.

    Args:
        bootstrap: brokers as host:port.
        prefix: put before each topic's name.
        partitions: for topics that are created now, instead of what their files say (dead letters stay at 1).
        replication: copies of topics created now; None is 3, or as many as there are brokers.
        topics: which ones; all by default.
    """
    wanted = load_topics() if topics is None else topics
    async with admin_client(bootstrap) as client:
        there = {each["topic"]: len(each["partitions"]) for each in await client.describe_topics()}
        missing = [topic for topic in wanted if topic.full_name(prefix) not in there]
        await _create(client, missing, prefix, partitions, replication)
        changes = [TopicChange(topic.full_name(prefix), "created") for topic in missing]
        kept = [topic for topic in wanted if topic.full_name(prefix) in there]
        overrides = await _overrides(client, [topic.full_name(prefix) for topic in kept])
        for topic in kept:
            name = topic.full_name(prefix)
            changes.append(await _align(client, topic, name, there[name], overrides[name]))
    return sorted(changes, key=lambda change: change.topic)


async def _create(
    client: AIOKafkaAdminClient,
    topics: Sequence[Topic],
    prefix: str,
    partitions: int | None,
    replication: int | None,
) -> None:
    if not topics:
        return
    brokers = (await client.describe_cluster())["brokers"]
    answer: Any = await client.create_topics(
        [
            NewTopic(
                topic.full_name(prefix),
                (partitions if partitions and topic.partitions > 1 else topic.partitions),
                replication or min(REPLICATION, len(brokers)),
                topic_configs=dict(topic.config),
            )
            for topic in topics
        ]
    )
    for name, code, *message in answer.topic_errors:
        error = for_code(code)
        # Somebody else may create the same topics at the same moment: that is no failure.
        if code and error is not TopicAlreadyExistsError:
            reason = message[0] if message and message[0] else error.__name__
            raise ConfigError(f"Kafka refuses to create the topic {name}: {reason}.")


async def _overrides(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings made on each topic itself."""
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    if not names:
        return found
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers: list[Any] = await client.describe_configs(wanted)
    for answer in answers:
        for _code, _message, _kind, name, entries in answer.resources:
            for key, value, _read_only, source, *_rest in entries:
                if source == _DYNAMIC_TOPIC_CONFIG:
                    found[name][key] = value
    return found


async def _align(
    client: AIOKafkaAdminClient, topic: Topic, name: str, partitions: int, overrides: Mapping[str, str]
) -> TopicChange:
    """Sets the settings that differ; those that only the operator made stay as they are."""
    notes = []
    if partitions < topic.partitions:
        notes.append(
            f"has {partitions} partitions, its file says {topic.partitions}: left alone, as more would move keys"
        )
    differing = {key: value for key, value in topic.config.items() if overrides.get(key) != value}
    if not differing:
        return TopicChange(name, "unchanged", "; ".join(notes))
    # AlterConfigs replaces all of a topic's settings at once, so the operator's own are sent along.
    merged = {**overrides, **differing}
    altered: list[Any] = await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, merged)])
    for answer in altered:
        for code, message, *_rest in answer.resources:
            if code:
                raise ConfigError(f"Kafka refuses the settings of {name}: {message or for_code(code).__name__}.")
    notes.insert(0, ", ".join(f"{key}={value}" for key, value in sorted(differing.items())))
    return TopicChange(name, "changed", "; ".join(notes))


async def list_topics(bootstrap: str, prefix: str) -> list[TopicState]:
    """Our topics with their partitions and how many records lie in them (compaction makes that an upper bound)."""
    consumer = make_consumer(bootstrap, client_id="inkmeter-admin")
    await start(consumer, bootstrap, timeout_s=CONNECT_TIMEOUT_S)
    try:
        async with admin_client(bootstrap) as client:
            there: dict[str, Any] = {each["topic"]: each["partitions"] for each in await client.describe_topics()}
            found = []
            for topic in load_topics():
                name = topic.full_name(prefix)
                parts = [TopicPartition(name, part["partition"]) for part in there.get(name, [])]
                first = await consumer.beginning_offsets(parts) if parts else {}
                end = await consumer.end_offsets(parts) if parts else {}
                records = sum(end[part] - first[part] for part in parts)
                found.append(TopicState(name, len(parts), records, topic.description))
            return found
    finally:
        await consumer.stop()


async def lag(bootstrap: str, prefix: str) -> list[TopicLag]:
    """How far every consumer group that committed on our topics is behind, per partition."""
    ours = {topic.full_name(prefix) for topic in load_topics()}
    consumer = make_consumer(bootstrap, client_id="inkmeter-admin")
    await start(consumer, bootstrap, timeout_s=CONNECT_TIMEOUT_S)
    try:
        async with admin_client(bootstrap) as client:
            found = []
            for group, *_rest in sorted(await client.list_consumer_groups()):
                offsets = await client.list_consumer_group_offsets(group)
                parts = [part for part in offsets if part.topic in ours]
                end = await consumer.end_offsets(parts) if parts else {}
                for part in sorted(parts):
                    committed = offsets[part].offset
                    behind = end[part] - max(committed, 0)
                    found.append(TopicLag(group, part.topic, part.partition, committed, end[part], behind))
            return found
    finally:
        await consumer.stop()
