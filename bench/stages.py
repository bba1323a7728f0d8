"""Where the client's CPU goes, stage by stage, in CPU microseconds per job: `python -m bench.stages`.

CPU time of the thread, not time on the clock: it hardly changes when others use the machine as well.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from bench.run import Run, run_of
from bench.servers import OURS, servers
from services.accounting.ledger.fast.alike.groups import alike
from services.accounting.ledger.fast.path import packed_batch
from services.accounting.ledger.fast.rows import Rows
from services.accounting.ledger.messages import columns
from services.accounting.ledger.prepare import Preparer
from services.accounting.ledger.source import LedgerSource
from services.accounting.ledger.work import Work
from services.accounting.ledger.worker import MAX_BATCH, tune_process
from services.accounting.ledger.writer import LedgerWriter
from shared.group_consumer import make_group_consumer

JOBS = 100_000
REPEATS = 5


def main() -> None:
    """Prints one line per stage; the first batch only warms up."""
    with servers(JOBS, 100) as running, run_of(running, "stages", 0, OURS) as run:
        writer = LedgerWriter(run.url, ZoneInfo("UTC"))
        preparer = Preparer(writer, ZoneInfo("UTC"), fast=True, max_rejects_in_row=10_000)
        tune_process()
        works, taking_s = asyncio.run(_take(run, preparer))
        _line("take from Kafka (all threads)", [taking_s])
        prepared = [preparer.prepare(each) for each in works]
        rates, days = preparer._rates, preparer._days  # noqa: SLF001 - looks inside on purpose
        assert rates

        def find(work: Work) -> None:
            list(alike(columns(work.records)[0], rates.spellings))

        first = works[1]
        _stage("  find records that are spelled alike", first, find)
        _stage("  read, price and lay out (all of Rows)", first, lambda work: Rows(rates, days, work))
        _stage(
            "  rows to arrays, amounts and numbers too",
            first,
            lambda work: packed_batch(work, rates, days, writer.dimensions),
        )
        _stage("prepare, whole", first, preparer.prepare)
        spent = []
        for each in prepared:
            began_s = time.thread_time()
            writer.write(each.work, each.pricing, each.packed)
            spent.append((time.thread_time() - began_s) / len(each.work.records))
        _line("write, whole", spent[1:-1])
        writer.close()
        preparer.close()


async def _take(run: Run, preparer: Preparer) -> tuple[list[Work], float]:
    """All batches from Kafka, and the CPU that this process, with the client's threads, spent on each record."""
    bootstrap = run.servers.kafka.bootstrap

    async def lease(partitions: Sequence[int]) -> Any:
        return await asyncio.to_thread(preparer.lease, f"{OURS}jobs.v1", partitions)

    async def drained() -> None:
        return None

    consumer = make_group_consumer(bootstrap, client_id="stages", group_id="stages", instance=None)
    source = LedgerSource(consumer, f"{OURS}jobs.v1", lease, drained)
    await source.join()
    works: list[Work] = []
    began_s = 0.0
    try:
        while sum(len(each.records) for each in works) < run.content.records:
            if taken := await source.take(MAX_BATCH):
                began_s = began_s or time.process_time()
                works.append(taken.work)
        # The first batch comes with joining the group.
        return works, (time.process_time() - began_s) / sum(len(each.records) for each in works[1:])
    finally:
        await source.close()


def _stage(name: str, work: Work, does: Callable[[Work], Any]) -> None:
    spent = []
    for _ in range(REPEATS):
        began_s = time.thread_time()
        does(work)
        spent.append((time.thread_time() - began_s) / len(work.records))
    _line(name, spent)


def _line(name: str, spent_s: Sequence[float]) -> None:
    print(f"{name:44} {median(spent_s) * 1e6:6.2f} us per record")


if __name__ == "__main__":
    main()
