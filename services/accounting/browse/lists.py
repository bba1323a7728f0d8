"""Reads jobs and ledger lines for people: pages in any order, totals, and one job with its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.accounting.filters import LineFilters, bounds, where
from services.accounting.sorting import Cursor, Sort, order_of
from shared import sqlfile
from shared.errors import NotFound, Reject, Retry
from shared.ids import first_job_id
from shared.periods import Period
from shared.postgres import Pool, classified

QUERIES: Final = sqlfile.load("services.accounting.browse", "queries.sql")
_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LAST_ID: Final = (1 << 128) - 1
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which page of which list.

    Attributes:
        period: `filters.period`, read.
        voided: of jobs: true leaves those with nothing left, false all others; without it those are left out
            that a source took back, as another job stands in their place.
        after: where the page before ended.
        totals: whether the sums over everything that is wanted are asked for, too.
    """

    filters: LineFilters
    period: Period | None
    sort: Sort
    limit: int
    after: Cursor | None = None
    voided: bool | None = None
    totals: bool = False


class Lists:
    """Jobs and ledger lines in PostgreSQL, read only; a page and its totals are of one moment.

    Raises, in every method: Retry while the database is away, Reject for what takes too long to look through.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def jobs(self, wanted: Wanted) -> tuple[list[Row], Row | None]:
        """A page of jobs in their current state, one row more than asked for where there are more, and totals."""
        return await self._page(_jobs(wanted), _job_totals(wanted), wanted)

    async def charges(self, wanted: Wanted) -> tuple[list[Row], Row | None]:
        """The same of ledger lines."""
        return await self._page(_charges(wanted), _charge_totals(wanted), wanted)

    async def job(self, job_id: UUID) -> tuple[Row, list[Row], list[Row]]:
        """One job, its lines in their current state, and all of its ledger lines as they were posted.

        Raises:
            NotFound: there is no such job.
        """
        one = Wanted(filters=LineFilters(job=(job_id,)), period=None, sort="-completed_at", limit=1)
        history = _shown("charge_columns", QUERIES["job_history"]) + " ORDER BY c.posted_at, c.entry_id, c.line"
        with classified():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(_SNAPSHOT)
                found = await _rows(connection, _jobs(one), values_of(one))
                if not found:
                    raise NotFound(f"There is no job {job_id}: take its id from GET /v1/jobs.")
                lines = await _rows(connection, QUERIES["job_lines"], {"job_id": job_id})
                return found[0], lines, await _rows(connection, history, {"job_id": job_id})

    async def _page(
        self, page: LiteralString, totals: LiteralString, wanted: Wanted
    ) -> tuple[list[Row], Row | None]:
        values = values_of(wanted)
        try:
            with classified():
                async with self._pool.connection() as connection, connection.transaction():
                    await connection.execute(_SNAPSHOT)
                    rows = await _rows(connection, page, values)
                    total = (await _rows(connection, totals, values))[0] if wanted.totals else None
                    return rows, total
        except Retry as error:
            if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                reason = "Looking through so many jobs takes too long: ask for a shorter period, or by time."
                raise Reject(reason, pointer="period") from error
            raise


def _jobs(wanted: Wanted) -> LiteralString:
    order = order_of(wanted.sort, "s")
    if order.by_time:
        page = _filtered("jobs_by_time", wanted, "j")
        page = page.replace("/*direction*/", order.direction).replace("/*beyond*/", order.beyond)
        return f"{_shown('job_columns', page)} ORDER BY j.job_id {order.direction}"
    sorted_jobs = QUERIES["jobs_sorted"].replace("/*key*/", order.key).replace("/*names*/", order.names)
    sorted_jobs = sorted_jobs.replace("/*jobs*/", _filtered("jobs_of_period", wanted, "c"))
    page = sorted_jobs.replace("/*direction*/", order.direction).replace("/*beyond*/", order.beyond)
    page = page.replace("/*type*/", order.type)
    return f"{_shown('job_columns', page)} ORDER BY s.sort_key {order.direction}, s.job_id {order.direction}"


def _job_totals(wanted: Wanted) -> LiteralString:
    return QUERIES["job_totals"].replace("/*jobs*/", _filtered("jobs_of_period", wanted, "c"))


def _charges(wanted: Wanted) -> LiteralString:
    order = order_of(wanted.sort, "c")
    page = _filtered("charges_by_time" if order.by_time else "charges_sorted", wanted, "j")
    page = page.replace("/*key*/", order.key).replace("/*names*/", order.names).replace("/*type*/", order.type)
    page = page.replace("/*direction*/", order.direction).replace("/*beyond*/", order.beyond)
    keys = (
        ("c.job_id", "c.line", "c.entry_id")
        if order.by_time
        else ("c.sort_key", "c.job_id", "c.line", "c.entry_id")
    )
    return _shown("charge_columns", page) + " ORDER BY " + ", ".join(f"{key} {order.direction}" for key in keys)


def _charge_totals(wanted: Wanted) -> LiteralString:
    return _filtered("charge_totals", wanted, "j")


def _filtered(query: str, wanted: Wanted, printer_alias: LiteralString) -> LiteralString:
    """A statement with its conditions: those that are the same for a whole job are looked at first."""
    of_job = where(LineFilters(printer=wanted.filters.printer, group=wanted.filters.group))
    state = _state(wanted, "j" if printer_alias == "j" else "s")
    statement = where(wanted.filters).into(QUERIES[query]).replace("/*sums*/", QUERIES["job_sums"])
    statement = statement.replace(
        "/*of_job*/ true", of_job.sql.replace("c.printer_no", f"{printer_alias}.printer_no")
    )
    return statement.replace("/*state*/ true", state)


def _state(wanted: Wanted, alias: LiteralString) -> LiteralString:
    """Which jobs by their state; what a source took back is listed only where it is asked for."""
    if wanted.voided is not None:
        return "s.voided" if wanted.voided else "NOT s.voided"
    if wanted.filters.job:
        return "true"
    taken_back: LiteralString = (
        f"EXISTS (SELECT FROM accounting.job_correction AS n WHERE n.corrects = {alias}.job_id)"
    )
    return f"NOT (s.voided AND {taken_back})"


def _shown(columns: str, page: LiteralString) -> LiteralString:
    return QUERIES[columns].replace("/*page*/", f"({page})")


def values_of(wanted: Wanted) -> Mapping[str, Any]:
    """The parameters of all statements: what can be said as bounds on job ids is, as the index is on those."""
    start, end = bounds(wanted.period)
    after = wanted.after
    after_id = after.job_id if after else None
    jobs = wanted.filters.job
    firsts = [first_job_id(start), *([min(jobs)] if jobs else [])]
    ends = [first_job_id(end), *([_next_id(max(jobs))] if jobs else [])]
    if after_id and wanted.sort == "-completed_at":
        ends.append(_next_id(after_id))
    if after_id and wanted.sort == "completed_at":
        firsts.append(after_id)
    return {
        **where(wanted.filters).parameters,
        "start": start,
        "end": end,
        "first_id": max(firsts),
        "end_id": min(ends),
        "after": after.key if after else None,
        "after_id": after_id,
        "after_line": after.line if after else None,
        "after_entry": after.entry_id if after else None,
        "limit": wanted.limit + 1,
    }


def _next_id(job_id: UUID) -> UUID:
    """The id after a job's, as the end of a range that includes it; ids of years so late are none of ours."""
    return UUID(int=min(job_id.int + 1, _LAST_ID))


async def _rows(
    connection: AsyncConnection[Any], statement: LiteralString, values: Mapping[str, Any]
) -> list[Row]:
    """Planned for these very values: filters that are not given must not be part of the plan."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values, prepare=False)
        return await cursor.fetchall()
