"""A member of a consumer group on librdkafka: for the one consumer whose time for each record matters."""

from __future__ import annotations

from typing import Any, Final, Literal

import structlog
from confluent_kafka import Consumer, KafkaError

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

Strategy = Literal["roundrobin", "cooperative-sticky"]

MAX_WAITING_KIB: Final = 24 * 1024
"""How much waits in memory to be taken."""
FETCH_BYTES: Final = 8 * 1024 * 1024
FETCH_PARTITION_BYTES: Final = 1024 * 1024
FETCH_BACKOFF_MS: Final = 5
"""How long fetching rests once enough waits; a second, as is usual, would starve whoever takes at full speed."""
FETCH_WAIT_MS: Final = 100

assert FETCH_PARTITION_BYTES <= MAX_RECORD_BYTES <= FETCH_BYTES <= MAX_WAITING_KIB * 1024  # noqa: S101


def make_group_consumer(
    bootstrap: str,
    *,
    client_id: str,
    group_id: str,
    instance: str | None,
    strategy: Strategy = "roundrobin",
    reset: Literal["earliest", "latest"] = "earliest",
) -> Consumer:
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
        "fetch.max.bytes": FETCH_BYTES,
        "max.partition.fetch.bytes": FETCH_PARTITION_BYTES,
        "fetch.wait.max.ms": FETCH_WAIT_MS,
        "fetch.queue.backoff.ms": FETCH_BACKOFF_MS,
        "queued.max.messages.kbytes": MAX_WAITING_KIB,
        "check.crcs": True,
        "topic.metadata.refresh.interval.ms": METADATA_MAX_AGE_MS,
        "error_cb": _tell,
        # A logger of Python's would be called by the client's own threads while it closes, which holds the
        # interpreter's lock and waits for them: for ever. What matters comes to error_cb.
        "log_level": 2,
    }
    if instance:
        settings["group.instance.id"] = instance
    return Consumer(settings)


def _tell(error: KafkaError) -> None:
    """Librdkafka mends what can be mended; that it had to is worth a line."""
    log.warning("kafka_client_error", error=error.name(), detail=error.str())
