"""The servers of a run: real Kafka and PostgreSQL on free ports, the events in Kafka, a database per round."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import psycopg

from bench import events
from deploy.local.guard import guard_of_this_process
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from services.accounting.books.store import PriceBooks
from services.accounting.pricelist.toml_text import from_toml
from shared.kafka import EVENT_HEADERS, make_producer, start
from shared.migrate import migrate
from shared.postgres import open_pool
from shared.topics.admin import apply_topics

POSTGRES: Final = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "min_wal_size": "2GB",
    "checkpoint_timeout": "30min",
}
"""One gigabyte of memory, and no checkpoint in the middle of a round; fsync and synchronous_commit stay on."""
KAFKA: Final = {"group.initial.rebalance.delay.ms": "3000"}
"""Two workers that start together share the partitions from the first moment."""
TEMPLATE: Final = "bench_template"
OURS: Final = "inkmeter."
PEERS: Final = "peers."


@dataclass(frozen=True, slots=True)
class Content:
    """What was put into a topic: `records` of `jobs` different jobs with `lines_posted` lines between them."""

    jobs: int
    lines_posted: int
    records: int
    mean_bytes: int


@dataclass(frozen=True, slots=True)
class Servers:
    """Running servers; `contents` by topic prefix."""

    folder: Path
    postgres: PostgresServer
    kafka: KafkaServer
    contents: dict[str, Content]

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Runs one statement outside a transaction."""
        with psycopg.connect(self.postgres.url_of(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def scalar(self, query: str, database: str) -> int:
        """The one number that a query answers."""
        with psycopg.connect(self.postgres.url_of(database), autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row
        return int(row[0])

    @contextmanager
    def database(self, name: str, template: str = TEMPLATE) -> Iterator[str]:
        """A fresh copy of a template, on a server that has nothing left to write; gone afterwards."""
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.execute("CHECKPOINT")
        os.sync()
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def servers(jobs: int, peer_jobs: int) -> Iterator[Servers]:
    """Starts everything and fills Kafka; stops it all and takes its folder away, also after a failure."""
    # New topics have no leader for a moment: the client tries again, and need not say so for each partition.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="inkmeter-bench-"))
    folder.chmod(0o755)
    try:
        with (
            PostgresServer(folder / "postgres", settings=POSTGRES) as postgres,
            KafkaServer(folder / "kafka", heap="768m", settings=KAFKA) as kafka,
        ):
            made = Servers(folder, postgres, kafka, {})
            asyncio.run(_prepare(made, {OURS: jobs, PEERS: peer_jobs}))
            yield made
    finally:
        guard_of_this_process().close()
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(made: Servers, wanted: dict[str, int]) -> None:
    for prefix, jobs in wanted.items():
        await apply_topics(made.kafka.bootstrap, prefix, partitions=events.PARTITIONS)
        made.contents[prefix] = await _fill(made.kafka.bootstrap, f"{prefix}jobs.v1", jobs)
    made.execute(f"CREATE DATABASE {TEMPLATE}")
    url = made.postgres.url_of(TEMPLATE)
    await asyncio.to_thread(migrate, url)
    pool = await open_pool(url, name="bench")
    try:
        books = PriceBooks(pool, ZoneInfo("UTC"))
        for text in events.price_lists():
            prices = from_toml(text, currency="EUR")
            await books.put_draft(prices)
            await books.publish(prices.name, by="bench")
        async with pool.connection() as connection:
            for month in events.MONTHS:
                await connection.execute("SELECT accounting.make_month(%s)", [month])
            await connection.execute(PEER_TABLES)
            for table, keys in events.DIMENSIONS.items():
                add = f"INSERT INTO accounting.{table} (key) SELECT unnest(%s::text[])"
                await connection.execute(add.encode(), [keys])
            await connection.execute("INSERT INTO accounting.rule (key, text) VALUES ('bench', 'a peer''s price')")
    finally:
        await pool.close()


async def _fill(bootstrap: str, topic: str, jobs: int) -> Content:
    """Puts the events into a topic, in order within each partition."""
    producer = await start(make_producer(bootstrap, "bench", linger_ms=20), bootstrap)
    records = size = 0
    lines: dict[bytes, int] = {}
    try:
        source = events.events(jobs)
        while some := list(islice(source, 5_000)):
            sent = [
                await producer.send(
                    topic,
                    value=each.value,
                    key=each.key,
                    partition=each.partition,
                    headers=list(EVENT_HEADERS),
                )
                for each in some
            ]
            await asyncio.gather(*sent)
            records += len(some)
            lines |= {hashlib.blake2b(each.value, digest_size=16).digest(): each.lines for each in some}
            size += sum(len(each.value) for each in some)
    finally:
        await producer.stop()
    return Content(jobs, sum(lines.values()), records, size // records)


PEER_TABLES: Final = """
CREATE SCHEMA peers;
CREATE TABLE peers.job (LIKE accounting.job INCLUDING ALL);
CREATE TABLE peers.charge (LIKE accounting.charge INCLUDING ALL);
"""
"""For a sink that updates rows, which the ledger's own tables refuse: the same columns and indexes."""
