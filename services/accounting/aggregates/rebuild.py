"""Makes the worker's state anew from the ledger: a new generation, written as the changelogs it will recover from.

The order makes it exact while the ledger goes on. First it is noted where the topic ends: all that it tells before
was committed before the snapshot. Then the ledger is counted in one snapshot, which says up to which entry it
goes. The new worker begins at the noted offsets and leaves out what the snapshot counts already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from services.accounting.aggregates import norms
from services.accounting.aggregates.cells import Keep, encode
from services.accounting.aggregates.gaps import KafkaGaps
from services.accounting.aggregates.ledger_windows import Snapshot, snapshot
from services.accounting.aggregates.store import AggregateStore
from services.accounting.aggregates.tables import CELLS, DENSITIES, NAMES, POSITIONS, changelog, position_key
from shared.clock import Clock
from shared.kafka import make_consumer, make_producer, start
from shared.lasting_producer import LastingProducer
from shared.topics import Topic, apply_topics
from shared.topics.admin import admin_client

KEPT_GENERATIONS: Final = 2
"""The topics of older ones are deleted: the worker of the one before may still be about to stop."""
MAX_IN_FLIGHT: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What a rebuild is about.

    Attributes:
        topic_prefix: before every topic's name.
        zone: of the business days.
        keep: how long windows are kept.
    """

    database_url: str
    bootstrap: str
    topic_prefix: str
    zone: ZoneInfo
    keep: Keep

    @property
    def topic(self) -> str:
        """The topic that the worker counts."""
        return f"{self.topic_prefix}charges.v1"


class Rebuilt(Struct, frozen=True):
    """What a rebuild made."""

    generation: int
    cells: int


async def rebuild(where: Installation, store: AggregateStore, clock: Clock) -> Rebuilt:
    """Makes a new generation; running workers go over to it by themselves, within seconds.

    Raises:
        ConfigError: the topic is missing. Retry, Unreachable: Kafka or the database is away.
    """
    ends = await topic_ends(where)
    taken = await asyncio.to_thread(snapshot, where.database_url, where.zone, where.keep, clock.now())
    number = await store.next_generation()
    await make_topics(where, number, partitions=len(ends))
    await _write(where, number, taken, ends)
    await store.add_generation(number, cells=len(taken.cells), base=taken.base)
    await _clear_old(where, number)
    return Rebuilt(number, len(taken.cells))


async def topic_ends(where: Installation) -> dict[int, int]:
    """Where each partition of the topic ends.

    Raises:
        ConfigError: there is no such topic. Retry, Unreachable: Kafka does not answer.
    """
    producer = LastingProducer(lambda: make_producer(where.bootstrap, "inkmeter-aggregates"), where.bootstrap)
    try:
        consumer = await start(make_consumer(where.bootstrap, client_id="inkmeter-aggregates"), where.bootstrap)
        try:
            return await KafkaGaps(consumer, producer, where.topic).ends()
        finally:
            await consumer.stop()
    finally:
        await producer.close()


async def make_topics(where: Installation, generation: int, *, partitions: int) -> None:
    """Creates the changelogs of a generation, with as many copies as other topics have."""
    topics = [
        Topic(
            name=changelog("", generation, table),
            description="What the aggregates worker holds.",
            key="the table's own",
            event_types=[],
            producers=["accounting"],
            consumers=["accounting"],
            partitions=partitions,
            config={"cleanup.policy": "compact"},
        )
        for table in NAMES
    ]
    await apply_topics(where.bootstrap, where.topic_prefix, topics=topics)


async def _write(where: Installation, number: int, taken: Snapshot, ends: Mapping[int, int]) -> None:
    """The state as records; the client's own partitioner chooses partitions, as it does for the worker."""
    tables: dict[str, Iterable[tuple[bytes, bytes]]] = {
        CELLS: ((cell.name.text.encode(), encode(cell)) for cell in taken.cells),
        DENSITIES: ((key, norms.encode(each)) for key, each in taken.densities.items()),
        POSITIONS: ((position_key(partition), b"%d" % end) for partition, end in ends.items()),
    }
    producer = await start(make_producer(where.bootstrap, "inkmeter-aggregates"), where.bootstrap)
    try:
        for table, rows in tables.items():
            topic = changelog(where.topic_prefix, number, table)
            waiting: list[Any] = []
            for key, value in rows:
                waiting.append(await producer.send(topic, key=key, value=value))
                if len(waiting) == MAX_IN_FLIGHT:
                    await asyncio.gather(*waiting)
                    waiting.clear()
            await asyncio.gather(*waiting)
    finally:
        await producer.stop()


async def _clear_old(where: Installation, number: int) -> None:
    """Deletes the topics of generations that nobody goes back to."""
    async with admin_client(where.bootstrap) as client:
        there = {each["topic"] for each in await client.describe_topics()}
        old = [
            topic
            for generation in range(1, number - KEPT_GENERATIONS + 1)
            for table in NAMES
            if (topic := changelog(where.topic_prefix, generation, table)) in there
        ]
        if old:
            await client.delete_topics(old)
