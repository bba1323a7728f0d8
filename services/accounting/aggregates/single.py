"""Sees to it that one aggregates worker works at a time: a lock in PostgreSQL, which ends with its connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog
from psycopg import AsyncConnection

from shared.backoff import Backoff
from shared.errors import Retry
from shared.postgres import conninfo

LOOK_EVERY_S: Final = 2.0
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('inkmeter.aggregates'), hashtext(%s))"
log = structlog.get_logger(__name__)


@asynccontextmanager
async def alone(url: str, topic_prefix: str, waits: Callable[[], None]) -> AsyncIterator[AsyncConnection[Any]]:
    """Waits until no other worker of these topics is at work; the lock lasts as long as the context.

    `waits` is called when there is one, and this one stands by.
    """
    backoff = Backoff(max_s=LOOK_EVERY_S)
    while True:
        try:
            connection = await AsyncConnection.connect(
                conninfo(url, name="inkmeter-aggregates-lock"), autocommit=True
            )
        except psycopg.OperationalError as error:
            log.warning("aggregates_lock_waits", error=str(error).strip())
            await asyncio.sleep(backoff.next_s())
            continue
        async with connection:
            row = await (await connection.execute(_LOCK, [topic_prefix])).fetchone()
            if row and row[0]:
                yield connection
                return
        waits()
        await asyncio.sleep(LOOK_EVERY_S)


async def keep_watch(connection: AsyncConnection[Any]) -> None:
    """Asks the connection of the lock for a sign of life until it gives none.

    Raises:
        Retry: the connection is gone, and with it the lock: another worker may be at work already.
    """
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            await connection.execute("SELECT 1")
        except (psycopg.Error, OSError) as error:
            raise Retry("The connection that holds the lock is gone: start again.") from error
