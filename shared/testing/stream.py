"""A topic in memory and its Source: what the batch consumer's tests run on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from shared.errors import Reject, Retry
from shared.stream.records import Batch, Record


@dataclass(slots=True)
class FakeBroker:
    """Partitions and the offsets that a group committed; outlives the sources that read it."""

    topic: str = "test.v1"
    partitions: int = 1
    records: list[Record] = field(default_factory=list)
    committed: dict[int, int] = field(default_factory=dict)

    def produce(self, value: bytes | None, *, partition: int = 0, key: bytes | None = None) -> Record:
        """Appends a record to a partition."""
        offset = sum(each.partition == partition for each in self.records)
        record = Record(self.topic, partition, offset, key, value)
        self.records.append(record)
        return record


@dataclass(slots=True)
class FakeSource:
    """A member of the group that owns all partitions until the test takes some away.

    Attributes:
        broker: what it reads.
        held_s: how long it was told to hold, each time.
        commit_failures: how many commits from now on fail with Retry.
    """

    broker: FakeBroker
    held_s: list[float] = field(default_factory=list)
    commit_failures: int = 0
    _position: dict[int, int] = field(default_factory=dict)
    _lost: set[int] = field(default_factory=set)
    _away: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._position = dict(self.broker.committed)

    def revoke(self, *partitions: int) -> None:
        """Takes partitions away, as a rebalance does."""
        self._lost.update(partitions)
        self._away.update(partitions)

    def assign(self, *partitions: int) -> None:
        """Gives partitions back; reading goes on behind what was committed."""
        for each in partitions:
            self._away.discard(each)
            self._position[each] = self.broker.committed.get(each, 0)

    async def take(self, limit: int, *, linger_s: float, idle_s: float) -> Batch:
        """See Source.take; idling takes no time, only lets others run."""
        del linger_s, idle_s
        await asyncio.sleep(0)
        self._lost.clear()
        batch = [each for each in self.broker.records if self._is_next(each)][:limit]
        for each in batch:
            self._position[each.partition] = each.offset + 1
        return batch

    def _is_next(self, record: Record) -> bool:
        at = self._position.get(record.partition, 0)
        return record.partition not in self._away and record.offset >= at

    async def hold(self, seconds: float) -> None:
        """See Source.hold; takes no time."""
        self.held_s.append(seconds)
        await asyncio.sleep(0)

    def still_ours(self, records: Batch) -> Batch:
        """See Source.still_ours."""
        return [each for each in records if each.partition not in self._lost] if self._lost else records

    async def commit(self, records: Batch) -> None:
        """See Source.commit."""
        if self.commit_failures:
            self.commit_failures -= 1
            raise Retry("the broker is away")
        for each in records:
            if each.partition not in self._away:
                self.broker.committed[each.partition] = each.offset + 1


@dataclass(slots=True)
class FakeDeadLetters:
    """Keeps refused records in a list, one per place.

    Attributes:
        letters: place of the record -> reason.
        failures: how many adds from now on fail with Retry.
    """

    letters: dict[str, str] = field(default_factory=dict)
    failures: int = 0

    async def add(self, record: Record, reject: Reject) -> None:
        """See DeadLetters.add."""
        if self.failures:
            self.failures -= 1
            raise Retry("the broker is away")
        self.letters[record.place] = reject.reason
