"""Tells committed charges and dead letters to Kafka, in order, at least once: the cursor moves after the ack.

There is no outbox table: a batch holds its partition's row of accounting.offsets to the end, so that entries below
next_offset are complete, and reading on in id order misses none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from services.accounting.entries import first_entry
from services.accounting.ledger.metrics import RELAYED
from services.accounting.relay.pages import QUERIES, Pages
from shared.backoff import Backoff
from shared.batch_producer import Batch, BatchProducer
from shared.dead_letters import letter_for
from shared.errors import Reject, Retry
from shared.kafka import EVENT_HEADERS
from shared.postgres import Pool, classified
from shared.stream import Record

log = structlog.get_logger(__name__)

POLL_S: Final = 0.25
"""How long the relay sleeps when nobody wakes it, as when another process posted."""
MAX_LETTERS: Final = 100
LEDGER_NAME: Final = "accounting.ledger"


class Relay:
    """Tells what was posted; several processes may each have one, they share the partitions."""

    def __init__(self, pool: Pool, producer: BatchProducer, *, topic_prefix: str, currency: str) -> None:
        self._pool = pool
        self._producer = producer
        self._topic = f"{topic_prefix}charges.v1"
        self._pages = Pages(currency)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something was posted: look at once."""
        self._woken.set()

    async def run(self) -> None:
        """Tells whatever is posted until cancelled; waits for Kafka and the database while they are away."""
        backoff = Backoff()
        while True:
            self._woken.clear()
            try:
                with classified():
                    told = await self.tell_charges() + await self.tell_dead_letters()
            except Retry as error:
                delay_s = backoff.next_s()
                log.warning("relay_retries", error=str(error), retry_in_s=round(delay_s, 2))
                await asyncio.sleep(delay_s)
                continue
            backoff.reset()
            if not told:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._woken.wait()

    async def tell_charges(self) -> int:
        """One go through all partitions; how many charges were told.

        Raises:
            Retry: Kafka or the database is away; what was not acknowledged is told again.
        """
        async with self._pool.connection() as connection:
            await connection.execute(QUERIES["relay_new_cursors"])
            waiting = await (await connection.execute(QUERIES["relay_positions"])).fetchall()
        told = 0
        for topic, partition, stream, _, _ in waiting:
            told += await self._tell_partition(topic, partition, first_entry(stream, partition))
        return told

    async def _tell_partition(self, topic: str, partition: int, first: int) -> int:
        where = {"topic": topic, "partition": partition}
        async with self._pool.connection() as connection:
            claim = await (await connection.execute(QUERIES["relay_claim"], where)).fetchone()
            if claim is None or claim[0] >= claim[1]:
                return 0
            page = await self._pages.read(connection, topic, first=first, begin=claim[0], end=claim[1])
            if page.events:
                await self._producer.send(Batch(self._topic, page.events, EVENT_HEADERS))
            await connection.execute(QUERIES["relay_move"], {**where, "next_offset": page.end})
        RELAYED.inc(len(page.events))
        return len(page.events)

    async def tell_dead_letters(self) -> int:
        """Tells refused records that were not told yet; how many.

        Raises:
            Retry: Kafka or the database is away; what was not acknowledged is told again.
        """
        async with self._pool.connection() as connection:
            cursor = await connection.execute(QUERIES["relay_dead_letters"], {"limit": MAX_LETTERS})
            rows = await cursor.fetchall()
            for topic, partition, offset, key, value, reason, pointer, refused_at in rows:
                record = Record(topic, partition, offset, key, value)
                letter = letter_for(record, Reject(reason, pointer=pointer), consumer=LEDGER_NAME, now=refused_at)
                await self._producer.send(Batch(letter.topic, [(letter.key, letter.value)], letter.headers))
            told = {name: [row[at] for row in rows] for at, name in enumerate(("topics", "partitions", "offsets"))}
            await connection.execute(QUERIES["relay_dead_letters_done"], told)
        return len(rows)


async def run_relay(
    pool: Pool, *, bootstrap: str, topic_prefix: str, currency: str, started: Callable[[Relay], None]
) -> None:
    """Tells until cancelled; `started` is given the relay, to wake it by.

    Raises:
        ConfigError: the address of Kafka is none, or a topic is missing.
    """
    producer = BatchProducer(bootstrap, "accounting-relay")
    try:
        relay = Relay(pool, producer, topic_prefix=topic_prefix, currency=currency)
        started(relay)
        await relay.run()
    finally:
        producer.stop()
