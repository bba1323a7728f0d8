"""PostgreSQL as it really fails: who is at fault, and what an operator is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from shared.errors import ConfigError, Reject, Retry, Unreachable
from shared.postgres import classified, classify, connect, open_pool
from tests.running import free_port

SECRET = "hunter2-very-secret"


@pytest.fixture
def table(database_url: str) -> str:
    with connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE thing (x int PRIMARY KEY, y text CHECK (y <> 'bad'))")
        connection.execute("INSERT INTO thing VALUES (1, 'one')")
    return database_url


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("INSERT INTO thing VALUES (%s, %s)", [2, "nul \0 byte"]),
        ("INSERT INTO thing VALUES (%s, %s)", [2, "lone \ud800 surrogate"]),
        ("INSERT INTO thing VALUES (%s, %s)", [2**40, "too large"]),
        ("INSERT INTO thing VALUES (%s, %s)", [1, "a duplicate"]),
        ("INSERT INTO thing VALUES (%s, %s)", [2, "bad"]),
        ("INSERT INTO thing VALUES (%s, %s)", [None, "no key"]),
        ("SELECT %s::text::timestamptz", ["not a time"]),
        ("SELECT 1 / %s::int", [0]),
    ],
)
def test_data_that_can_not_be_held_is_refused(table: str, query: str, values: list[Any]) -> None:
    with connect(table) as connection, pytest.raises(Reject, match="PostgreSQL"), classified():
        connection.execute(query, values)


def killed(connection: Connection[Any], other: Connection[Any]) -> None:
    other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
    connection.execute("SELECT 1")


def used_after_it_died(connection: Connection[Any], other: Connection[Any]) -> None:
    other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.execute("SELECT 1")


def killed_in_copy(connection: Connection[Any], other: Connection[Any]) -> None:
    with connection.cursor().copy("COPY thing FROM STDIN") as copy:
        copy.write("2\ttwo\n")
        other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        for _ in range(10_000):
            copy.write("3\tthree\n" * 100)


def too_slow(connection: Connection[Any], _other: Connection[Any]) -> None:
    connection.execute("SELECT pg_sleep(60)")


def locked(connection: Connection[Any], other: Connection[Any]) -> None:
    with other.transaction():
        other.execute("LOCK TABLE thing")
        connection.execute("SET lock_timeout = '10ms'")
        connection.execute("SELECT * FROM thing")


def on_a_standby(connection: Connection[Any], _other: Connection[Any]) -> None:
    connection.execute("SET default_transaction_read_only = on")
    connection.commit()
    connection.execute("DELETE FROM thing")


def not_serializable(connection: Connection[Any], other: Connection[Any]) -> None:
    connection.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    connection.execute("SELECT * FROM thing")
    other.execute("UPDATE thing SET y = 'two'")
    connection.execute("UPDATE thing SET y = 'three'")


@pytest.mark.parametrize(
    "failure",
    [killed, used_after_it_died, killed_in_copy, too_slow, locked, on_a_standby, not_serializable],
    ids=lambda failure: failure.__name__,
)
def test_a_world_that_fails_is_worth_another_try(
    table: str, failure: Callable[[Connection[Any], Connection[Any]], None]
) -> None:
    with connect(table, autocommit=True) as other:
        connection = connect(table, statement_timeout_s=0.2)
        try:
            with pytest.raises(Retry, match="PostgreSQL"), classified():
                failure(connection, other)
        finally:
            connection.close()


def test_a_wrong_statement_is_a_bug(table: str) -> None:
    with connect(table) as connection, pytest.raises(psycopg.errors.UndefinedTable), classified():
        connection.execute("SELECT * FROM nothing")


def test_what_is_no_database_error_stays_as_it_is() -> None:
    error = ZeroDivisionError()
    assert classify(error) is error


async def test_a_pool_serves_again_after_its_connections_died(table: str) -> None:
    pool = await open_pool(table, name="test-pool", min_size=2)
    try:
        with connect(table, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test-pool'"
            )
        async with pool.connection() as connection:
            row = await (await connection.execute("SELECT current_setting('application_name')")).fetchone()
        assert row == ("test-pool",)
    finally:
        await pool.close()


async def test_a_pool_told_of_a_wrong_database_says_so_at_once(database_url: str) -> None:
    wrong = database_url.replace("/test_", "/nowhere_")
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"does not exist.*INKMETER_DATABASE_URL"):
        await open_pool(wrong)
    assert time.monotonic() - began < 3


async def test_a_pool_waits_for_a_server_as_long_as_told_and_never_shows_the_password() -> None:
    port = free_port()
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}, database inkmeter, user u") as caught:
        await open_pool(f"postgresql://u:{SECRET}@127.0.0.1:{port}/inkmeter", wait_s=0.3)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{SECRET}@127.0.0.1/x",
        f"postgresql://u:{SECRET}@127.0.0.1:port/x",
        f"postgresql://u:{SECRET}@127.0.0.1/x?no_such_option=1",
        f"postgresql://u:{SECRET}@[::1/x",
        f"host=127.0.0.1 password={SECRET}",
        "",
    ],
)
def test_a_url_that_can_not_be_read_is_the_operators_and_its_password_stays_hidden(url: str) -> None:
    with pytest.raises(ConfigError, match="INKMETER_DATABASE_URL") as caught:
        connect(url)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_task_that_is_cancelled_as_it_gets_a_connection_ends(database_url: str) -> None:
    pool = await open_pool(database_url, max_size=1)

    async def work() -> None:
        async with pool.connection():
            pass
        await asyncio.Event().wait()

    for steps in range(40):
        held = await pool.getconn()
        waiting = asyncio.create_task(work())
        for _ in range(20):
            await asyncio.sleep(0)
        await pool.putconn(held)
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        assert (await asyncio.wait({waiting}, timeout=5))[0], f"cancelled after {steps} steps it goes on"
    await pool.close()
