"""Servers once per run, a database and topics per test, and programs that may be missing."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from shared.migrate import migrate
from shared.topics import apply_topics
from tests.servers import execute, running_kafka, running_postgres

TEMPLATE = "inkmeter_template"
PARTITIONS = 2

# A busy machine is no fault of what is tested.
settings.register_profile("inkmeter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("inkmeter")


def pytest_configure(config: pytest.Config) -> None:
    """Declares the one marker there is."""
    config.addinivalue_line(
        "markers",
        "needs(*programs): skips the test, with the reason, where a program is not installed; "
        "'a|b' is either of two, 'root' the right to act as other users.",
    )


def _missing(program: str) -> str | None:
    if program == "root":
        return None if os.geteuid() == 0 else "not run as root"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    found = any(shutil.which(name, path=path) for name in program.split("|"))
    return None if found else f"{program} is not installed (tests/debian-packages.txt)"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose peers are not there."""
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            if reason := _missing(program):
                pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The run's PostgreSQL, with a migrated template."""
    with running_postgres() as server:
        execute(server, f"CREATE DATABASE {TEMPLATE}")
        migrate(server.url_of(TEMPLATE))
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """The run's Kafka."""
    with running_kafka() as server:
        yield server


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of its own for one test: a clone of the migrated template."""
    name = f"test_{secrets.token_hex(6)}"
    execute(postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    yield postgres.url_of(name)
    execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def kafka_bootstrap(kafka: KafkaServer) -> str:
    """The address of the run's Kafka."""
    return kafka.bootstrap


@pytest.fixture
def topic_prefix(kafka: KafkaServer) -> str:
    """Topics of their own for one test, all made, with few partitions."""
    prefix = f"t{secrets.token_hex(4)}."
    asyncio.run(apply_topics(kafka.bootstrap, prefix, partitions=PARTITIONS))
    return prefix
