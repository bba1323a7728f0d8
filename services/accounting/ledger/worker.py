"""The ledger's worker: one batch in the writer's thread, the next one made ready, the one after it taken."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import structlog
from confluent_kafka import KafkaException

from services.accounting.categories import DEFAULT_THRESHOLDS, Thresholds
from services.accounting.ledger import metrics
from services.accounting.ledger.fence import Fence, Lease
from services.accounting.ledger.prepare import Prepared, Preparer
from services.accounting.ledger.source import LedgerSource, Taken, unreachable
from services.accounting.ledger.work import Fenced, Outcome
from services.accounting.ledger.writer import LedgerWriter
from shared.backoff import Backoff
from shared.errors import Retry, Unreachable
from shared.group_consumer import make_group_consumer
from shared.kafka import MAX_POLL_INTERVAL_MS
from shared.memory import keep_freed_memory

log = structlog.get_logger(__name__)
T = TypeVar("T")

MAX_BATCH: Final = 10_000
FIRST_BATCH: Final = 2_000
"""A worker begins with small batches, each twice the one before: the writer need not wait until a large one is
ready, and a backlog moves at once."""
STOP_GRACE_S: Final = 8.0
STAY_MEMBER_S: Final = 30.0
SWITCH_INTERVAL_S: Final = 0.001
"""How long a thread may keep the interpreter: the writer must not wait 5 ms after each of its calls."""
GC_THRESHOLD: Final = (200_000, 20, 100)
"""Reference counting frees a batch's tens of thousands of objects; looking for cycles in them is in vain."""

assert STAY_MEMBER_S * 4_000 < MAX_POLL_INTERVAL_MS  # noqa: S101


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOptions:
    """Which ledger this worker writes, and as who.

    Attributes:
        topic: full name of the jobs topic.
        group: the consumer group; its members share the partitions.
        instance: a name of this worker that outlives its process and is unique in the group, so that a restart
            gets its partitions back at once; None where there is none.
        thresholds: where one class of ink density ends, for lines whose device told no category.
        max_rejects_in_row: more refused records without a good one between stop the worker.
    """

    database_url: str
    bootstrap: str
    topic: str
    group: str
    timezone: str = "UTC"
    instance: str | None = None
    max_batch: int = MAX_BATCH
    max_rejects_in_row: int = 10_000
    fast: bool = True
    thresholds: Thresholds = DEFAULT_THRESHOLDS


class Ledger:
    """One worker. `posted` is called after each commit, to wake the relay."""

    def __init__(
        self, options: LedgerOptions, *, posted: Callable[[], object] | None = None, fence: Fence | None = None
    ) -> None:
        """`fence` is for tests that take it away."""
        zone = ZoneInfo(options.timezone)
        self._options = options
        self._posted = posted or (lambda: None)
        self._writer = LedgerWriter(options.database_url, zone, fence=fence)
        self._preparer = Preparer(
            self._writer,
            zone,
            fast=options.fast,
            max_rejects_in_row=options.max_rejects_in_row,
            thresholds=options.thresholds,
        )
        self._threads = {
            name: ThreadPoolExecutor(1, thread_name_prefix=f"ledger-{name}") for name in ("prepare", "write")
        }
        self._writing: asyncio.Task[None] | None = None
        self._trouble: str | None = "not started"

    async def probe(self) -> str | None:
        """Readiness: None when jobs are posted as they come, else what is in the way."""
        return self._trouble

    async def run(self) -> None:
        """Works until cancelled; the batch in the writer is finished first.

        Waits for Kafka and the database for as long as they are away. A worker that was fenced gives its
        partitions up and joins the group anew.

        Raises:
            ConfigError: topic or database are not as they must be.
            TooManyRejects: see LedgerOptions; nothing of the batch in question is written.
        """
        tune_process()
        backoff = Backoff()
        try:
            while True:
                try:
                    await self._consume(backoff)
                except Fenced as error:
                    metrics.FENCED.inc()
                    self._trouble = f"fenced: {error}"
                    log.error("ledger_fenced", topic=self._options.topic, reason=str(error))  # noqa: TRY400
                except (KafkaException, Unreachable, OSError) as error:
                    self._trouble = str(unreachable(error, self._options.bootstrap))
                    log.warning("ledger_lost_kafka", error=type(error).__name__, detail=str(error))
                await asyncio.sleep(backoff.next_s())
        finally:
            for thread in self._threads.values():
                thread.shutdown(wait=False)
            self._writer.close()
            self._preparer.close()

    async def _consume(self, backoff: Backoff) -> None:
        """Joins the group and posts batches until something breaks."""
        options = self._options
        consumer = make_group_consumer(
            options.bootstrap, client_id="accounting-ledger", group_id=options.group, instance=options.instance
        )
        source = LedgerSource(consumer, options.topic, self._lease, self._drained)
        taking: asyncio.Task[Taken | None] | None = None
        try:
            await self._patiently(None, "prepare", self._preparer.warm_up)
            await source.join()
            self._trouble = None
            limit = min(FIRST_BATCH, options.max_batch)
            taking = asyncio.create_task(source.take(limit))
            while True:
                taken = await taking
                if taken:
                    limit = min(2 * limit, options.max_batch)
                taking = asyncio.create_task(source.take(limit))
                if taken is None:
                    await self._written()
                else:
                    await self._post(source, taken)
                    backoff.reset()
        finally:
            if taking:
                taking.cancel()
                await asyncio.wait([taking])
            await self._finish()
            await source.close()

    async def _post(self, source: LedgerSource, taken: Taken) -> None:
        """Makes a batch ready, then hands it to the writer as soon as that is free."""
        began = time.monotonic()
        prepared = await self._patiently(source, "prepare", lambda: self._preparer.prepare(taken.work))
        while self._writing and not self._writing.done():
            await asyncio.wait([self._writing], timeout=STAY_MEMBER_S)
            if not self._writing.done():
                await source.stay_member()
        await self._written(wait=True)
        if taken.generation == source.generation:
            self._writing = asyncio.create_task(self._write(source, prepared, began))

    async def _write(self, source: LedgerSource, prepared: Prepared, began: float) -> None:
        outcome = await self._patiently(
            None, "write", lambda: self._writer.write(prepared.work, prepared.pricing, prepared.packed)
        )
        source.hint(prepared.work)
        metrics.BATCH_SECONDS.observe(time.monotonic() - began)
        _count(outcome)
        self._posted()

    async def _written(self, *, wait: bool = False) -> None:
        """Raises what the writer died of; with `wait` once it is done, else if it is."""
        if self._writing and (wait or self._writing.done()):
            writing, self._writing = self._writing, None
            await writing

    async def _drained(self) -> None:
        if self._writing:
            await asyncio.wait([self._writing])

    async def _finish(self) -> None:
        """Lets the batch in the writer end, within bounds."""
        writing, self._writing = self._writing, None
        if writing and not writing.done():
            await asyncio.wait([writing], timeout=STOP_GRACE_S)
            if not writing.done():
                log.warning("ledger_batch_unfinished_at_stop", after_s=STOP_GRACE_S)
                writing.cancel()
                await asyncio.wait([writing])
        if writing and not writing.cancelled() and (error := writing.exception()):
            log.info("ledger_batch_left", error=type(error).__name__, detail=str(error))

    async def _lease(self, partitions: Sequence[int]) -> tuple[int, Mapping[int, Lease]]:
        return await self._patiently(
            None, "prepare", lambda: self._preparer.lease(self._options.topic, partitions)
        )

    async def _patiently(self, source: LedgerSource | None, thread: str, work: Callable[[], T]) -> T:
        """Does blocking work in a thread, again and again while the database is away."""
        backoff, loop = Backoff(), asyncio.get_running_loop()
        while True:
            try:
                result = await loop.run_in_executor(self._threads[thread], work)
            except (Retry, Unreachable) as error:
                delay_s = backoff.next_s()
                metrics.RETRIES.inc()
                self._trouble = str(error)
                log.warning("ledger_retries", step=thread, error=str(error), retry_in_s=round(delay_s, 2))
                await asyncio.sleep(delay_s)
                if source:
                    await source.stay_member()
            else:
                if backoff.tries:
                    self._trouble = None
                return result


def tune_process() -> None:
    """Makes this process one that moves large batches; it holds for all that runs in it, until its end."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    keep_freed_memory()


def _count(outcome: Outcome) -> None:
    metrics.JOBS.inc(outcome.jobs)
    metrics.LINES.inc(outcome.lines)
    metrics.DUPLICATES.inc(outcome.duplicates)
    metrics.REFUSED.inc(len(outcome.refused))
    metrics.LAST_COMMIT.set_to_current_time()
    log.info(
        "ledger_posted",
        jobs=outcome.jobs,
        lines=outcome.lines,
        duplicates=outcome.duplicates,
        refused=len(outcome.refused),
    )
