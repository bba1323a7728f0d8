"""Reads summaries from the public views, each within one snapshot of the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.reporting.question import FILTERS, FLAGS, Question
from services.reporting.summary import By, Row, Source, Summary, Sums, ordered
from services.reporting.trend import Trend, make_trend, unit_of
from shared import sqlfile
from shared.errors import Reject, Retry
from shared.postgres import Pool, classified

MAX_ROWS: Final = 50_000
"""More rows than this are no summary."""
_MISSING: Final = (
    psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction,
)  # fmt: skip
_queries = sqlfile.load("services.reporting", "queries.sql")
_PARTS: Final[Mapping[By, By]] = {"customer": "project", "group": "printer"}
"""What is summed up to those whom sums are not kept by."""
_Connection = AsyncConnection[TupleRow]


@dataclass(frozen=True, slots=True)
class Report:
    """A summary with what its page shows beside it: the course of the period, and the media without a price."""

    summary: Summary
    trend: Trend
    unpriced: Sequence[str]


class Store:
    """Answers questions from the database.

    Raises, in every method: Retry while the database is away, Reject for what is too much for one answer.
    """

    def __init__(self, pool: Pool, *, currency: str, timezone: str, timeout_s: int) -> None:
        self._pool = pool
        self._currency = currency
        self._timezone = timezone
        self._timeout_s = timeout_s

    async def summary(self, question: Question) -> Summary:
        """The rows of a question and their total."""
        async with self._snapshot() as (connection, as_of):
            return await self._summary(connection, question, as_of)

    async def report(self, question: Question) -> Report:
        """The same with what the page shows beside it, of the same snapshot."""
        async with self._snapshot() as (connection, as_of):
            summary = await self._summary(connection, question, as_of)
            course = await self._rows(connection, question, unit_of(question.period), summary.source)
            unpriced: list[Row] = []
            if summary.total.unpriced_lines:
                media, _ = await self._rows(connection, question, "media", summary.source)
                unpriced = ordered([row for row in media if row.sums.unpriced_lines], "media", "unpriced")
            names = [row.name or row.key or "Unknown media" for row in unpriced]
            return Report(summary, make_trend(question.period, course[0], summary.as_of), names)

    async def missing_views(self) -> list[str]:
        """The views that are not there yet; empty when all is well."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_queries["views_present"])
            return [str(row[0]) for row in await cursor.fetchall()]

    async def _summary(self, connection: _Connection, question: Question, as_of: datetime) -> Summary:
        source = question.source(self._timezone)
        rows, total = await self._rows(connection, question, question.by, source)
        if len(rows) > MAX_ROWS:
            raise Reject(f"This summary has more than {MAX_ROWS} rows: choose a shorter period or add a filter.")
        return Summary(
            period=question.period,
            by=question.by,
            currency=self._currency,
            rows=ordered(rows, question.by, question.sort),
            total=total,
            as_of=question.as_of or as_of,
            source=source,
            filters=question.filters,
            as_it_stood=question.as_of is not None,
        )

    async def _rows(
        self, connection: _Connection, question: Question, by: By, source: Source
    ) -> tuple[list[Row], Sums]:
        values = self._values(question, by)
        if source == "ledger":
            found = await _fetch(connection, _queries["ledger"], values)
            return _rows([each for each in found if not each[-1]]), next(_sums(each) for each in found if each[-1])
        sums = _queries["sums" if question.as_of is None else "sums_as_of"]
        statement = _queries["gathered"].replace("/*sums*/", sums) if by in _PARTS else sums
        found = await _fetch(connection, statement, {**values, "by": _PARTS.get(by, by)})
        total = await _fetch(connection, sums, {**values, "by": "total"})
        return _rows(found), _sums(total[0]) if total else Sums()

    def _values(self, question: Question, by: By) -> dict[str, Any]:
        """The parameters of all statements; what is booked has days of the installation's zone."""
        period = question.period
        return {
            "by": by,
            "first_day": period.first_day,
            "last_day": period.last_day,
            "start": period.start,
            "end": period.end,
            "timezone": period.timezone,
            "booked": period.timezone == self._timezone,
            "as_of": question.as_of,
            "limit": MAX_ROWS + 2,
            **{name: question.filters.get(name) for name in (*FILTERS, *FLAGS)},
        }

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[tuple[_Connection, datetime]]:
        """One read-only transaction, bounded in time, and the moment that it shows."""
        with classified():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(_queries["begin"])
                await connection.execute(_queries["limit_time"], {"timeout_ms": self._timeout_s * 1_000})
                [[as_of]] = await _fetch(connection, _queries["as_of"], {})
                yield connection, as_of


async def _fetch(
    connection: _Connection, statement: LiteralString, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    try:
        cursor = await connection.execute(statement, values)
        return await cursor.fetchall()
    except psycopg.errors.QueryCanceled as error:
        raise Reject(
            "Counting so many ledger lines takes too long: choose a shorter period, "
            "or ask in the installation's time zone and without filters, which is answered from sums.",
            pointer="period",
        ) from error
    except _MISSING as error:
        raise Retry("The database lacks the views of this version: run `inkmeter migrate`.") from error


def _rows(found: Sequence[Sequence[Any]]) -> list[Row]:
    """The rows that count anything: what was taken back whole leaves zeros behind."""
    rows = [_row(each) for each in found]
    return [row for row in rows if row.sums != Sums()]


def _row(values: Sequence[Any]) -> Row:
    return Row(key=values[0] or "", name=values[1] or "", sums=_sums(values))


def _sums(values: Sequence[Any]) -> Sums:
    """Columns 3 to 11 of every query, in the order of Sums."""
    return Sums(*values[2:11])
