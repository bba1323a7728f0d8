"""The batch consumer: takes what is waiting, has it handled, then commits; what is refused is set aside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from shared.backoff import MAX_DELAY_S, Backoff
from shared.errors import Reject, Retry, TooManyRejects
from shared.kafka import MAX_POLL_INTERVAL_MS
from shared.stream.metrics import RECORDS, REJECTS, RETRIES
from shared.stream.records import Batch, DeadLetters, Handler, Record, Source

log = structlog.get_logger(__name__)
T = TypeVar("T")

MAX_BATCH_RECORDS: Final = 20_000
MAX_LINGER_S: Final = 1.0
MAX_IDLE_S: Final = 5.0

# Between two polls lie at most one back-off or one wait; the group must not take a waiting member for dead.
assert (MAX_DELAY_S + MAX_LINGER_S + MAX_IDLE_S) * 4_000 <= MAX_POLL_INTERVAL_MS  # noqa: S101


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How one consumer works.

    Attributes:
        name: what it is called in logs, metrics and dead letters, such as `accounting.printers`.
        max_records: the largest batch.
        linger_s: how long to wait for more records once there is one.
        idle_s: how long one look for records lasts.
        max_rejects_in_row: one more refused record without a good one between, and the consumer stops.
        stop_grace_s: how long a batch may go on after the consumer was told to stop.
        backoff: makes the delays between tries of one batch.
    """

    name: str
    max_records: int = 1_000
    linger_s: float = 0.05
    idle_s: float = 1.0
    max_rejects_in_row: int = 100
    stop_grace_s: float = 8.0
    backoff: Callable[[], Backoff] = Backoff

    def __post_init__(self) -> None:
        if not 1 <= self.max_records <= MAX_BATCH_RECORDS:
            raise ValueError(f"max_records must be 1 to {MAX_BATCH_RECORDS}, not {self.max_records}")
        if not (0 <= self.linger_s <= MAX_LINGER_S and 0 <= self.idle_s <= MAX_IDLE_S):
            raise ValueError(f"linger_s is at most {MAX_LINGER_S}, idle_s at most {MAX_IDLE_S}")
        if self.max_rejects_in_row < 0:
            raise ValueError("max_rejects_in_row can't be negative")


async def consume(
    source: Source,
    handler: Handler,
    dead_letters: DeadLetters,
    options: Options,
    *,
    stop: asyncio.Event | None = None,
) -> None:
    """Consumes until `stop` is set or the task is cancelled; either way the batch in hand is finished first.

    - `Retry` from the handler: the same records again after a back-off that grows to a bound, for ever.
    - `Reject`: the batch is halved down to the record at fault, which goes to `dead_letters`; the rest is handled.
    - Partitions taken away in mid-batch: their records are dropped, not committed; their new owner gets them.
    - Anything else is a bug: it is raised, and nothing of the batch is committed.

    Raises:
        TooManyRejects: more than `max_rejects_in_row` records were refused without a good one between. Nothing
            of that batch is committed, so a mended program handles it anew.
    """
    stop = stop or asyncio.Event()
    task = asyncio.create_task(_Consumer(source, handler, dead_letters, options, stop).run())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task], timeout=options.stop_grace_s)
        if not task.done():
            log.warning("batch_unfinished_at_stop", consumer=options.name, after_s=options.stop_grace_s)
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled() and (failure := task.exception()):
            raise failure from None
        raise


class _Consumer:
    """One run of `consume`; knows how many records in a row were refused."""

    def __init__(
        self,
        source: Source,
        handler: Handler,
        dead_letters: DeadLetters,
        options: Options,
        stop: asyncio.Event,
    ) -> None:
        self._source = source
        self._handler = handler
        self._dead_letters = dead_letters
        self._options = options
        self._stop = stop
        self._rejects_in_row = 0

    async def run(self) -> None:
        """Takes and settles batches until told to stop."""
        options = self._options
        while not self._stop.is_set():
            taking = self._source.take(options.max_records, linger_s=options.linger_s, idle_s=options.idle_s)
            batch = await self._unless_stopped(taking)
            if batch:
                await self._settle(batch)

    async def _settle(self, batch: Batch) -> None:
        """Handles a batch and commits it; if told to stop while waiting for the world, leaves it uncommitted."""
        try:
            settled = await self._apply(batch)
        except Exception as error:
            error.add_note(f"consumer {self._options.name}, batch {batch[0].place} to {batch[-1].place}")
            raise
        if settled:
            await self._patiently(self._commit, batch)
            RECORDS.labels(self._options.name).inc(len(batch))

    async def _apply(self, records: Batch) -> bool:
        """Has records handled; False if told to stop before that came about."""
        try:
            done = await self._patiently(self._handle, records)
        except Reject as reject:
            if len(records) == 1:
                return await self._set_aside(records[0], reject)
            middle = len(records) // 2
            return await self._apply(records[:middle]) and await self._apply(records[middle:])
        return done

    async def _handle(self, records: Batch) -> None:
        ours = self._source.still_ours(records)
        if ours:
            await self._handler(ours)
            self._rejects_in_row = 0

    async def _commit(self, records: Batch) -> None:
        ours = self._source.still_ours(records)
        if ours:
            await self._source.commit(ours)

    async def _set_aside(self, record: Record, reject: Reject) -> bool:
        """Sends a refused record to the dead letters, unless too many were refused already."""
        self._rejects_in_row += 1
        limit = self._options.max_rejects_in_row
        if self._rejects_in_row > limit:
            raise TooManyRejects(
                f"{self._options.name} refused {self._rejects_in_row} records in a row (the limit is {limit}), "
                f"the last one at {record.place}: {reject.reason}"
            ) from reject
        log.warning("record_set_aside", consumer=self._options.name, record=record.place, reason=reject.reason)
        REJECTS.labels(self._options.name).inc()

        async def add(records: Batch) -> None:
            for each in self._source.still_ours(records):
                await self._dead_letters.add(each, reject)

        return await self._patiently(add, [record])

    async def _patiently(self, work: Callable[[Batch], Awaitable[None]], records: Batch) -> bool:
        """Does the work, again and again while it raises Retry; False if told to stop while waiting."""
        backoff = self._options.backoff()
        while True:
            try:
                await work(records)
            except Retry as error:
                delay_s = backoff.next_s()
                RETRIES.labels(self._options.name).inc()
                log.warning(
                    "batch_retried",
                    consumer=self._options.name,
                    first=records[0].place,
                    records=len(records),
                    tries=backoff.tries,
                    retry_in_s=round(delay_s, 2),
                    error=str(error),
                )
            else:
                return True
            if self._stop.is_set():
                return False
            await self._unless_stopped(self._source.hold(delay_s))
            if self._stop.is_set():
                return False

    async def _unless_stopped(self, work: Awaitable[T]) -> T | None:
        """The work's result, or None if told to stop before it was done."""
        working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            for each in (working, stopping):
                each.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)
