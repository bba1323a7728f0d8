"""Topic definitions: one TOML file per topic, and from each its dead-letter topic."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from shared.events.dead_letters import DEAD_LETTER
from shared.kafka import MAX_RECORD_BYTES

DLQ_SUFFIX: Final = ".dlq"
DLQ_CONFIG: Final = {"cleanup.policy": "compact", "max.message.bytes": str(MAX_RECORD_BYTES)}
"""Compacted by where the record came from: a letter sent twice is one, and a tombstone closes it."""

TopicName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*\.v[1-9][0-9]*(\.dlq)?$")]


class Topic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is agreed about one topic.

    `name` has no prefix, that belongs to the installation. `key` says in words what records are keyed by.
    `producers` and `consumers` are our services; strangers read what they like. `config` holds Kafka's own names.
    """

    name: TopicName
    description: Annotated[str, Meta(min_length=10)]
    key: str
    event_types: Annotated[list[str], Meta(min_length=1)]
    producers: list[str]
    consumers: list[str]
    partitions: Annotated[int, Meta(ge=1, le=1_000)]
    dead_letters: bool = False
    config: dict[str, str] = {}

    def full_name(self, prefix: str) -> str:
        """The topic's name in Kafka."""
        return f"{prefix}{self.name}"

    @property
    def dlq(self) -> Topic | None:
        """Where refused records of this topic go, if they are kept."""
        if not self.dead_letters:
            return None
        return Topic(
            name=self.name + DLQ_SUFFIX,
            description=f"Records of {self.name} that were refused, whole, with where they came from and why.",
            key="topic/partition/offset of the refused record",
            event_types=[DEAD_LETTER],
            producers=self.consumers,
            consumers=[],
            partitions=1,
            config=DLQ_CONFIG,
        )


@cache
def load_topics() -> tuple[Topic, ...]:
    """All topics in order of name, each followed by its dead-letter topic.

    Raises:
        ValueError: a file is wrong, or its name is not the topic's.
    """
    found: list[Topic] = []
    folder = resources.files("shared.contracts").joinpath("topics")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".toml"):
            continue
        try:
            topic = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Topic)
        except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"shared/contracts/topics/{file.name}: {error}") from error
        if file.name != f"{topic.name}.toml":
            raise ValueError(f"shared/contracts/topics/{file.name} describes {topic.name}")
        found.append(topic)
        if topic.dlq:
            found.append(topic.dlq)
    return tuple(found)


def topic_named(name: str) -> Topic:
    """The topic of that name (without prefix).

    Raises:
        KeyError: there is none.
    """
    for topic in load_topics():
        if topic.name == name:
            return topic
    raise KeyError(f"no topic {name}, only: {', '.join(each.name for each in load_topics())}")
