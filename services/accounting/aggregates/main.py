"""Wires the aggregates worker: its lock, its generation, Faust, what finds alerts, and health over HTTP."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import structlog

from services.accounting.aggregates.budget_alerts import BudgetWatch
from services.accounting.aggregates.counter import Counter
from services.accounting.aggregates.counting import Rules
from services.accounting.aggregates.gaps import KafkaGaps
from services.accounting.aggregates.metrics import GENERATION
from services.accounting.aggregates.rebuild import rebuild
from services.accounting.aggregates.settings import AggregatesSettings, load_settings
from services.accounting.aggregates.single import alone, keep_watch
from services.accounting.aggregates.sink import Sink
from services.accounting.aggregates.store import AggregateStore, Generation
from services.accounting.aggregates.tables import BeginAnew, app_id
from shared import log
from shared.clock import SystemClock
from shared.dead_letters import KafkaDeadLetters
from shared.errors import Retry, Unreachable
from shared.health import Readiness
from shared.http.app import make_app, serve_http
from shared.kafka import make_consumer, make_producer, start_when_there, why_silent
from shared.kafka_watch import watch_kafka
from shared.lasting_producer import LastingProducer
from shared.migrate import require_current
from shared.postgres import Pool, open_pool
from shared.process import run_until_stopped
from shared.stream import Record

NAME: Final = "accounting-aggregates"
LOOK_EVERY_S: Final = 1.0
STOP_S: Final = 5.0
_log = structlog.get_logger(__name__)


class NewGeneration(Exception):  # noqa: N818 - nothing is wrong
    """There was a rebuild: what is in memory counts no more."""


class Aggregates:
    """The worker's tasks; `state` says in a word what it is about."""

    def __init__(self, settings: AggregatesSettings, pool: Pool) -> None:
        self._settings = settings
        self._store = AggregateStore(pool)
        self._clock = SystemClock()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._counter: Counter | None = None
        self.state = "starts"
        self.behind = 0

    async def probe(self) -> str | None:
        """Nothing when it counts, or stands by for another that does; else what it is doing, or waits for."""
        if self._counter and self._counter.trouble:
            return f"It waits: {self._counter.trouble}"
        return None if self.state in {"counts", "stands by"} else f"It {self.state}."

    async def run(self) -> None:
        """Counts until cancelled.

        Raises:
            NewGeneration, BeginAnew, Retry: begin anew. Exception: something broke.
        """
        where = self._settings.installation
        async with alone(where.database_url, where.topic_prefix, self._stand_by) as lock:
            self.state = "reads its tables"
            generation = await self._generation()
            GENERATION.set(generation.no)
            try:
                async with AsyncExitStack() as stack:
                    await self._count(stack, generation, lock)
            except* Exception as several:  # noqa: BLE001 - the first one tells
                raise several.exceptions[0] from None

    def _stand_by(self) -> None:
        if self.state != "stands by":
            _log.info("aggregates_stands_by")
        self.state = "stands by"

    async def _generation(self) -> Generation:
        """The newest one; the first start makes the first."""
        found = await self._store.generation()
        while found is None:
            self.state = "counts the ledger for the first time"
            try:
                made = await rebuild(self._settings.installation, self._store, self._clock)
                _log.info("aggregates_built", generation=made.generation, cells=made.cells)
            except (Retry, Unreachable) as error:
                _log.warning("aggregates_first_rebuild_waits", error=str(error))
                await asyncio.sleep(LOOK_EVERY_S)
            found = await self._store.generation()
        return found

    async def _count(self, stack: AsyncExitStack, generation: Generation, lock: Any) -> None:
        """Starts all that counting needs, and counts."""
        from services.accounting.aggregates.faust_app import make_worker  # noqa: PLC0415 - only this needs Faust

        settings, where = self._settings, self._settings.installation
        bootstrap = where.bootstrap
        producer = LastingProducer(lambda: make_producer(bootstrap, NAME), bootstrap)
        stack.push_async_callback(producer.close)
        consumer = await start_when_there(lambda: make_consumer(bootstrap, client_id=NAME), bootstrap)
        stack.push_async_callback(consumer.stop)
        gaps = KafkaGaps(consumer, producer, where.topic)
        rules = Rules(where.zone, where.keep, settings.limits, generation.base)
        sink = Sink(
            self._store,
            producer,
            rules,
            topic_prefix=where.topic_prefix,
            currency=settings.currency,
            generation=generation.no,
            budgets=BudgetWatch(self._store.pool, self._clock, currency=settings.currency).find,
            clock=self._clock,
        )
        counters: list[Counter] = []

        async def take(records: Sequence[Record]) -> None:
            try:
                await counters[0].take(records)
            except Exception as error:  # noqa: BLE001 - Faust would pass over it in silence
                self._fail(error)

        worker = make_worker(
            app_id(where.topic_prefix, generation.no),
            bootstrap=bootstrap,
            topic=where.topic,
            partitions=len(await gaps.ends()),
            folder=settings.data_dir / "faust",
            take=take,
            tell=self._fail,
        )
        letters = KafkaDeadLetters(producer, consumer=NAME, clock=self._clock)
        counter = Counter(worker.tables, rules, gaps=gaps, sink=sink, dead_letters=letters, clock=self._clock)
        counters.append(counter)
        self._counter = counter
        stack.push_async_callback(_stop, worker.app)
        await worker.app.start()
        worker.watch.read_back = True
        if not worker.tables.positions:
            # A rebuild wrote them all. Faust only warns of changelogs that it can't read.
            raise RuntimeError("the tables were not read back from their changelogs")
        if not generation.told:
            await counter.tell_all()
            await self._store.generation_told(generation.no)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_positions(counter, gaps, worker.tables.position))
            tasks.create_task(self._watch_generation(generation.no))
            tasks.create_task(keep_watch(lock))
            tasks.create_task(sink.tell_alerts())
            tasks.create_task(self._watch_app(worker.app))
            await self._failed

    def _fail(self, error: Exception) -> None:
        """The agent met a bug: the process ends with it."""
        if not self._failed.done():
            self._failed.set_exception(error)

    async def _watch_positions(self, counter: Counter, gaps: KafkaGaps, position: Any) -> None:
        """Counts what the stream does not bring: at the start all that waits, then what stands still."""
        before: dict[int, int] | None = None
        while True:
            try:
                ends = await gaps.ends()
            except Retry as error:
                _log.warning("aggregates_retry", error=str(error))
                ends = {}
            now = {partition: position(partition) for partition in ends}
            for partition, end in ends.items():
                if now[partition] < end and (before is None or before.get(partition) == now[partition]):
                    await counter.catch_up(partition, end)
            self.behind = sum(end - now[partition] for partition, end in ends.items())
            before = now
            self.state = "counts"
            await asyncio.sleep(LOOK_EVERY_S * 2)

    async def _watch_generation(self, number: int) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                newest = await self._store.generation()
            except Retry as error:
                _log.warning("aggregates_retry", error=str(error))
                continue
            if newest and newest.no != number:
                raise NewGeneration

    async def _watch_app(self, app: Any) -> None:
        await app.wait_until_stopped()
        raise app.crash_reason or RuntimeError("Faust stopped by itself")


async def _stop(app: Any) -> None:
    """Stops Faust, which may wait for ever while its group is shared out; the process ends or begins anew."""
    stopping = asyncio.create_task(app.stop())
    _, late = await asyncio.wait([stopping], timeout=STOP_S)
    if late:
        _log.warning("aggregates_left_faust", after_s=STOP_S)
        stopping.cancel()


async def serve(settings: AggregatesSettings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        ConfigError: the database refuses the settings or is not migrated, or the port is taken.
        NewGeneration, BeginAnew, Retry: begin anew.
    """
    url = settings.database_url.get_secret_value()
    pool = await open_pool(url, name="inkmeter-aggregates", max_size=3)
    try:
        await asyncio.to_thread(require_current, url, "accounting")
        aggregates = Aggregates(settings, pool)
        readiness = Readiness()
        readiness.add("kafka", lambda: why_silent(settings.kafka_bootstrap))
        readiness.add("aggregates", aggregates.probe)
        app = make_app("aggregates", [], readiness=readiness, token=settings.token.get_secret_value())
        await run_until_stopped(
            {
                "http": lambda: serve_http(app, settings.http_host, settings.http_port),
                "aggregates": aggregates.run,
                "kafka": lambda: watch_kafka(settings.kafka_bootstrap),
            }
        )
    finally:
        await pool.close()


def main() -> int:
    """Runs the worker in the foreground; the exit code."""
    settings = load_settings()
    log.configure(settings.log_format, service="aggregates", level=settings.log_level)
    try:
        asyncio.run(serve(settings))
    except (NewGeneration, BeginAnew, Retry) as reason:
        # After a rebuild, a lost lock or an outage of Kafka: a fresh start of the same process is the surest way
        # to forget all.
        _log.info("aggregates_begin_anew", reason=str(reason) or "there was a rebuild")
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
    return 0
