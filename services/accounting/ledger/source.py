"""Takes batches from Kafka: a member of the group that leases its partitions in the database before reading."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from services.accounting.ledger.fence import Lease
from services.accounting.ledger.work import Move, Work
from shared.errors import ConfigError, Unreachable
from shared.stream import Record

log = structlog.get_logger(__name__)

LINGER_S: Final = 0.1
"""How long to wait for more once there is something."""
IDLE_S: Final = 0.5
DRAIN_S: Final = 5.0
"""How long a rebalance waits for the batch in the writer. Past that the fence decides whether it counts."""
COMMIT_TIMEOUT_S: Final = 5.0

LeasePartitions = Callable[[Sequence[int]], Awaitable[tuple[int, Mapping[int, Lease]]]]


class Taken(NamedTuple):
    """A batch, and the generation of the group in which it was taken."""

    work: Work
    generation: int


class LedgerSource(ConsumerRebalanceListener):
    """One member's partitions and what it takes from them.

    Kafka's own committed offsets are a hint for lag tools; where to read on is what the lease says.

    Attributes:
        generation: counts rebalances; work taken before one must not be written after it.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topic: str,
        lease: LeasePartitions,
        drained: Callable[[], Awaitable[None]],
    ) -> None:
        """`lease` takes partitions over in the database; `drained` returns when no batch is being written."""
        self.generation = 0
        self._consumer: Any = consumer
        self._topic = topic
        self._lease = lease
        self._drained = drained
        self._stream = 0
        self._leases: dict[int, Lease] = {}
        self._hint: asyncio.Task[None] | None = None
        consumer.subscribe([topic], listener=self)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Lets the batch in the writer end, so that whoever comes next need not fence it."""
        if partitions := sorted(each.partition for each in revoked):
            log.info("ledger_partitions_revoked", topic=self._topic, partitions=partitions)
        self.generation += 1
        self._leases = {}
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._drained()
        except TimeoutError:
            log.warning("ledger_batch_left_to_the_fence", topic=self._topic, waited_s=DRAIN_S)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Only notes them: `take` leases what it has no lease for."""
        log.info(
            "ledger_partitions_assigned",
            topic=self._topic,
            partitions=sorted(each.partition for each in assigned),
        )

    async def check_topic(self) -> None:
        """Makes sure that the topic is there, as Kafka would wait for it in silence.

        Raises:
            ConfigError: it is missing.
        """
        if self._topic not in await self._consumer.topics():
            raise ConfigError(f"Kafka has no topic {self._topic}.", remedy="Create it by `inkmeter topics apply`.")

    @property
    def partitions(self) -> int:
        """How many partitions are leased."""
        return len(self._leases)

    async def take(self, limit: int) -> Taken | None:
        """The next batch: what is waiting, at most `limit` records; None if nothing comes within IDLE_S."""
        await self._lease_what_is_new()
        generation = self.generation
        records: list[Record] = []
        give_up = time.monotonic() + IDLE_S
        while (room := limit - len(records)) > 0:
            wait_ms = max(0, int((give_up - time.monotonic()) * 1_000))
            found = await self._consumer.getmany(timeout_ms=wait_ms, max_records=room)
            if generation != self.generation:
                return None
            had = bool(records)
            for part, several in found.items():
                if lease := self._leases.get(part.partition):
                    records += _records(several, lease.next_offset)
            if records and not had:
                give_up = time.monotonic() + LINGER_S
            elif time.monotonic() >= give_up:
                break
        return Taken(self._work(records), generation) if records else None

    def _work(self, records: list[Record]) -> Work:
        reached = {record.partition: record.offset + 1 for record in records}
        moves = []
        for partition, new in reached.items():
            lease = self._leases[partition]
            moves.append(Move(partition, lease.epoch, lease.next_offset, new))
            self._leases[partition] = Lease(lease.epoch, new)
        return Work(self._topic, self._stream, records, moves)

    async def _lease_what_is_new(self) -> None:
        assigned = {part for part in self._consumer.assignment() if part.partition not in self._leases}
        if not assigned:
            return
        generation = self.generation
        ends = await self._consumer.end_offsets(list(assigned))
        stream, leases = await self._lease(sorted(part.partition for part in assigned))
        if generation != self.generation:
            return
        for part in assigned:
            lease = leases[part.partition]
            if lease.next_offset > ends[part]:
                raise ConfigError(
                    f"{self._topic}/{part.partition} ends at {ends[part]}, but the ledger has taken "
                    f"{lease.next_offset} records of it: the topic was emptied or made anew.",
                    remedy="Restore Kafka's data, or use a topic prefix that the ledger has not seen.",
                )
            self._consumer.seek(part, lease.next_offset)
        self._stream = stream
        self._leases |= leases
        log.info(
            "ledger_partitions_leased",
            topic=self._topic,
            offsets={partition: lease.next_offset for partition, lease in sorted(leases.items())},
        )

    async def stay_member(self) -> None:
        """Shows the group a member at work while no records are taken, as when the database is away."""
        held = tuple(self._consumer.assignment())
        if held:
            self._consumer.pause(*held)
            await self._consumer.getmany(*held, timeout_ms=0)
            self._consumer.resume(*(each for each in held if each in self._consumer.assignment()))

    def hint(self, work: Work) -> None:
        """Tells Kafka how far we are; a failure does not matter, and none is waited for."""
        if self._hint and not self._hint.done():
            return
        offsets = {TopicPartition(work.topic, move.partition): move.new for move in work.moves}
        self._hint = asyncio.create_task(self._commit(offsets))

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._consumer.commit(offsets)
        except (KafkaError, TimeoutError, OSError) as error:
            log.info("ledger_hint_not_taken", error=type(error).__name__)

    async def close(self) -> None:
        """Waits for the last hint and leaves."""
        if self._hint:
            await asyncio.wait([self._hint])
        await self._consumer.stop()


def _records(several: Iterable[Any], first: int) -> list[Record]:
    return [
        Record(each.topic, each.partition, each.offset, each.key, each.value)
        for each in several
        if each.offset >= first
    ]


def unreachable(error: BaseException, bootstrap: str) -> Unreachable:
    """What a failing consumer comes to."""
    return Unreachable(f"Kafka at {bootstrap}: {type(error).__name__}")
