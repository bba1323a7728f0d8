"""Tells committed charges and dead letters to Kafka, in order, at least once: the cursor moves after the ack.

There is no outbox table: a batch holds its partition's row of accounting.offsets to the end, so that entries below
next_offset are complete, and reading on in id order misses none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from services.accounting.charge_events import charge_event
from services.accounting.ledger.entries import OWN_TOPIC, first_entry
from services.accounting.ledger.metrics import RELAYED
from shared import sqlfile
from shared.backoff import Backoff
from shared.dead_letters import letter_for
from shared.errors import ConfigError, Reject, Retry
from shared.events.envelope import encode
from shared.kafka import EVENT_HEADERS, make_producer, send, start_when_there
from shared.postgres import Pool, classified
from shared.stream import Record

log = structlog.get_logger(__name__)

POLL_S: Final = 0.25
"""How long the relay sleeps when nobody wakes it, as when another process posted."""
MAX_CHARGES: Final = 5_000
"""Charges told in one go; more than the lines of the largest job."""
MAX_LETTERS: Final = 100
SEND_TIMEOUT_S: Final = 30.0
LEDGER_NAME: Final = "accounting.ledger"
_QUERIES: Final = sqlfile.load("services.accounting", "queries.sql")
_CHARGES: Final = _QUERIES["relay_lines"].replace("{lines}", _QUERIES["charges"])
_AMENDMENTS: Final = _QUERIES["relay_lines"].replace("{lines}", _QUERIES["amendments"])


class Relay:
    """Tells what was posted; several processes may each have one, they share the partitions."""

    def __init__(self, pool: Pool, producer: AIOKafkaProducer, *, topic_prefix: str, currency: str) -> None:
        self._pool = pool
        self._producer = producer
        self._topic = f"{topic_prefix}charges.v1"
        self._currency = currency
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
            await connection.execute(_QUERIES["relay_new_cursors"])
            waiting = await (await connection.execute(_QUERIES["relay_positions"])).fetchall()
        told = 0
        for topic, partition, stream, _, _ in waiting:
            told += await self._tell_partition(topic, partition, first_entry(stream, partition))
        return told

    async def _tell_partition(self, topic: str, partition: int, first: int) -> int:
        where = {"topic": topic, "partition": partition}
        async with self._pool.connection() as connection:
            claim = await (await connection.execute(_QUERIES["relay_claim"], where)).fetchone()
            if claim is None or claim[0] >= claim[1]:
                return 0
            begin, end = claim
            if topic == OWN_TOPIC:
                # These ids have no gaps: a range of them bounds what one go reads, after a bulk change, too.
                end = min(end, begin + MAX_CHARGES - 1)
            bounds = {"first": first + begin, "end": first + end, "limit": MAX_CHARGES}
            query = _AMENDMENTS if topic == OWN_TOPIC else _CHARGES
            rows = await (await connection.execute(query, bounds)).fetchall()
            if len(rows) == MAX_CHARGES:
                # The last entry may go on behind the limit: leave it to the next go.
                end = rows[-1][0] - first
                rows = [row for row in rows if row[0] - first < end]
            await self._send([self._charge(row) for row in rows])
            await connection.execute(_QUERIES["relay_move"], {**where, "next_offset": end})
        RELAYED.inc(len(rows))
        return len(rows)

    def _charge(self, row: tuple[Any, ...]) -> Callable[[], Awaitable[Any]]:
        event = charge_event(row, currency=self._currency)
        return lambda: self._producer.send(
            self._topic, value=encode(event), key=event.data.project.encode(), headers=list(EVENT_HEADERS)
        )

    async def _send(self, sends: list[Callable[[], Awaitable[Any]]]) -> None:
        """Sends in order, then waits for all acknowledgements."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                acknowledged = [await each() for each in sends]
                await asyncio.gather(*acknowledged)
        except UnknownTopicOrPartitionError as error:
            raise ConfigError(
                f"There is no topic {self._topic}.", remedy="Create it by `inkmeter topics apply`."
            ) from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise Retry(f"Kafka did not acknowledge charges: {type(error).__name__}") from error

    async def tell_dead_letters(self) -> int:
        """Tells refused records that were not told yet; how many.

        Raises:
            Retry: Kafka or the database is away; what was not acknowledged is told again.
        """
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_QUERIES["relay_dead_letters"], {"limit": MAX_LETTERS})
            rows = await cursor.fetchall()
            for topic, partition, offset, key, value, reason, pointer, refused_at in rows:
                record = Record(topic, partition, offset, key, value)
                letter = letter_for(record, Reject(reason, pointer=pointer), consumer=LEDGER_NAME, now=refused_at)
                await send(
                    self._producer, letter.topic, key=letter.key, value=letter.value, headers=letter.headers
                )
            told = {name: [row[at] for row in rows] for at, name in enumerate(("topics", "partitions", "offsets"))}
            await connection.execute(_QUERIES["relay_dead_letters_done"], told)
        return len(rows)


async def run_relay(
    pool: Pool, *, bootstrap: str, topic_prefix: str, currency: str, started: Callable[[Relay], None]
) -> None:
    """Waits for Kafka, then tells until cancelled; `started` is given the relay, to wake it by."""
    producer = await start_when_there(lambda: make_producer(bootstrap, "accounting-relay"), bootstrap)
    try:
        relay = Relay(pool, producer, topic_prefix=topic_prefix, currency=currency)
        started(relay)
        await relay.run()
    finally:
        await producer.stop()
