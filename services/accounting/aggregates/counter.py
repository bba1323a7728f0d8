"""Counts the topic's records into tables, each once and none left out, and tells what changed.

The order within a batch makes a crash at any point harmless: alerts are noted first, then cells are written,
flushed and told, and only then the positions move on. Records behind a position are dropped, and a gap before a
record is read from the topic itself, so it does not matter what a stream processor loses or gives twice.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, Protocol, TypeVar

import structlog

from services.accounting.aggregates.cells import Cell, decode
from services.accounting.aggregates.counting import Batch, Rules
from services.accounting.aggregates.metrics import CELLS, FILLED, LINES, REFUSED, RETRIES, TOO_LATE
from services.accounting.aggregates.tables import Tables
from shared.backoff import Backoff
from shared.clock import Clock
from shared.errors import Reject, Retry
from shared.stream import DeadLetters, Record

PRUNE_EVERY_S: Final = 60.0
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Gaps(Protocol):
    """Reads the topic apart from the stream."""

    def read(self, partition: int, first: int, end: int) -> AsyncIterator[Sequence[Record]]:
        """The records of a partition from `first` to before `end`, in order; fewer where some are gone.

        Raises:
            Retry: Kafka does not answer.
        """
        ...


class Sink(Protocol):
    """Where findings go."""

    async def alerts(self, batch: Batch) -> None:
        """Notes the alerts of a batch, and those that follow from what the database knows.

        Raises:
            Retry: not noted; the same again.
        """
        ...

    async def cells(self, cells: Sequence[Cell]) -> None:
        """Tells the whole value of each cell.

        Raises:
            Retry: not told; the same again.
        """
        ...


class Counter:
    """One worker's counting; batches wait for each other.

    Attributes:
        trouble: why what was done last must be done again; None when it succeeded.
    """

    def __init__(
        self, tables: Tables, rules: Rules, *, gaps: Gaps, sink: Sink, dead_letters: DeadLetters, clock: Clock
    ) -> None:
        self._tables = tables
        self._rules = rules
        self._gaps = gaps
        self._sink = sink
        self._dead_letters = dead_letters
        self._clock = clock
        self.trouble: str | None = None
        self._turn = asyncio.Lock()
        self._pruned_at: datetime | None = None

    async def take(self, records: Sequence[Record]) -> None:
        """Counts records as a stream gives them: in order within a partition, perhaps twice, perhaps not all."""
        by_partition: dict[int, list[Record]] = defaultdict(list)
        for record in records:
            by_partition[record.partition].append(record)
        async with self._turn:
            for partition, several in by_partition.items():
                await self._take(partition, several)
            self._prune()

    async def catch_up(self, partition: int, end: int) -> None:
        """Counts what a partition holds before `end` and was not counted."""
        async with self._turn:
            await self._fill(partition, end)

    async def tell_all(self) -> None:
        """Tells every cell, as after a rebuild."""
        async with self._turn:
            cells = [decode(raw) for raw in self._tables.cells.values()]
            await self._patiently(lambda: self._sink.cells(cells))

    async def _take(self, partition: int, records: Sequence[Record]) -> None:
        waiting: list[Record] = []
        expected = self._tables.position(partition)
        for record in records:
            if record.offset < expected:
                continue
            if record.offset > expected:
                await self._count(partition, waiting)
                waiting = []
                await self._fill(partition, record.offset)
            waiting.append(record)
            expected = record.offset + 1
        await self._count(partition, waiting)

    async def _fill(self, partition: int, end: int) -> None:
        """Reads a gap and counts it; what is no longer there is passed over."""
        first = self._tables.position(partition)
        if first >= end:
            return
        log.info("gap_read_from_topic", partition=partition, first=first, end=end)

        async def fill() -> None:
            async for records in self._gaps.read(partition, self._tables.position(partition), end):
                FILLED.inc(len(records))
                await self._count(partition, records)

        await self._patiently(fill)
        self._tables.set_position(partition, end)

    async def _count(self, partition: int, records: Sequence[Record]) -> None:
        """Counts records that follow each other, and moves the position on."""
        if not records:
            return
        now = self._clock.now()
        batch = Batch(self._tables.cells.get, self._tables.densities.get, self._rules, now)
        for record in records:
            await self._count_one(batch, record)
        batch.finish()
        await self._patiently(lambda: self._sink.alerts(batch))
        self._tables.check()
        cells, densities = batch.rows()
        self._tables.cells.update(cells)
        self._tables.densities.update(densities)
        await self._patiently(self._tables.flush)
        await self._patiently(lambda: self._sink.cells(list(batch.cells.values())))
        self._tables.set_position(partition, records[-1].offset + 1)
        LINES.inc(batch.lines)
        TOO_LATE.inc(batch.too_late)

    async def _count_one(self, batch: Batch, record: Record) -> None:
        """Counts one record, or sets it aside with the reason."""
        try:
            batch.count(record)
        except Reject as reject:
            refusal = reject
        except Exception as error:  # a bug must stop neither the others nor go unseen
            log.exception("charge_not_counted", place=record.place)
            refusal = Reject(f"a fault of ours, {type(error).__name__}: {error}")
        else:
            return
        REFUSED.inc()
        await self._patiently(lambda: self._dead_letters.add(record, refusal))

    def _prune(self) -> None:
        """Forgets windows that are over, once a minute."""
        now = self._clock.now()
        if self._pruned_at and (now - self._pruned_at).total_seconds() < PRUNE_EVERY_S:
            return
        self._pruned_at = now
        self._tables.check()
        table, rules = self._tables.cells, self._rules
        over = [key for key, raw in table.items() if rules.keep.is_over(decode(raw).name, rules.zone, now)]
        for key in over:
            del table[key]
        CELLS.set(len(table))

    async def _patiently(self, action: Callable[[], Awaitable[T]]) -> T:
        """Does something until it succeeds, while the world is at fault."""
        backoff = Backoff()
        while True:
            try:
                result = await action()
            except Retry as error:
                RETRIES.inc()
                self.trouble = str(error)
                delay_s = backoff.next_s()
                log.warning("aggregates_retry", error=str(error), retry_in_s=round(delay_s, 2))
                await asyncio.sleep(delay_s)
            else:
                self.trouble = None
                return result
