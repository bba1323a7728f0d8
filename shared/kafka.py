"""Kafka clients as Inkmeter uses them: an idempotent producer, a consumer that commits by hand, bounded starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)

from shared.backoff import Backoff
from shared.errors import ConfigError, Reject, Retry, Unreachable
from shared.events.envelope import CONTENT_TYPE, MAX_EVENT_BYTES, CloudEvent, encode

log = structlog.get_logger(__name__)

Headers = Sequence[tuple[str, bytes]]
EVENT_HEADERS: Final[Headers] = (("content-type", CONTENT_TYPE.encode()),)

REQUEST_TIMEOUT_MS: Final = 20_000
SEND_TIMEOUT_S: Final = 30.0
"""How long a record may take to be acknowledged before the caller is told to try again."""
HEARTBEAT_MS: Final = 3_000
SESSION_TIMEOUT_MS: Final = 10_000
"""A member that falls silent for so long loses its partitions; a static member that is back sooner keeps them."""
MAX_POLL_INTERVAL_MS: Final = 300_000
"""A member that takes no records for so long loses its partitions, though its heart still beats."""
METADATA_MAX_AGE_MS: Final = 10_000
"""A member that joined a moment before its topic was known has no partitions until it looks again."""
MAX_FETCH_BYTES: Final = 50 * 1024 * 1024
MAX_FETCH_PARTITION_BYTES: Final = 8 * 1024 * 1024
MAX_RECORD_BYTES: Final = 2 * 1024 * 1024
"""The largest record we send: a dead letter holds a refused record of up to 1 MiB in base64."""
START_TIMEOUT_S: Final = 8.0
ASK_TIMEOUT_MS: Final = 2_000
"""How long a broker may take to say that it is there; shorter than a readiness probe may last."""

assert HEARTBEAT_MS * 3 <= SESSION_TIMEOUT_MS  # noqa: S101 - two lost heartbeats must not cost the partitions
assert SESSION_TIMEOUT_MS < MAX_POLL_INTERVAL_MS  # noqa: S101
assert REQUEST_TIMEOUT_MS < SEND_TIMEOUT_S * 1_000  # noqa: S101 - one request may fail and be sent again
assert MAX_EVENT_BYTES * 4 // 3 < MAX_RECORD_BYTES <= MAX_FETCH_PARTITION_BYTES  # noqa: S101

C = TypeVar("C", AIOKafkaConsumer, AIOKafkaProducer)


def make_producer(bootstrap: str, client_id: str, *, linger_ms: int = 5) -> AIOKafkaProducer:
    """A producer that neither loses nor doubles nor reorders what it was told to send; the caller starts it."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=linger_ms,
        max_batch_size=256 * 1024,
        max_request_size=MAX_RECORD_BYTES,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )


def make_consumer(
    bootstrap: str,
    *,
    client_id: str,
    group_id: str | None = None,
    group_instance_id: str | None = None,
    topics: Sequence[str] = (),
    fetch_bytes: int = MAX_FETCH_BYTES,
    fetch_partition_bytes: int = MAX_FETCH_PARTITION_BYTES,
) -> AIOKafkaConsumer:
    """A consumer from the first record on that commits only what it is told to commit; the caller starts it.

    Args:
        bootstrap: brokers as host:port, comma-separated.
        client_id: names the process in the broker's log.
        group_id: members of one group share its partitions; None for one that is assigned by hand.
        group_instance_id: a name of this member that outlives it: a restart within the session timeout
            gets the same partitions back without disturbing the others. Must be unique in the group.
        topics: what to subscribe to; empty when the caller subscribes or assigns.
        fetch_bytes: how much one answer of a broker may hold, which is held in memory; a larger record passes.
        fetch_partition_bytes: how much of it of one partition.
    """
    return AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        client_id=client_id,
        group_id=group_id,
        group_instance_id=group_instance_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        heartbeat_interval_ms=HEARTBEAT_MS,
        session_timeout_ms=SESSION_TIMEOUT_MS,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        fetch_max_bytes=fetch_bytes,
        max_partition_fetch_bytes=fetch_partition_bytes,
        fetch_max_wait_ms=200,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
    )


async def start(client: C, bootstrap: str, *, timeout_s: float = START_TIMEOUT_S) -> C:
    """Starts a client, once.

    Raises:
        ConfigError: the address is no list of host:port.
        Unreachable: no broker answered in time.
    """
    check_bootstrap(bootstrap)
    try:
        async with asyncio.timeout(timeout_s):
            await client.start()
    except (KafkaError, OSError, TimeoutError) as error:
        await client.stop()
        raise Unreachable(f"Kafka does not answer at {bootstrap}: is it running?") from error
    except BaseException:
        await client.stop()
        raise
    return client


async def start_when_there(make: Callable[[], C], bootstrap: str) -> C:
    """Starts a fresh client, for as long as it takes for Kafka to be there; cancel it to give up."""
    backoff = Backoff()
    while True:
        try:
            return await start(make(), bootstrap)
        except Unreachable as error:
            delay_s = backoff.next_s()
            log.warning("kafka_unreachable", bootstrap=bootstrap, error=str(error), retry_in_s=round(delay_s, 1))
            await asyncio.sleep(delay_s)


def check_bootstrap(bootstrap: str) -> None:
    """Refuses what cannot be a list of brokers.

    Raises:
        ConfigError: not host:port[,host:port...].
    """
    for address in bootstrap.split(","):
        host, colon, port = address.strip().rpartition(":")
        if not (colon and host and port.isdecimal() and 0 < int(port) < 1 << 16):
            raise ConfigError(
                f"{address.strip()!r} is no Kafka broker's address.",
                remedy="Set INKMETER_KAFKA_BOOTSTRAP to host:port, several with commas between.",
            )


async def send_event(producer: AIOKafkaProducer, topic: str, event: CloudEvent[Any], *, key: str) -> None:
    """Sends one event and waits until all in-sync replicas have it; see `send`."""
    await send(producer, topic, key=key.encode(), value=encode(event), headers=EVENT_HEADERS)


async def send(
    producer: AIOKafkaProducer,
    topic: str,
    *,
    key: bytes | None,
    value: bytes | None,
    headers: Headers = (),
    partition: int | None = None,
) -> None:
    """Sends one record and waits for its acknowledgement; the key chooses the partition unless one is given.

    Raises:
        Retry: not acknowledged in time; it may or may not have arrived, so send the same again.
        Reject: it is larger than the broker takes.
        ConfigError: there is no such topic.
        KafkaError: anything that trying again does not mend, such as no key on a compacted topic.
    """
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await producer.send_and_wait(topic, value=value, key=key, partition=partition, headers=list(headers))
    except (KafkaError, OSError, TimeoutError) as error:
        failure = _sorted(error, topic, len(value or b""))
        if failure is error:
            raise
        raise failure from error


class Outgoing(NamedTuple):
    """A record to send; without value it is a tombstone."""

    key: bytes
    value: bytes | None
    headers: Headers = ()


async def send_all(producer: AIOKafkaProducer, topic: str, records: Sequence[Outgoing]) -> None:
    """Sends many records, each key's in their order, then waits until all are acknowledged.

    Raises:
        As `send`; any of the records may or may not have arrived then.
    """
    sent: list[asyncio.Future[Any]] = []
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            for each in records:
                headers = list(each.headers)
                sent.append(await producer.send(topic, key=each.key, value=each.value, headers=headers))
            await asyncio.gather(*sent)
    except (KafkaError, OSError, TimeoutError) as error:
        failure = _sorted(error, topic, max((len(each.value or b"") for each in records), default=0))
        if failure is error:
            raise
        raise failure from error
    finally:
        for future in sent:
            future.cancel()  # nobody asks any more for what is not done


def _sorted(error: Exception, topic: str, size: int) -> Exception:
    """What a failed send means, or the very error where it is a bug; `size` is the largest record's."""
    if isinstance(error, (MessageSizeTooLargeError, RecordListTooLargeError)):
        return Reject(f"larger than Kafka takes on {topic}: {size} bytes")
    if isinstance(error, UnknownTopicOrPartitionError):
        return ConfigError(f"There is no topic {topic}.", remedy="Create it by `inkmeter topics apply`.")
    if isinstance(error, KafkaError) and not may_pass(error):
        return error
    return Retry(f"Kafka did not acknowledge a record for {topic}: {type(error).__name__}")


def may_pass(error: KafkaError) -> bool:
    """Whether an error is the world's and may pass; all others are faults of ours or of the settings."""
    return bool(error.retriable) or isinstance(error, (KafkaConnectionError, KafkaTimeoutError))


async def why_silent(bootstrap: str) -> str | None:
    """Asks Kafka who is there; None when it answers, else one sentence. For readiness.

    A consumer does not tell: with every broker gone it merely gets no records.
    """
    client = AIOKafkaClient(
        bootstrap_servers=bootstrap, client_id="inkmeter-readiness", request_timeout_ms=ASK_TIMEOUT_MS
    )
    try:
        await client.bootstrap()
    except (KafkaError, OSError):
        return f"Kafka does not answer at {bootstrap}."
    finally:
        await client.close()
    return None
