"""Carries the journal to Kafka: in order, many records in flight, none let go before it is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final, NoReturn, Protocol

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)

from services.collector import metrics
from services.collector.journal import Backlog, Journal, Record
from shared.backoff import Backoff
from shared.clock import Clock
from shared.errors import Retry, Unreachable
from shared.kafka import EVENT_HEADERS, SEND_TIMEOUT_S, start
from shared.lasting_producer import abandon

LOOK_EVERY_S: Final = 1.0
"""The journal is looked at so often even when nobody said that there is news."""
CONNECT_S: Final = 0.8
MAX_RETRY_S: Final = 2.0
LATE_S: Final = 10.0
"""A backlog whose oldest record has waited for so long is told as a fault."""

_log = structlog.get_logger()
_TOO_LARGE: Final = (MessageSizeTooLargeError, RecordListTooLargeError)


class Sender(Protocol):
    """What the publisher asks of Kafka."""

    async def send(self, records: Sequence[Record]) -> list[BaseException | None]:
        """Sends records in order and waits for all; answers for each None or why it was not acknowledged.

        Raises Retry when there is no connection, and ConfigError when there can be none.
        """
        ...

    async def reachable(self) -> str | None:
        """Whether Kafka can be connected to: None, or one sentence."""
        ...

    async def close(self) -> None:
        """Lets go of the connection, within some seconds; the next send makes a new one."""
        ...


class KafkaSender:
    """An idempotent producer, made anew after each failure: its own numbering may not outlive one."""

    def __init__(self, make: Callable[[], AIOKafkaProducer], bootstrap: str, *, topic_prefix: str) -> None:
        self._make = make
        self._bootstrap = bootstrap
        self._prefix = topic_prefix
        self._producer: AIOKafkaProducer | None = None

    async def send(self, records: Sequence[Record]) -> list[BaseException | None]:
        """See Sender."""
        if self._producer is None:
            try:
                self._producer = await start(self._make(), self._bootstrap)
            except Unreachable as error:
                raise Retry(str(error)) from error
        producer = self._producer
        waiting: list[asyncio.Future[object] | BaseException] = []
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                for record in records:
                    try:
                        acknowledged = await producer.send(
                            self._prefix + record.topic,
                            value=record.value,
                            key=record.key.encode(),
                            headers=list(EVENT_HEADERS),
                        )
                        waiting.append(acknowledged)
                    except _TOO_LARGE as error:
                        waiting.append(error)
                await producer.flush()
        except (KafkaError, OSError, TimeoutError) as error:
            # What has an answer keeps it; the rest counts as not sent.
            waiting += [error] * (len(records) - len(waiting))
        return [_outcome(each) for each in waiting]

    async def reachable(self) -> str | None:
        """See Sender; one open port of the listed brokers is enough."""
        for address in self._bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
                writer.close()
                return None
        return f"Kafka does not answer at {self._bootstrap}; jobs are taken and wait in the journal"

    async def close(self) -> None:
        """See Sender."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await abandon(producer)


def _outcome(sent: asyncio.Future[object] | BaseException) -> BaseException | None:
    if isinstance(sent, BaseException):
        return sent
    if not sent.done():
        sent.cancel()
        return TimeoutError("no acknowledgement in time")
    return asyncio.CancelledError() if sent.cancelled() else sent.exception()


def _why(error: BaseException, topic: str) -> str:
    if isinstance(error, UnknownTopicOrPartitionError):
        return f"Kafka has not the topic {topic}: run `inkmeter topics apply`"
    return f"Kafka did not acknowledge: {type(error).__name__}"


class Publisher:
    """One task; `fault` says in a sentence why records wait, None when all is well."""

    def __init__(self, journal: Journal, sender: Sender, *, clock: Clock) -> None:
        self._journal = journal
        self._sender = sender
        self._clock = clock
        self._error: str | None = None
        self._held: list[Record] = []
        """Acknowledged by Kafka, but not let go yet: the disk is full. They are not sent again meanwhile."""

    async def run(self) -> None:
        """Publishes until cancelled."""
        backoff = Backoff(max_s=MAX_RETRY_S)
        try:
            while True:
                self._journal.appended.clear()
                try:
                    more = await self.publish_some()
                except Retry as error:
                    self._note(str(error))
                    await asyncio.sleep(backoff.next_s())
                    continue
                backoff.reset()
                if not more:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_S):
                            await self._journal.appended.wait()
        finally:
            await self._sender.close()

    async def publish_some(self) -> bool:
        """Publishes what waits, up to one window; False when nothing waited.

        Raises:
            Retry: a record was not acknowledged; it and those of its key behind it still wait.
        """
        await self._let_go([])
        records = await self._journal.read()
        await self._measure()
        if not records:
            self._note(None)
            return False
        # A producer waits long for a broker to come back: said before it gives up.
        late = asyncio.get_running_loop().call_later(LATE_S, self._note, "Kafka does not acknowledge")
        try:
            outcomes = await self._sender.send(records)
        finally:
            late.cancel()
        failed: set[tuple[str, str]] = set()
        acknowledged: list[Record] = []
        too_large: list[Record] = []
        fault: tuple[BaseException, Record] | None = None
        for record, outcome in zip(records, outcomes, strict=True):
            stream = (record.topic, record.key)
            if outcome is None and stream not in failed:
                acknowledged.append(record)
            elif isinstance(outcome, _TOO_LARGE) and stream not in failed:
                too_large.append(record)
            elif outcome is not None and not isinstance(outcome, _TOO_LARGE):
                fault = fault or (outcome, record)
            if outcome is not None:
                failed.add(stream)
        await self._let_go(acknowledged)
        if fault is not None:
            await self._failed(*fault)
        for record in too_large:
            await self._send_alone(record)
        self._note(None)
        return True

    async def _send_alone(self, record: Record) -> None:
        """Kafka refuses whole batches that are too large: only what is too large by itself is set aside."""
        (outcome,) = await self._sender.send([record])
        if isinstance(outcome, _TOO_LARGE):
            _log.error("record_refused_by_kafka", topic=record.topic, key=record.key, size=len(record.value))
            await self._journal.refuse(record.number, f"{type(outcome).__name__}: {len(record.value)} bytes")
        elif outcome is not None:
            await self._failed(outcome, record)
        else:
            await self._let_go([record])

    async def _let_go(self, acknowledged: Sequence[Record]) -> None:
        for record in acknowledged:
            metrics.PUBLISHED.labels(record.topic).inc()
        self._held += acknowledged
        if self._held:
            await self._journal.published([record.number for record in self._held])
            self._held = []

    async def _failed(self, error: BaseException, record: Record) -> NoReturn:
        await self._sender.close()
        raise Retry(_why(error, record.topic)) from error

    async def probe(self) -> str | None:
        """Why the backlog is not carried to Kafka, with its size; None when all is well."""
        backlog = await self._measure()
        if backlog.refused:
            return (
                f"{backlog.refused} records are too large for Kafka and were set aside in the journal: "
                "raise max.message.bytes of their topic, then restart the collector"
            )
        late_s = (self._clock.now() - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0
        if not backlog.records or (self._error is None and late_s < LATE_S):
            return await self._sender.reachable()
        why = self._error or "Kafka does not answer"
        return f"{backlog.records} records wait in the journal, the oldest for {late_s:.0f} s: {why}"

    async def _measure(self) -> Backlog:
        backlog = await self._journal.backlog()
        waited = self._clock.now() - backlog.oldest_at if backlog.oldest_at else timedelta()
        metrics.JOURNAL_BACKLOG.set(backlog.records)
        metrics.JOURNAL_OLDEST_S.set(waited.total_seconds())
        metrics.JOURNAL_REFUSED.set(backlog.refused)
        return backlog

    def _note(self, error: str | None) -> None:
        if error and not self._error:
            _log.warning("kafka_does_not_take_records", error=error)
        elif self._error and not error:
            _log.info("kafka_takes_records_again")
        self._error = error
