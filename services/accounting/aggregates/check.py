"""Compares the live windows with the ledger: a window that stands still and differs is wrong.

The ledger may go on meanwhile, so a window in which both sides move proves nothing: looks are repeated, and only
what differs in the last of them as it did in the one before counts.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiokafka import TopicPartition
from msgspec import Struct

from services.accounting.aggregates.cells import Sums, decode
from services.accounting.aggregates.ledger_windows import snapshot
from services.accounting.aggregates.rebuild import Installation
from services.accounting.aggregates.store import AggregateStore
from services.accounting.aggregates.tables import CELLS, changelog
from shared.clock import Clock
from shared.kafka import make_consumer, start

LOOKS: Final = 5
PAUSE_S: Final = 1.5
MAX_EXAMPLES: Final = 10
POLL_MS: Final = 1_000

Values = dict[str, Sums]
Differing = dict[str, tuple[Sums, Sums]]


class WindowsReport(Struct, frozen=True):
    """What a comparison found; `generation` is 0 where no worker ever ran, and there is nothing to compare."""

    ok: bool
    generation: int
    windows: int
    wrong: int
    examples: list[str]


async def check(where: Installation, store: AggregateStore, clock: Clock) -> WindowsReport:
    """Compares every window that is kept.

    Raises:
        Retry, Unreachable: Kafka or the database is away.
    """
    generation = await store.generation()
    if generation is None:
        return WindowsReport(True, 0, 0, 0, [])
    topic = changelog(where.topic_prefix, generation.no, CELLS)
    before: Differing = {}
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(PAUSE_S)
        live = await live_windows(where, topic, clock)
        ledger = await ledger_windows(where, clock)
        differing = compared(live, ledger)
        wrong = {name: sides for name, sides in differing.items() if before.get(name) == sides}
        if not differing:
            break
        before = differing
    examples = [words(name, *sides) for name, sides in sorted(wrong.items())[:MAX_EXAMPLES]]
    return WindowsReport(not wrong, generation.no, len(ledger), len(wrong), examples)


def compared(live: Values, ledger: Values) -> Differing:
    """The windows of the ledger that are missing or differ, and those that only the worker has. Pure.

    A window that holds nothing but zeros is as good as none, and so is one whose time is just over.
    """
    nothing = Sums()
    return {
        name: (live.get(name, nothing), ledger.get(name, nothing))
        for name in live.keys() | ledger.keys()
        if live.get(name, nothing) != ledger.get(name, nothing)
    }


def words(name: str, live: Sums, ledger: Sums) -> str:
    """One wrong window in words."""
    differing = [
        f"{field} {one} instead of {other}"
        for field, one, other in zip(Sums._fields, live, ledger, strict=True)
        if one != other
    ]
    return f"{name}: {', '.join(differing)}"


async def ledger_windows(where: Installation, clock: Clock) -> Values:
    """What the ledger says now."""
    taken = await asyncio.to_thread(snapshot, where.database_url, where.zone, where.keep, clock.now())
    return {cell.name.text: cell.sums for cell in taken.cells}


async def live_windows(where: Installation, topic: str, clock: Clock) -> Values:
    """What the worker holds and should still hold, read from its changelog as its own recovery does.

    Raises:
        Unreachable: Kafka does not answer.
    """
    consumer: Any = make_consumer(where.bootstrap, client_id="inkmeter-aggregates-check", topics=[topic])
    await start(consumer, where.bootstrap)
    try:
        parts = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic) or ()]
        consumer.unsubscribe()
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        ends = await consumer.end_offsets(parts)
        found: dict[bytes, bytes | None] = {}
        waiting = [part for part in parts if await consumer.position(part) < ends[part]]
        while waiting:
            for records in (await consumer.getmany(*waiting, timeout_ms=POLL_MS)).values():
                found.update((record.key, record.value) for record in records)
            waiting = [part for part in waiting if await consumer.position(part) < ends[part]]
    finally:
        await consumer.stop()
    now = clock.now()
    cells = [decode(raw) for raw in found.values() if raw is not None]
    return {cell.name.text: cell.sums for cell in cells if not where.keep.is_over(cell.name, where.zone, now)}
