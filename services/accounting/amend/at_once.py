"""Lets one thread run what is written for an event loop: every call is done when it returns."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from psycopg import AsyncConnection, Connection, Cursor
from psycopg.rows import TupleRow

T = TypeVar("T")


class _Rows:
    """A cursor whose rows are there."""

    def __init__(self, cursor: Cursor[TupleRow]) -> None:
        self._cursor = cursor

    async def fetchone(self) -> TupleRow | None:
        """The next row."""
        return self._cursor.fetchone()

    async def fetchall(self) -> list[TupleRow]:
        """All rows that are left."""
        return self._cursor.fetchall()


class _AtOnce:
    def __init__(self, connection: Connection[TupleRow]) -> None:
        self._connection = connection

    async def execute(self, query: Any, parameters: Any = None) -> _Rows:
        """Runs a statement."""
        return _Rows(self._connection.execute(query, parameters))


def waited_for(connection: Connection[TupleRow]) -> AsyncConnection[TupleRow]:
    """A blocking connection as amendments are posted over, for coroutines that `run_at_once` runs."""
    return cast("AsyncConnection[TupleRow]", _AtOnce(connection))


def run_at_once(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that never waits to its end."""
    try:
        work.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    work.close()
    raise AssertionError("it waited for something")
