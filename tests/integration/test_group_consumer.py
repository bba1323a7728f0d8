"""A member of a group on librdkafka ends whenever it is told to, and leaves the group only if it has no name."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from shared.group_consumer import GroupConsumer, make_group_consumer
from shared.kafka import SESSION_TIMEOUT_MS
from tests.deadline import eventually

WITHIN_S = 30.0
KILLED_AFTER_S = 45.0
STARTS = 40

STOPPED_WHILE_JOINING = """
import secrets, sys, threading
from shared.group_consumer import make_group_consumer

bootstrap, topic, strategy, instance, answer, starts = sys.argv[1:]
group = secrets.token_hex(4)
for number in range(int(starts)):
    consumer = make_group_consumer(
        bootstrap, client_id="test", group_id=group, instance=instance or None, strategy=strategy
    )
    answers = {"assign": consumer.assign, "unassign": lambda _: consumer.unassign(), "": lambda _: None}
    consumer.subscribe([topic], on_assign=answers[answer], on_revoke=lambda _: None)
    consumer.poll(0)
    threading.Event().wait(0.1 + 0.004 * number)
    consumer.close()
print("ended")
"""

NEVER_ENDS = """
import threading
import shared.group_consumer as group_consumer

group_consumer.END_S = 0.1
group_consumer.GroupConsumer._end = lambda _: threading.Event().wait()
group_consumer.make_group_consumer("127.0.0.1:1", client_id="test", group_id="test", instance="me").close()
print("ended")
"""


@pytest.fixture
def group() -> str:
    return f"g{secrets.token_hex(4)}"


def told_by(*programs: list[str]) -> list[list[str]]:
    """The lines that each printed; all run side by side and must end well.

    They are processes that can be killed: a client that hangs may hold the interpreter's lock.
    """
    with ExitStack() as stack:
        running = []
        for program in programs:
            process = subprocess.Popen([sys.executable, "-c", *program], stdout=subprocess.PIPE, text=True)
            running.append(stack.enter_context(process))
            stack.callback(process.kill)
        lines = [each.communicate(timeout=KILLED_AFTER_S)[0].splitlines() for each in running]
        assert [each.returncode for each in running] == [0] * len(running)
        return lines


def test_a_member_that_is_stopped_at_any_moment_of_joining_ends(kafka_bootstrap: str, topic_prefix: str) -> None:
    told = told_by(
        *(
            [STOPPED_WHILE_JOINING, kafka_bootstrap, f"{topic_prefix}jobs.v1", *each, str(STARTS)]
            for each in (
                ("cooperative-sticky", "me", ""),
                ("roundrobin", "me", "assign"),
                ("roundrobin", "me", "unassign"),
                ("roundrobin", "", "assign"),
            )
        )
    )

    assert [each[-1:] for each in told] == [["ended"]] * 4


def test_a_client_that_does_not_end_is_left_behind_and_keeps_no_process() -> None:
    ((error, *_, last),) = told_by([NEVER_ENDS])

    assert "kafka_client_left_to_the_end_of_the_process" in error
    assert last == "ended"


def clients() -> int:
    """How many threads of librdkafka's there are, of clients that were not ended."""
    named = Path("/proc/self/task").glob("*/comm")
    found = 0
    for each in named:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found += each.read_text().startswith("rdk:")
    return found


class Member:
    """One that joined, and what it was told since."""

    def __init__(self, bootstrap: str, topic: str, group: str, instance: str | None) -> None:
        self.told: list[str] = []
        self.consumer: GroupConsumer = make_group_consumer(
            bootstrap, client_id="test", group_id=group, instance=instance, strategy="cooperative-sticky"
        )
        self.consumer.subscribe([topic], on_assign=self._told("given"), on_revoke=self._told("taken"))
        self.serve(self.consumer, lambda: bool(self.told))

    def _told(self, what: str) -> Callable[[list[TopicPartition]], None]:
        return lambda partitions: self.told.extend([what] * len(partitions))

    @staticmethod
    def serve(consumer: GroupConsumer, check: Callable[[], bool]) -> None:
        def served() -> bool:
            consumer.poll(0)
            return check()

        eventually(served, within_s=WITHIN_S, what="the group is served")


def members_of(group: str, bootstrap: str) -> list[str]:
    """The members' own names; those without one have an empty one."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    asked = admin.describe_consumer_groups([group])[group]
    return sorted(each.group_instance_id or "" for each in asked.result(WITHIN_S).members)


def test_a_member_without_a_name_says_goodbye_and_one_with_a_name_may_come_back(
    kafka_bootstrap: str, topic_prefix: str, group: str
) -> None:
    topic = f"{topic_prefix}jobs.v1"
    stays = Member(kafka_bootstrap, topic, group, "stays")
    stays.consumer.close()
    assert members_of(group, kafka_bootstrap) == ["stays"]

    goes = Member(kafka_bootstrap, topic, f"{group}-other", None)
    goes.consumer.close()
    eventually(
        lambda: members_of(f"{group}-other", kafka_bootstrap) == [],
        within_s=SESSION_TIMEOUT_MS / 2_000,
        what="it has left, before the session's end",
    )


def test_what_was_committed_last_has_arrived_when_a_member_has_ended(
    kafka_bootstrap: str, topic_prefix: str, group: str
) -> None:
    topic = f"{topic_prefix}jobs.v1"
    member = Member(kafka_bootstrap, topic, group, "me")
    member.consumer.commit([TopicPartition(topic, 0, 5)])
    member.consumer.close()

    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group]
    assert [(each.partition, each.offset) for each in asked.result(WITHIN_S).topic_partitions] == [(0, 5)]


def test_a_consumer_that_was_closed_may_be_closed_again_and_does_nothing_more(kafka_bootstrap: str) -> None:
    consumer = make_group_consumer(kafka_bootstrap, client_id="test", group_id="nobody", instance=None)
    consumer.close()
    consumer.close()
    with pytest.raises(RuntimeError, match="closed"):
        consumer.poll(0)


@pytest.mark.parametrize("instance", ["me", None])
def test_a_member_that_has_ended_leaves_no_thread_even_while_an_error_of_its_callback_is_told(
    kafka_bootstrap: str, topic_prefix: str, group: str, instance: str | None
) -> None:
    before = clients()
    consumer = make_group_consumer(kafka_bootstrap, client_id="test", group_id=group, instance=instance)

    def refuse(_: list[TopicPartition]) -> None:
        raise LookupError("not these")

    consumer.subscribe([f"{topic_prefix}jobs.v1"], on_assign=refuse, on_revoke=refuse)
    with pytest.raises(LookupError) as told:
        Member.serve(consumer, lambda: False)
    assert clients() > before
    consumer.close()

    assert clients() == before
    assert told.traceback
