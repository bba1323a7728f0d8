"""Topic files: complete, consistent and true to the events."""

from __future__ import annotations

import pytest

from shared.errors import ConfigError
from shared.events import DEAD_LETTER, EVENT_TYPES
from shared.kafka import check_bootstrap
from shared.topics import DLQ_SUFFIX, load_topics, topic_named


def test_every_event_type_has_exactly_one_topic_but_dead_letters() -> None:
    homes = [each for topic in load_topics() for each in topic.event_types if each != DEAD_LETTER]
    assert sorted(homes) == sorted(set(EVENT_TYPES) - {DEAD_LETTER})


def test_every_topic_has_its_dead_letter_topic_compacted_by_origin() -> None:
    names = {topic.name for topic in load_topics()}
    for topic in load_topics():
        if topic.name.endswith(DLQ_SUFFIX):
            assert topic.config["cleanup.policy"] == "compact"
            assert topic.partitions == 1
            assert topic.dlq is None
        else:
            assert topic.name + DLQ_SUFFIX in names


def test_jobs_and_charges_are_kept_for_ever_in_twelve_partitions() -> None:
    for name in ("jobs.v1", "charges.v1"):
        topic = topic_named(name)
        assert topic.partitions == 12
        assert topic.config["retention.ms"] == topic.config["retention.bytes"] == "-1"


def test_what_holds_states_is_compacted() -> None:
    for name in ("printers.v1", "people.v1", "projects.v1"):
        assert topic_named(name).config == {"cleanup.policy": "compact"}


def test_the_prefix_belongs_to_the_installation() -> None:
    assert topic_named("jobs.v1").full_name("inkmeter.") == "inkmeter.jobs.v1"
    assert topic_named("jobs.v1.dlq").full_name("t7.") == "t7.jobs.v1.dlq"


def test_an_unknown_topic_is_told_with_those_that_are() -> None:
    with pytest.raises(KeyError, match=r"no topic jobs\.v2, only: aggregates\.v1"):
        topic_named("jobs.v2")


@pytest.mark.parametrize("address", ["", "kafka", "kafka:", ":9092", "kafka:port", "kafka:70000", "a:1,,b:2"])
def test_what_is_no_list_of_brokers_is_refused_with_the_setting(address: str) -> None:
    with pytest.raises(ConfigError, match="INKMETER_KAFKA_BOOTSTRAP"):
        check_bootstrap(address)


@pytest.mark.parametrize("address", ["127.0.0.1:9092", "a:1,b:2", "[::1]:9092"])
def test_lists_of_brokers_are_taken(address: str) -> None:
    check_bootstrap(address)
