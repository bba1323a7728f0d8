"""Recounts the rollups from the ledger: compares them cell by cell, or makes them anew."""

from __future__ import annotations

from typing import Any, Final, LiteralString

from msgspec import Struct
from psycopg import Connection
from psycopg.rows import TupleRow

from services.accounting.rollups import ROLLUPS, VALUES, Rollup, by_sets, part_of, summed
from shared import sqlfile
from shared.postgres import connect

MAX_EXAMPLES: Final = 10
_QUERIES: Final = sqlfile.load("services.accounting", "queries_verify.sql")
_RECOUNT: Final = by_sets(_QUERIES["recount"])


class Finding(Struct, frozen=True):
    """One thing that was checked: what it is, how many rows are wrong, and some of them in words."""

    check: str
    wrong: int
    examples: list[str]


class VerifyReport(Struct, frozen=True):
    """What a check of the whole ledger found."""

    ok: bool
    jobs: int
    lines: int
    amendments: int
    findings: list[Finding]


def verify(url: str) -> VerifyReport:
    """Checks ledger and rollups against each other, all in one snapshot, while the writer may go on.

    Raises:
        ConfigError: the address is wrong.
        Unreachable: no database answers.
    """
    with connect(url, name="inkmeter-verify") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute(_QUERIES["prepare"])
        connection.execute(_RECOUNT)
        counted = connection.execute(_QUERIES["verify_counts"]).fetchone()
        findings = [_rollup(connection, each) for each in ROLLUPS]
        findings += [_rows(connection, check) for check in _QUERIES if check.startswith("verify_no_")]
    assert counted is not None  # noqa: S101 - an aggregate has one row
    jobs, lines, amendments = counted
    return VerifyReport(not any(each.wrong for each in findings), jobs, lines, amendments, findings)


def rebuild(url: str) -> int:
    """Makes all rollups anew from the ledger in one transaction; writers wait meanwhile, readers do not.

    Returns:
        How many cells there are now.
    """
    cells = 0
    with connect(url, name="inkmeter-rebuild") as connection:
        connection.execute(_QUERIES["rebuild_lock"])
        connection.execute(_QUERIES["prepare"])
        connection.execute(_RECOUNT)
        for rollup in ROLLUPS:
            delete: LiteralString = f"DELETE FROM {rollup.table}"  # noqa: S608
            columns: LiteralString = ", ".join((*rollup.columns, *VALUES))
            # In the order in which they come, day by day: a period's cells lie together in a few pages.
            order: LiteralString = ", ".join(rollup.columns)
            insert: LiteralString = f"INSERT INTO {rollup.table} ({columns}) {_recounted(rollup)} ORDER BY {order}"
            connection.execute(delete)
            cells += connection.execute(insert).rowcount
    return cells


def _recounted(rollup: Rollup) -> LiteralString:
    """A query for the cells of a rollup as they should be."""
    return summed(rollup, part_of(rollup, "pg_temp.recounted"))


def _rollup(connection: Connection[TupleRow], rollup: Rollup) -> Finding:
    """Compares every cell; a cell that is only on one side counts as wrong unless it holds nothing but zeros."""
    keys = rollup.columns
    on = " AND ".join(f"r.{key} = l.{key}" for key in keys)
    both = ", ".join(f"coalesce(r.{key}, l.{key})" for key in keys)
    sides = ", ".join(f"coalesce(r.{value}, 0), coalesce(l.{value}, 0)" for value in VALUES)
    differs = " OR ".join(f"coalesce(r.{value}, 0) <> coalesce(l.{value}, 0)" for value in VALUES)
    query: LiteralString = (
        f"SELECT count(*) OVER (), {both}, {sides} FROM {rollup.table} AS r "  # noqa: S608
        f"FULL JOIN ({_recounted(rollup)}) AS l ON {on} "
        f"WHERE {differs} ORDER BY 2 LIMIT {MAX_EXAMPLES}"
    )
    rows = connection.execute(query).fetchall()
    return Finding(
        rollup.table.removeprefix("accounting."),
        rows[0][0] if rows else 0,
        [_cell(keys, row) for row in rows],
    )


def _cell(keys: tuple[str, ...], row: tuple[Any, ...]) -> str:
    """One differing cell in words."""
    where = ", ".join(f"{key} {value}" for key, value in zip(keys, row[1:], strict=False))
    sides = row[1 + len(keys) :]
    differing = [
        f"{value} {sides[2 * index]} instead of {sides[2 * index + 1]}"
        for index, value in enumerate(VALUES)
        if sides[2 * index] != sides[2 * index + 1]
    ]
    return f"{where}: {', '.join(differing)}"


def _rows(connection: Connection[TupleRow], check: str) -> Finding:
    """Runs a check of the query file: every row that it answers is wrong, told in its first column."""
    cursor = connection.execute(_QUERIES[check])
    rows = cursor.fetchall()
    return Finding(check.removeprefix("verify_no_"), len(rows), [str(row[0]) for row in rows[:MAX_EXAMPLES]])
