"""A member of a consumer group on librdkafka: for the one consumer whose time for each record matters."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Literal

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from shared.kafka import (
    HEARTBEAT_MS,
    MAX_POLL_INTERVAL_MS,
    MAX_RECORD_BYTES,
    METADATA_MAX_AGE_MS,
    REQUEST_TIMEOUT_MS,
    SESSION_TIMEOUT_MS,
    check_bootstrap,
)

log = structlog.get_logger(__name__)

Rebalanced = Callable[[list[TopicPartition]], None]
Strategy = Literal["roundrobin", "cooperative-sticky"]

MAX_WAITING_KIB: Final = 16 * 1024
"""How much waits in memory to be taken."""
FETCH_BYTES: Final = 8 * 1024 * 1024
FETCH_PARTITION_BYTES: Final = 1024 * 1024
FETCH_BACKOFF_MS: Final = 5
"""How long fetching rests once enough waits; a second, as is usual, would starve whoever takes at full speed."""
FETCH_WAIT_MS: Final = 100
SILENT_S: Final = 10.0
"""A client that has told nothing for so long is asked whether it still reaches Kafka."""
ASK_S: Final = 3.0
"""How long it may take to answer, and another client after it."""
RECONNECT_MAX_MS: Final = 1_000
"""How long a client rests at most before it connects again; one that is asked has the time for two tries."""
LEAVE_S: Final = 1.0
"""How long an end waits for what is still to be said; past it the group misses the member, or its last commit."""
LEAVE_STEP_S: Final = 0.05
END_S: Final = 5.0
"""How long an end may take in all; a client that takes longer is left behind and ends with the process."""

assert FETCH_PARTITION_BYTES <= MAX_RECORD_BYTES <= FETCH_BYTES <= MAX_WAITING_KIB * 1024  # noqa: S101
assert 2 * LEAVE_S < END_S  # noqa: S101
assert 2 * RECONNECT_MAX_MS < ASK_S * 1_000  # noqa: S101


class GroupConsumer:
    """What we use of librdkafka's client, and an end of it that never keeps the process.

    The client's own close() may wait for ever and holds the interpreter's lock meanwhile: it tells the part that
    keeps the membership to end and then serves what still waits to be told, as an assignment that has just come.
    Answering that (which the client does even where the callback doesn't) asks that part once more, which may be
    gone in between and then throws the question away unanswered. Whether something waits can't be known.

    A client that is let go of unclosed, though, drops what waits, calls nobody back, and waits without the lock.
    So this holds the only reference to the client and hands it out to nobody.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._client: Consumer | None = Consumer(settings)
        self._bootstrap: str = settings["bootstrap.servers"]
        self._topic = ""
        self._heard_s = time.monotonic()
        self._stays = "group.instance.id" in settings
        self._committed: list[TopicPartition] = []
        self._closing = False

    def subscribe(self, topics: list[str], *, on_assign: Rebalanced, on_revoke: Rebalanced) -> None:
        """Joins the group; `on_revoke` hears also of what is lost without being asked for."""
        taken = self._told(on_revoke)
        self._topic = topics[0]
        self._open.subscribe(topics, on_assign=self._told(on_assign), on_revoke=taken, on_lost=taken)

    def list_topics(self, topic: str | None = None, *, timeout: float) -> Any:
        """What Kafka has."""
        return self._open.list_topics(topic, timeout) if topic else self._open.list_topics(timeout=timeout)

    def poll(self, timeout: float) -> Message | None:
        """Serves the membership and gives one record, or an error, that has come."""
        message = self._open.poll(timeout)
        if message is not None:
            self._heard_s = time.monotonic()
        return message

    def consume(self, limit: int, timeout: float) -> list[Message]:
        """Serves the membership and gives at most so many records or errors."""
        messages = self._open.consume(limit, timeout)
        if messages:
            self._heard_s = time.monotonic()
        return messages

    @property
    def silent(self) -> bool:
        """Whether the client has told nothing for so long that it is worth asking whether it can."""
        return time.monotonic() - self._heard_s > SILENT_S

    def check_reach(self) -> None:
        """Asks the client whether it still reaches Kafka, which takes 3 ASK_S at most; it is not `silent` then.

        A broker that is being started or stopped may say that the cluster has no brokers at all. Librdkafka then
        forgets every address, and by a race may never turn to its bootstrap servers again (its issue 5301): it
        would wait in silence for ever. Whether Kafka is merely away is asked by another client.

        Raises:
            KafkaException: it doesn't, while Kafka is there: it is to be closed, and another one made.
        """
        try:
            self._open.list_topics(self._topic, ASK_S)
        except KafkaException:
            if is_there(self._bootstrap, self._topic):
                # It may have come back between the two.
                self._open.list_topics(self._topic, ASK_S)
        self._heard_s = time.monotonic()

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Reads these from now on, each from its offset."""
        self._open.assign(partitions)

    def unassign(self) -> None:
        """Reads nothing from now on."""
        self._open.unassign()

    def assignment(self) -> list[TopicPartition]:
        """What is read."""
        return self._open.assignment()

    def pause(self, partitions: list[TopicPartition]) -> None:
        """Gives no records of these until they are resumed."""
        self._open.pause(partitions)

    def resume(self, partitions: list[TopicPartition]) -> None:
        """Gives records of these again."""
        self._open.resume(partitions)

    def get_watermark_offsets(self, partition: TopicPartition, *, timeout: float) -> tuple[int, int]:
        """Where a partition begins and ends."""
        return self._open.get_watermark_offsets(partition, timeout=timeout)

    def commit(self, offsets: list[TopicPartition]) -> None:
        """Sends how far the group is, and waits for no answer.

        Call it in the thread that serves the client: in another it waits for as long as that one keeps calling.
        """
        self._committed = offsets
        self._open.commit(offsets=offsets, asynchronous=True)

    def close(self) -> None:
        """Ends the client within bounds, and calls nobody back.

        A member without a name of its own leaves the group. One with a name stays for the session's timeout, as it
        may be back soon.
        """
        if self._closing:
            return
        self._closing = True
        ending = threading.Thread(target=self._end, name="kafka-end", daemon=True)
        ending.start()
        ending.join(END_S)
        if ending.is_alive():
            log.warning("kafka_client_left_to_the_end_of_the_process", after_s=END_S)

    def _end(self) -> None:
        client = self._open
        self._client = None
        if self._committed:
            with suppress(KafkaException):
                # Asked behind the last commit, on the same connection: with the answer that has arrived.
                client.committed(self._committed, timeout=LEAVE_S)
        if not self._stays:
            with suppress(KafkaException):
                _leave(client)
        with suppress(KafkaException):
            # Answers an assignment that waits: by "cooperative-sticky" even a client that is let go of stays for
            # it. One that comes between this and the next line (some microseconds) is what END_S is for.
            client.incremental_assign([])
        # Here the last reference goes, and the client with it.

    @property
    def _open(self) -> Consumer:
        if self._client is None:
            raise RuntimeError("The consumer is closed.")
        return self._client

    def _told(self, callback: Rebalanced) -> Callable[[Consumer, list[TopicPartition]], None]:
        def told(client: Consumer, partitions: list[TopicPartition]) -> None:
            del client  # the traceback of an error of the callback would keep it
            if not self._closing:
                callback(partitions)

        return told


def make_group_consumer(
    bootstrap: str,
    *,
    client_id: str,
    group_id: str,
    instance: str | None,
    strategy: Strategy = "roundrobin",
    reset: Literal["earliest", "latest"] = "earliest",
) -> GroupConsumer:
    """A consumer that commits only what it is told to commit; it connects by itself, in threads of its own.

    Args:
        bootstrap: brokers as host:port, comma-separated.
        client_id: names the process in the broker's log.
        group_id: members of one group share its partitions.
        instance: a name of this member that outlives it; see kafka.make_consumer.
        strategy: how partitions are shared out; by "cooperative-sticky" those that stay are never taken.
        reset: where reading begins where the group never committed.

    Raises:
        ConfigError: the address is no list of host:port.
    """
    check_bootstrap(bootstrap)
    settings: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "client.id": client_id,
        "group.id": group_id,
        "enable.auto.commit": False,
        "auto.offset.reset": reset,
        "partition.assignment.strategy": strategy,
        "heartbeat.interval.ms": HEARTBEAT_MS,
        "session.timeout.ms": SESSION_TIMEOUT_MS,
        "max.poll.interval.ms": MAX_POLL_INTERVAL_MS,
        "socket.timeout.ms": REQUEST_TIMEOUT_MS,
        "reconnect.backoff.max.ms": RECONNECT_MAX_MS,
        "fetch.max.bytes": FETCH_BYTES,
        "max.partition.fetch.bytes": FETCH_PARTITION_BYTES,
        "fetch.wait.max.ms": FETCH_WAIT_MS,
        "fetch.queue.backoff.ms": FETCH_BACKOFF_MS,
        "queued.max.messages.kbytes": MAX_WAITING_KIB,
        "check.crcs": True,
        "topic.metadata.refresh.interval.ms": METADATA_MAX_AGE_MS,
        "error_cb": _tell,
        "logger": logging.getLogger("librdkafka"),
    }
    if instance:
        settings["group.instance.id"] = instance
    return GroupConsumer(settings)


def is_there(bootstrap: str, topic: str) -> bool:
    """Whether a client that knows nothing yet reaches Kafka."""
    try:
        AdminClient({"bootstrap.servers": bootstrap, "log_level": 2}).list_topics(topic, ASK_S)
    except KafkaException:
        return False
    return True


def _tell(error: KafkaError) -> None:
    """Librdkafka mends what can be mended; that it had to is worth a line, now and then: see log_repeats."""
    logging.getLogger("librdkafka").warning("%s: %s", error.name(), error.str())


def _leave(client: Consumer) -> None:
    """Says goodbye, which is sent only after what is held was given back: by serving the client."""
    client.unsubscribe()
    give_up = time.monotonic() + LEAVE_S
    while client.memberid() and time.monotonic() < give_up:
        client.poll(LEAVE_STEP_S)
    client.poll(LEAVE_STEP_S)
