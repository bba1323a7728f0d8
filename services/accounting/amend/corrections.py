"""Corrections in PostgreSQL: chooses lines, previews or posts their new states, and reads back what was done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from msgspec import UNSET, Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, dict_row

from services.accounting.amend.effects import Effects, effects_of
from services.accounting.amend.minimums import follow
from services.accounting.amend.post import (
    CorrectionKind,
    Found,
    NewCorrection,
    Posted,
    find_changes,
    open_staging,
    post_amendments,
)
from services.accounting.amend.request import Change, CorrectionRequest, check, recorded
from services.accounting.amend.sums import QUERIES as AMEND_QUERIES
from services.accounting.filters import PLACE, LineFilters, period_of, where
from shared import sqlfile
from shared.clock import Clock
from shared.errors import Conflict, NotFound
from shared.postgres import Pool, classified

QUERIES: Final = sqlfile.load("services.accounting.amend", "queries_corrections.sql")
TIMEOUT_S: Final = 300
"""A bulk correction may take longer than other requests: 800,000 lines take half a minute."""
NONE: Final = "There is no correction {}: see `inkmeter accounting corrections` or GET /v1/corrections."
MAX_ENTRY_ID: Final = (1 << 63) - 1
Connection = AsyncConnection[TupleRow]
_DIMENSIONS: Final = ("person", "project", "department")


class Done(Struct, frozen=True, kw_only=True):
    """What a request did, or would do on a dry run: then there is no number."""

    kind: CorrectionKind
    correction_no: int | None
    lines: int
    unchanged: int
    made_at: datetime
    effects: Effects


class Corrections:
    """Corrections of ledger lines; every method is one transaction, but `make` is part of the caller's."""

    def __init__(self, pool: Pool, clock: Clock, *, timezone: str) -> None:
        self._pool = pool
        self._clock = clock
        self._timezone = timezone

    async def make(self, connection: Connection, request: CorrectionRequest, *, actor: str) -> Done:
        """Makes a correction within the caller's transaction; after a dry run that is to be rolled back.

        Raises:
            Invalid: the request is unclear.
            NotFound: a charge or the correction to undo is not there.
            Conflict: a line was changed meanwhile, the project is closed, or other lines than expected change.
        """
        check(request)
        await connection.execute(QUERIES["limit_time"], {"timeout_ms": TIMEOUT_S * 1_000})
        await open_staging(connection)
        new = await self._stage(connection, request, actor)
        if request.dry_run:
            found: Found | Posted = await find_changes(connection)
        else:
            found = await post_amendments(connection, new)
        if request.expect_lines not in {None, found.lines}:
            raise Conflict(f"{found.lines} lines would change, not {request.expect_lines}: nothing was done.")
        return Done(
            kind=new.kind,
            correction_no=found.correction_no if isinstance(found, Posted) else None,
            lines=found.lines,
            unchanged=found.unchanged,
            made_at=found.made_at,
            effects=await effects_of(connection),
        )

    async def page(self, **wanted: Any) -> list[dict[str, Any]]:
        """Corrections, the newest first; see the query list_corrections."""
        nothing = dict.fromkeys(("before", "no", "kind", "actor", "start", "end"))
        with classified():
            async with self._pool.connection() as connection:
                return await _rows(connection, "list_corrections", nothing | wanted)

    async def get(self, correction_no: int) -> dict[str, Any]:
        """One correction.

        Raises:
            NotFound: there is none of that number.
        """
        found = await self.page(no=correction_no, limit=1)
        if not found:
            raise NotFound(NONE.format(correction_no))
        return found[0]

    async def entries(self, correction: Mapping[str, Any], *, start: int, limit: int) -> list[dict[str, Any]]:
        """The amendments of a correction from the one at `start` on, counted from 0."""
        first = correction["first_entry_id"]
        end = min(start + limit, correction["lines"])
        wanted = {"first": first + 2 * start, "end": first + 2 * end}
        with classified():
            async with self._pool.connection() as connection:
                return await _rows(connection, "list_entries", wanted)

    async def _stage(self, connection: Connection, request: CorrectionRequest, actor: str) -> NewCorrection:
        """Stages the new states; the head of the correction that they make."""
        kind: CorrectionKind = "void" if request.void else "correction"
        head: dict[str, Any] = {"actor": actor, "reason": request.reason.strip(), "request": recorded(request)}
        if isinstance(request.undo, str):
            undone = await _undone(connection, int(request.undo))
            await connection.execute(QUERIES["stage_undo"], undone)
            await follow(connection, undone=undone, dry_run=request.dry_run)
            leg_kind: Any = "reprice" if undone["kind"] == "reprice" else "correction"
            return NewCorrection(kind="undo", undoes=undone["correction_no"], leg_kind=leg_kind, **head)
        change = request.change if isinstance(request.change, Change) else Change()
        numbers = await _numbers(connection, change)
        if not request.force:
            await _refuse_closed(connection, change)
        condition, parameters = await self._condition(connection, request)
        billable = None if change.billable is UNSET else change.billable
        values = {**numbers, **parameters, "billable": billable, "voided": request.void}
        await connection.execute(QUERIES["stage_change"].replace(PLACE, condition), values)
        if request.void:
            await follow(connection, named=_names_minimums(request), dry_run=request.dry_run)
        else:
            await connection.execute(AMEND_QUERIES["analyze_staged"])
            await connection.execute(QUERIES["stage_minimums"], values)
        return NewCorrection(kind=kind, **head)

    async def _condition(
        self, connection: Connection, request: CorrectionRequest
    ) -> tuple[LiteralString, dict[str, Any]]:
        """Which lines, as a condition on accounting.current_line AS c."""
        if isinstance(request.filter, LineFilters):
            period = period_of(request.filter, now=self._clock.now(), timezone=self._timezone)
            found = where(request.filter, period)
            return found.sql, found.parameters
        if isinstance(request.jobs, list):
            await _refuse_unknown(connection, request.jobs)
            # By the job's entry, as charges have no index on the job's id.
            condition: LiteralString = (
                "(c.entry_id, c.occurred_at) IN (SELECT j.entry_id, j.completed_at FROM accounting.job AS j "
                "WHERE j.job_id = ANY (%(jobs)s))"
            )
            return condition, {"jobs": request.jobs}
        entries, lines = await _places(connection, list(request.charges or ()))
        condition = "(c.entry_id, c.line) IN (SELECT * FROM unnest(%(entries)s::bigint[], %(lines)s::smallint[]))"
        return condition, {"entries": entries, "lines": lines}


def _names_minimums(request: CorrectionRequest) -> bool:
    """Whether minimum charges are among what is asked for by name, and not only because a filter found them."""
    of_filter = request.filter.entry_kind if isinstance(request.filter, LineFilters) else ()
    return request.charges is not UNSET or "minimum" in of_filter


async def _places(connection: Connection, charges: list[str]) -> tuple[list[int], list[int]]:
    """The entries and line numbers that charge ids mean.

    Raises:
        NotFound: one of them is not in the ledger.
    """
    asked = [tuple(int(part) for part in each.split(".")) for each in charges]
    known = [(entry, line) for entry, line in asked if entry <= MAX_ENTRY_ID and line < 1 << 15]
    wanted = {"entries": [entry for entry, _ in known], "lines": [line for _, line in known]}
    rows = await (await connection.execute(QUERIES["line_places"], wanted)).fetchall()
    places = {(entry, line): charge for entry, line, charge in rows if charge is not None}
    for text, place in zip(charges, asked, strict=True):
        if place not in places:
            raise NotFound(f"There is no charge {text!r}: take its id from GET /v1/charges.", pointer="/charges")
    return [places[place] for place in places], [line for _, line in places]


async def _refuse_unknown(connection: Connection, jobs: list[UUID]) -> None:
    """Raises NotFound for a job that is not in the ledger."""
    row = await (await connection.execute(QUERIES["unknown_job"], {"jobs": jobs})).fetchone()
    if row:
        raise NotFound(f"There is no job {row[0]}: take its id from GET /v1/jobs.", pointer="/jobs")


async def _undone(connection: Connection, correction_no: int) -> dict[str, Any]:
    """The correction that is to be undone.

    Raises:
        NotFound: there is none of that number.
        Conflict: it was undone already.
    """
    nothing = dict.fromkeys(("before", "kind", "actor", "start", "end"))
    rows = await _rows(connection, "list_corrections", {**nothing, "no": correction_no, "limit": 1})
    if not rows:
        raise NotFound(NONE.format(correction_no), pointer="/undo")
    if rows[0]["undone_by"] is not None:
        raise Conflict(f"Correction {correction_no} was undone already, by {rows[0]['undone_by']}.")
    return rows[0]


async def _numbers(connection: Connection, change: Change) -> dict[str, int | None]:
    """The numbers of the keys that a change names, made where they are new; None for what stays."""
    found: dict[str, int | None] = {}
    for name in _DIMENSIONS:
        key, number = getattr(change, name), f"{name}_no"
        found[number] = None
        if key is not UNSET:
            found[number] = (await _rows(connection, number, {"key": key}))[0][number]
    return found


async def _refuse_closed(connection: Connection, change: Change) -> None:
    """Raises Conflict for a project or department that is known as not active."""
    named = {name: getattr(change, name) or None for name in ("project", "department")}
    rows = await _rows(connection, "known_as_closed", named)
    if rows:
        told = " and ".join(f"{row['kind']} {row['code']!r}" for row in rows)
        raise Conflict(f"Not active: {told}. Repeat it with `force` to charge it all the same.")


async def _rows(connection: Connection, query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        return await cursor.fetchall()
