"""Takes batches from Kafka: a member of the group that leases its partitions in the database before reading."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from services.accounting.ledger.fence import Lease
from services.accounting.ledger.messages import Messages
from services.accounting.ledger.work import Move, Work
from shared.errors import ConfigError, Unreachable
from shared.group_consumer import GroupConsumer
from shared.kafka import START_TIMEOUT_S

log = structlog.get_logger(__name__)
T = TypeVar("T")

LINGER_S: Final = 0.1
"""How long to wait for more once there is something."""
IDLE_S: Final = 0.5
DRAIN_S: Final = 5.0
"""How long a rebalance waits for the batch in the writer. Past that the fence decides whether it counts."""
CLOSE_S: Final = 8.0
RETRY_S: Final = 0.1

LeasePartitions = Callable[[Sequence[int]], Awaitable[tuple[int, Mapping[int, Lease]]]]


class Taken(NamedTuple):
    """A batch, and the generation of the group in which it was taken."""

    work: Work
    generation: int


class LedgerSource:
    """One member's partitions and what it takes from them.

    The client blocks, so all calls of it are made in one thread; it calls back there when partitions come and go.
    Kafka's own committed offsets are a hint for lag tools; where to read on is what the lease says.

    Attributes:
        generation: counts rebalances; work taken before one must not be written after it.
    """

    def __init__(
        self, consumer: GroupConsumer, topic: str, lease: LeasePartitions, drained: Callable[[], Awaitable[None]]
    ) -> None:
        """`lease` takes partitions over in the database; `drained` returns when no batch is being written."""
        self.generation = 0
        self._consumer = consumer
        self._topic = topic
        self._lease = lease
        self._drained = drained
        self._stream = 0
        self._leases: dict[int, Lease] = {}
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-take")
        self._asking: Future[Any] | None = None
        self._closing = threading.Event()
        self._posted: SimpleQueue[Work] = SimpleQueue()

    async def join(self) -> None:
        """Joins the group.

        Raises:
            Unreachable: no broker answers.
            ConfigError: the topic is missing: Kafka would wait for it in silence.
        """
        await self._in_thread(self._join)

    def _join(self) -> None:
        try:
            found = self._consumer.list_topics(timeout=START_TIMEOUT_S).topics
        except KafkaException as error:
            raise Unreachable(f"Kafka does not answer: {_name(error)}") from error
        if self._topic not in found:
            raise ConfigError(f"Kafka has no topic {self._topic}.", remedy="Create it by `inkmeter topics apply`.")
        self._consumer.subscribe([self._topic], on_assign=self._assigned, on_revoke=self._revoked)

    @property
    def partitions(self) -> int:
        """How many partitions are leased."""
        return len(self._leases)

    async def take(self, limit: int) -> Taken | None:
        """The next batch: what is waiting, at most `limit` records; None if nothing comes within IDLE_S.

        Raises:
            KafkaException: the client gave up.
            ConfigError: a partition is not the one that the ledger knows.
        """
        return await self._in_thread(lambda: self._take(limit))

    def _take(self, limit: int) -> Taken | None:
        self._hint()
        generation = self.generation
        messages = self._consumer.consume(1, IDLE_S)
        if messages and limit > 1 and generation == self.generation:
            messages += self._consumer.consume(limit - 1, LINGER_S)
        # First of all: that it is at its end, the client says but once, and it may say so with a rebalance.
        messages = self._good(messages)
        if generation != self.generation:
            # What came before the rebalance and after it can't be told apart: read it all again.
            self._read_from_leases()
            return None
        if not messages and self._consumer.silent:
            self._consumer.check_reach()
        return Taken(self._work(messages), generation) if messages else None

    def _good(self, messages: list[Message]) -> list[Message]:
        """Sets apart what the client has to say; raises if it is at its end."""
        errors = [error for each in messages if (error := each.error()) is not None]
        for error in errors:
            log.warning("ledger_client_said", topic=self._topic, error=error.name(), detail=error.str())
            if error.code() not in _HARMLESS:
                raise KafkaException(error)
        return [each for each in messages if each.error() is None] if errors else messages

    def _work(self, messages: list[Message]) -> Work:
        records = Messages(messages)
        moves = []
        for partition, last in dict(zip(records.partitions, records.offsets, strict=True)).items():
            lease = self._leases[partition]
            moves.append(Move(partition, lease.epoch, lease.next_offset, last + 1))
            self._leases[partition] = Lease(lease.epoch, last + 1)
        return Work(self._topic, self._stream, records, moves)

    def _revoked(self, revoked: list[TopicPartition]) -> None:
        """Lets the batch in the writer end, so that whoever comes next need not fence it."""
        self.generation += 1
        self._leases = {}
        if not revoked:
            return
        partitions = sorted(each.partition for each in revoked)
        log.info("ledger_partitions_revoked", topic=self._topic, partitions=partitions)
        if not self._closing.is_set():
            try:
                asyncio.run_coroutine_threadsafe(_awaited(self._drained()), self._loop).result(DRAIN_S)
            except TimeoutError:
                log.warning("ledger_batch_left_to_the_fence", topic=self._topic, waited_s=DRAIN_S)

    def _assigned(self, assigned: list[TopicPartition]) -> None:
        """Leases the partitions and reads on where that says."""
        partitions = sorted(each.partition for each in assigned)
        log.info("ledger_partitions_assigned", topic=self._topic, partitions=partitions)
        self.generation += 1
        if not partitions:
            return
        try:
            stream, leases = self._ask(self._lease(partitions))
            for partition, lease in leases.items():
                self._check_end(partition, lease.next_offset)
        except BaseException:
            # Without an answer of some kind, leaving the group would wait for one for ever.
            self._consumer.unassign()
            raise
        self._stream, self._leases = stream, dict(leases)
        self._read_from_leases()
        offsets = {partition: lease.next_offset for partition, lease in sorted(leases.items())}
        log.info("ledger_partitions_leased", topic=self._topic, offsets=offsets)

    def _ask(self, what: Awaitable[T]) -> T:
        """Has the event loop do something and waits for it, unless the source is closed meanwhile."""
        asking: Future[T] = asyncio.run_coroutine_threadsafe(_awaited(what), self._loop)
        self._asking = asking
        if self._closing.is_set():
            asking.cancel()
        try:
            return asking.result()
        except CancelledError as error:
            raise Unreachable("the source was closed") from error
        finally:
            self._asking = None

    def _end_of(self, partition: int) -> int:
        """Where a partition ends; its leader may just be changing."""
        give_up = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                where = TopicPartition(self._topic, partition)
                return int(self._consumer.get_watermark_offsets(where, timeout=START_TIMEOUT_S)[1])
            except KafkaException as error:
                cause = error.args[0]
                may_pass = isinstance(cause, KafkaError) and cause.code() == KafkaError.NOT_LEADER_FOR_PARTITION
                if not may_pass or time.monotonic() > give_up or self._closing.wait(RETRY_S):
                    raise

    def _check_end(self, partition: int, next_offset: int) -> None:
        end = self._end_of(partition)
        if next_offset > end:
            raise ConfigError(
                f"{self._topic}/{partition} ends at {end}, but the ledger has taken "
                f"{next_offset} records of it: the topic was emptied or made anew.",
                remedy="Restore Kafka's data, or use a topic prefix that the ledger has not seen.",
            )

    def _read_from_leases(self) -> None:
        if self._leases:
            at = sorted(self._leases.items())
            self._consumer.assign([TopicPartition(self._topic, each, lease.next_offset) for each, lease in at])

    async def stay_member(self) -> None:
        """Shows the group a member at work while no records are taken, as when the database is away."""
        await self._in_thread(self._stay_member)

    def _stay_member(self) -> None:
        held = self._consumer.assignment()
        if held:
            self._consumer.pause(held)
        generation, message = self.generation, self._consumer.poll(0)
        if generation == self.generation and held:
            self._consumer.resume(held)
        if message is not None and self._good([message]):
            # It counts as read already, and must not be passed over.
            self._read_from_leases()

    def hint(self, work: Work) -> None:
        """Tells Kafka how far we are, soon; a failure does not matter, and none is waited for."""
        self._posted.put(work)

    def _hint(self) -> None:
        """Commits what was posted since; not in another thread, which would wait for all calls of this one."""
        at: dict[int, int] = {}
        with suppress(Empty):
            while True:
                at.update((move.partition, move.new) for move in self._posted.get_nowait().moves)
        offsets = [
            TopicPartition(self._topic, each, to) for each, to in sorted(at.items()) if each in self._leases
        ]
        if offsets:
            with suppress(KafkaException, RuntimeError):
                self._consumer.commit(offsets)

    async def close(self) -> None:
        """Leaves the group, within bounds."""
        self._closing.set()
        if self._asking:
            self._asking.cancel()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._in_thread(self._close)
        except (TimeoutError, KafkaException, RuntimeError) as error:
            log.warning("ledger_left_unclosed", topic=self._topic, error=type(error).__name__)
        self._thread.shutdown(wait=False)

    def _close(self) -> None:
        self._hint()
        self._consumer.close()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(self._thread, work)


_HARMLESS: Final = frozenset({KafkaError._MAX_POLL_EXCEEDED, KafkaError._PARTITION_EOF})  # noqa: SLF001 - its API
"""A member that was away for too long joins again by itself."""


async def _awaited(what: Awaitable[T]) -> T:
    return await what


def _name(error: KafkaException) -> str:
    cause = error.args[0]
    return str(cause.name() if isinstance(cause, KafkaError) else cause)


def unreachable(error: BaseException, bootstrap: str) -> Unreachable:
    """What a failing consumer comes to."""
    what = _name(error) if isinstance(error, KafkaException) else type(error).__name__
    return Unreachable(f"Kafka at {bootstrap}: {what}")
