"""The real PostgreSQL and the real Kafka of a test run, on folders of their own that go when the run ends."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer

FORGETFUL: Final = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "512MB"}
"""Tests survive a killed PostgreSQL, not a power cut: durable writes would only make them slow."""


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """A folder that other users can pass through, as PostgreSQL runs as one when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix=f"inkmeter-{name}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A started server; it may be stopped and started again by a test, its address stays."""
    with _folder("postgres") as folder, PostgresServer(folder / "server", settings=FORGETFUL) as server:
        yield server


@contextmanager
def running_kafka() -> Iterator[KafkaServer]:
    """A started server; it may be stopped and started again by a test, its address stays."""
    with _folder("kafka") as folder, KafkaServer(folder / "server") as server:
        yield server


def execute(server: PostgresServer, statement: str) -> None:
    """Runs one statement as the superuser, outside a transaction."""
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())
