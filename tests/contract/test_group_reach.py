"""A client that has lost Kafka for ever is told apart from one whose Kafka is away, or has nothing to say."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaException

from shared import group_consumer
from shared.group_consumer import GroupConsumer, is_there, make_group_consumer
from tests.deadline import eventually
from tests.fixtures.lone_broker import LoneBroker

NAME = "member"
WITHIN_S = 30.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_consumer, "SILENT_S", 0.2)
    monkeypatch.setattr(group_consumer, "ASK_S", 2.0)


@pytest.fixture
def broker() -> Iterator[LoneBroker]:
    with LoneBroker() as made:
        yield made


def member(bootstrap: str, topic: str = "topic") -> GroupConsumer:
    made = make_group_consumer(bootstrap, client_id=NAME, group_id=secrets.token_hex(4), instance=None)
    made.subscribe([topic], on_assign=lambda _: None, on_revoke=lambda _: None)
    return made


def silent(consumer: GroupConsumer) -> None:
    """Serves a client until it has told nothing for long."""

    def nothing() -> bool:
        consumer.poll(0)
        return consumer.silent

    eventually(nothing, within_s=WITHIN_S, what="the client is silent")


def test_a_client_that_does_not_reach_a_kafka_which_others_do_is_given_up(broker: LoneBroker) -> None:
    consumer = member(broker.bootstrap)
    try:
        silent(consumer)
        consumer.check_reach()
        broker.refused = NAME
        with pytest.raises(KafkaException):
            consumer.check_reach()
    finally:
        consumer.close()


def test_a_client_is_kept_if_kafka_comes_back_just_before_another_one_asks(
    broker: LoneBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer = member(broker.bootstrap)

    def comes_back(bootstrap: str, topic: str) -> bool:
        broker.refused = ""
        return is_there(bootstrap, topic)

    monkeypatch.setattr(group_consumer, "is_there", comes_back)
    try:
        broker.refused = "*"
        consumer.check_reach()
        assert not consumer.silent
    finally:
        consumer.close()


def test_a_client_is_kept_while_kafka_answers_nobody(broker: LoneBroker) -> None:
    consumer = member(broker.bootstrap)
    try:
        silent(consumer)
        broker.refused = "*"
        consumer.check_reach()
        assert not consumer.silent, "it is asked again only after a while"
        broker.refused = ""
        consumer.check_reach()
    finally:
        consumer.close()


def test_a_silent_client_that_reaches_a_real_kafka_is_kept(kafka_bootstrap: str, topic_prefix: str) -> None:
    consumer = member(kafka_bootstrap, f"{topic_prefix}jobs.v1")
    try:
        silent(consumer)
        consumer.check_reach()
        assert not consumer.silent
    finally:
        consumer.close()
