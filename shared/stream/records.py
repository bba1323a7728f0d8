"""What a batch consumer deals in: records, where they come from, and where refused ones go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct

from shared.errors import Reject


class Record(Struct, frozen=True, gc=False):
    """One record of a topic. Offsets grow within a partition, with gaps; a value of None is a tombstone."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int = 0

    @property
    def place(self) -> str:
        """Where the record lies: `topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"


Batch = Sequence[Record]
"""Records of any partitions; those of one partition are in order of offset."""

Handler = Callable[[Batch], Awaitable[None]]
"""Makes a batch's effect durable, all of it or none, before it returns.

It is called with the same records again after a Retry, a crash or a rebalance, and with parts of a batch after a
Reject: so the same records twice must have the effect of once. It must leave nothing behind when it raises.

Raises:
    Retry: the world is at fault; it will be called again with the same records.
    Reject: some record in the batch is at fault; it will be called with halves, down to that record.
    Exception: a bug; the consumer stops and nothing of the batch is committed.
"""


class Source(Protocol):
    """Where records come from. One caller at a time, one batch in flight: take, handle, commit, take."""

    async def take(self, limit: int, *, linger_s: float, idle_s: float) -> Batch:
        """The next records, at most `limit`.

        Waits up to `idle_s` for a first record (and returns nothing if none comes), then up to `linger_s`
        for more. May be cancelled; a batch that was not committed is given out again to whoever comes next.
        """
        ...

    async def hold(self, seconds: float) -> None:
        """Lets time pass without taking records, and stays a member of the group. May be cancelled."""
        ...

    def still_ours(self, records: Batch) -> Batch:
        """Those records of the batch in flight whose partitions were not taken from us since `take`."""
        ...

    async def commit(self, records: Batch) -> None:
        """Marks these records, and all before them in their partitions, as done for whoever comes next.

        Raises:
            Retry: not acknowledged; commit the same again.
        """
        ...


class DeadLetters(Protocol):
    """Where refused records go."""

    async def add(self, record: Record, reject: Reject) -> None:
        """Keeps a refused record with the reason, durably; the same record again is no second letter.

        Raises:
            Retry: not kept; add the same again.
        """
        ...
