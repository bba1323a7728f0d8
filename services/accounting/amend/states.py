"""The states of one ledger line, one after the other: what was charged first, and every later change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from shared import sqlfile
from shared.money import format_micro

QUERIES: Final = sqlfile.load("services.accounting.amend", "queries_states.sql")


class LineState(Struct, frozen=True, kw_only=True):
    """One state of a ledger line; without an amount it is unpriced, and a voided one counts nothing.

    Attributes:
        charge_id: of the ledger line that counts it; of a voided state, that takes the one before back.
        at: when it was posted.
        correction_id: the change that made it, with who made that and why; null of the first state.
        explained: whether this is the state that was asked about.
    """

    charge_id: str
    entry_kind: str
    at: datetime
    day: date
    correction_id: str | None
    actor: str | None
    reason: str | None
    person: str
    project: str
    department: str
    billable: bool
    voided: bool
    cost: str | None
    price: str | None
    explained: bool


async def find_state(connection: AsyncConnection[Any], entry_id: int, line: int) -> dict[str, Any] | None:
    """The charge and the state that a ledger line counts or takes back, by its own entry; see query state_of."""
    found = await _rows(connection, "state_of", {"entry_id": entry_id, "line": line})
    return found[0] if found else None


async def states_of(connection: AsyncConnection[Any], place: Mapping[str, Any]) -> list[LineState]:
    """All states of the charge at a place that find_state told."""
    rows = await _rows(connection, "states", {"entry_id": place["entry_id"], "line": place["line"]})
    return [_state(row, explained=row["revision"] == place["revision"]) for row in rows]


def _state(row: Mapping[str, Any], *, explained: bool) -> LineState:
    names = ("charge_id", "entry_kind", "day", "correction_id", "actor", "reason")
    same = {name: row[name] for name in (*names, "person", "project", "department", "billable", "voided")}
    amounts = {book: row[f"{book}_micro"] for book in ("cost", "price")}
    told: dict[str, Any] = {book: None if each is None else format_micro(each) for book, each in amounts.items()}
    return LineState(at=row["posted_at"], explained=explained, **same, **told)


async def _rows(
    connection: AsyncConnection[Any], query: str, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        return await cursor.fetchall()
