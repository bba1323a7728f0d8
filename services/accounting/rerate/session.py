"""Connections for long work on the ledger, and the months that it is done in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.partitions import first_day, month_number
from shared.periods import find_zone, midnight
from shared.postgres import classified, conninfo

Connection = AsyncConnection[TupleRow]
Progress = Callable[[int], Awaitable[None]]
"""Is told how many lines more are done; raises Cancelled where nobody wants the rest."""


class Cancelled(Exception):  # noqa: N818 - says what has happened
    """Somebody has called the work off."""


class MonthSpan(NamedTuple):
    """The part of a calendar month that is asked for; `number` counts months from year 0."""

    number: int
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """The month: 2026-11."""
        return f"{first_day(self.number):%Y-%m}"


async def nobody(_: int) -> None:
    """Takes progress that nobody follows."""


@asynccontextmanager
async def opened(url: str, *, is_snapshot: bool = False) -> AsyncIterator[Connection]:
    """A connection without a time limit, in one transaction; a snapshot only reads, and sees one state.

    Raises:
        Retry: the database is at fault.
    """
    with classified():
        async with await AsyncConnection.connect(conninfo(url, name="inkmeter-rerate")) as connection:
            # Compiling a query, and starting workers, for each chunk cost more than they save.
            await connection.execute("SET jit = off")
            await connection.execute("SET max_parallel_workers_per_gather = 0")
            await connection.commit()
            if is_snapshot:
                await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection


def months_of(start: datetime, end: datetime, timezone: str) -> Iterator[MonthSpan]:
    """The calendar months, in a time zone, of a stretch of time."""
    zone = find_zone(timezone)
    first = month_number(start.astimezone(zone).date())
    last = month_number(end.astimezone(zone).date())
    for number in range(first, last + 1):
        begins, ends = (midnight(first_day(each), timezone) for each in (number, number + 1))
        if max(start, begins) < min(end, ends):
            yield MonthSpan(number, max(start, begins), min(end, ends))
