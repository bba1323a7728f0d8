"""Months of the ledger: closing them one after the other, and what each came to."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import structlog
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.accounting.books.loader import QUERIES as PRICE_QUERIES
from shared import sqlfile
from shared.clock import Clock
from shared.errors import Conflict, Reject
from shared.periods import FIRST_YEAR, LAST_YEAR, find_zone
from shared.postgres import Pool, classified

QUERIES: Final = sqlfile.load("services.accounting", "queries_periods.sql")
_log = structlog.get_logger()


class Late(Struct, frozen=True, kw_only=True):
    """What came after a month was closed and belongs to its jobs: late jobs and corrections, booked later.

    Counts and amounts are signed; a correction is two ledger lines, one that takes back and one that counts.
    """

    lines: int
    jobs: int
    cost: Decimal
    price: Decimal


class Month(Struct, frozen=True, kw_only=True):
    """One month of the ledger with what is booked in it; `late` only of a closed one."""

    month: str
    state: str
    closed_at: datetime | None
    actor: str | None
    jobs: int
    cost: Decimal
    price: Decimal
    unpriced_lines: int
    late: Late | None


def month_of(text: str) -> date:
    """The first day of a month such as 2026-11.

    Raises:
        Reject: it is none.
    """
    try:
        first = date.fromisoformat(f"{text}-01") if len(text) == len("2026-11") else None
    except ValueError:
        first = None
    if first is None or not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise Reject(f"{text!r} is no month: give one such as 2026-11.", pointer="month")
    return first


class Periods:
    """The months of the ledger in PostgreSQL; each method is one transaction."""

    def __init__(self, pool: Pool, clock: Clock, *, timezone: str) -> None:
        self._pool = pool
        self._clock = clock
        self._timezone = timezone

    async def close(self, text: str, *, actor: str) -> Month:
        """Closes a month; one that is closed stays as it is.

        Raises:
            Reject: it is no month.
            Conflict: it has not ended, or another month is to be closed before it.
            Retry: a long change is under way.
        """
        month = month_of(text)
        if month >= self._this_month():
            raise Conflict(f"{text} has not ended: only months that are over can be closed.", pointer="month")
        with classified():
            async with self._pool.connection() as connection:
                await connection.execute(QUERIES["wait_at_most"])
                await connection.execute(QUERIES["stop_writers"])
                [standing] = await _rows(connection, "closing", {"month": month})
                if standing["closed_at"] is None:
                    _refuse_out_of_order(month, standing["open_from"], standing["first_month"])
                    await connection.execute(QUERIES["close"], {"month": month, "actor": actor})
                    await connection.execute(QUERIES["remember_positions"], {"month": month})
                    await connection.execute(PRICE_QUERIES["count_up_revision"])
                    _log.info("month_closed", month=text, actor=actor)
        return (await self.page(before=_next(month), limit=1))[0]

    async def page(self, *, before: date | None, limit: int) -> list[Month]:
        """Months before one, the newest first."""
        wanted = {
            "this_month": self._this_month(),
            "before": before,
            "limit": limit,
            "timezone": self._timezone,
        }
        with classified():
            async with self._pool.connection() as connection:
                return [_month(row) for row in await _rows(connection, "list_periods", wanted)]

    def _this_month(self) -> date:
        return self._clock.now().astimezone(find_zone(self._timezone)).date().replace(day=1)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _refuse_out_of_order(month: date, open_from: date | None, first_month: date | None) -> None:
    """Months close in order, from the first one that anything is booked in."""
    due = open_from or first_month or month
    if month < due and open_from is not None:
        raise Conflict(f"{month:%Y-%m} is before the first month that was closed.", pointer="month")
    if month > due:
        raise Conflict(f"Months close in order: close {due:%Y-%m} first.", pointer="month")


def _month(row: dict[str, Any]) -> Month:
    late = Late(lines=row["late_lines"], jobs=row["late_jobs"], cost=row["late_cost"], price=row["late_price"])
    return Month(
        month=f"{row['month']:%Y-%m}",
        state="closed" if row["closed_at"] else "open",
        closed_at=row["closed_at"],
        actor=row["actor"],
        jobs=row["jobs"],
        cost=row["cost"],
        price=row["price"],
        unpriced_lines=row["unpriced_lines"],
        late=late if row["closed_at"] else None,
    )


async def _rows(connection: AsyncConnection[Any], query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        return await cursor.fetchall()
