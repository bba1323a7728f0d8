"""The store of budgets, with every state that each ever had, and what was charged against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.accounting.budgets.budget import Budget, OwnerKind, Use, Window, charged_part, holds, window_of
from shared import sqlfile
from shared.errors import Conflict, NotFound
from shared.http.conditions import require_match
from shared.postgres import Pool, classified

QUERIES: Final = sqlfile.load("services.accounting.budgets", "queries.sql")
MAX_HISTORY: Final = 1_000


class StoredBudget(Budget, frozen=True, kw_only=True):
    """A budget as the store has it."""

    revision: int
    changed_at: datetime
    changed_by: str

    @property
    def etag(self) -> str:
        """Names this very state (RFC 9110, section 8.8.3)."""
        return f'"{self.id}-{self.revision}"'


class PastBudget(StoredBudget, frozen=True, kw_only=True):
    """One state of a budget's history."""

    removed: bool


class BudgetUse(Struct, frozen=True):
    """A budget's window with what was charged and is held in it."""

    window: Window
    use: Use


class Budgets:
    """Budgets in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def page(
        self,
        *,
        after: int,
        limit: int,
        owner_kind: OwnerKind | None = None,
        owner: str | None = None,
        active: bool | None = None,
    ) -> list[StoredBudget]:
        """A page by id."""
        with classified():
            async with self.pool.connection() as connection:
                return await _all(
                    connection,
                    "list_budgets",
                    after=after,
                    limit=limit,
                    owner_kind=owner_kind,
                    owner=owner,
                    active=active,
                )

    async def get(self, budget_id: int) -> StoredBudget:
        """One of them.

        Raises:
            NotFound: there is none.
        """
        with classified():
            async with self.pool.connection() as connection:
                return await _one(connection, "get_budget", budget_id)

    async def create(
        self, connection: AsyncConnection[Any], values: Mapping[str, Any], *, by: str
    ) -> StoredBudget:
        """Makes one, without committing.

        Raises:
            Conflict: the owner has one of that period from that day on.
        """
        made = await _all(connection, "add_budget", **values, changed_by=by)
        if not made:
            raise Conflict(_there_is_one(values))
        return made[0]

    async def change(
        self, budget_id: int, values: Mapping[str, Any], *, by: str, if_match: str | None = None
    ) -> StoredBudget:
        """Changes one; writing what is there already changes nothing.

        Raises:
            NotFound: there is none. PreconditionFailed: it is another by now than the one that was read.
            Conflict: the owner has another of that period from that day on.
        """
        with classified():
            async with self.pool.connection() as connection:
                found = await _locked(connection, budget_id, if_match)
                if all(getattr(found, name) == value for name, value in _typed(values).items()):
                    return found
                try:
                    changed = await _all(connection, "change_budget", id=budget_id, **values, changed_by=by)
                except psycopg.errors.UniqueViolation as error:
                    raise Conflict(_there_is_one({**values, "owner": found.owner})) from error
                return changed[0]

    async def remove(self, budget_id: int, *, by: str, if_match: str | None = None) -> None:
        """Removes one; its history stays.

        Raises:
            NotFound: there is none. PreconditionFailed: it is another by now than the one that was read.
        """
        with classified():
            async with self.pool.connection() as connection:
                await _locked(connection, budget_id, if_match)
                await connection.execute(QUERIES["remove_budget"], {"id": budget_id, "changed_by": by})

    async def history(self, budget_id: int) -> list[PastBudget]:
        """Every state of one, the newest first.

        Raises:
            NotFound: there never was one.
        """
        with classified():
            async with self.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(QUERIES["budget_history"], {"id": budget_id, "limit": MAX_HISTORY})
                found = [PastBudget(**_typed(row)) for row in await cursor.fetchall()]
        if not found:
            raise _none(budget_id)
        return found

    async def uses(self, budgets: Sequence[Budget], day: date, *, today: date) -> dict[int, BudgetUse]:
        """What was charged against each in the window that a day lies in; see load_uses."""
        with classified():
            async with self.pool.connection() as connection:
                return await load_uses(connection, budgets, day, today=today)


async def load_budgets(connection: AsyncConnection[Any]) -> list[Budget]:
    """All active budgets, whether or not they are valid today; see budgets.is_valid and budgets.window_of.

    Raises:
        psycopg.Error: the database.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES["load_budgets"])
        return [Budget(**_typed(row)) for row in await cursor.fetchall()]


async def budgets_revision(connection: AsyncConnection[Any]) -> int:
    """Counts up with every change of any budget: while it stays, load_budgets would answer the same.

    Raises:
        psycopg.Error: the database.
    """
    row = await (await connection.execute(QUERIES["budget_revision"])).fetchone()
    return int(row[0]) if row else 0


async def load_uses(
    connection: AsyncConnection[Any], budgets: Iterable[Budget], day: date, *, today: date
) -> dict[int, BudgetUse]:
    """What was charged against each budget by the ledger's rollups, in the window that a day lies in.

    What is held for jobs to come counts in the window that holds today.

    Raises:
        psycopg.Error: the database.
    """
    windows = {each.id: (each, window_of(each, day)) for each in budgets}
    if not windows:
        return {}
    row = await (await connection.execute(QUERIES["charged_span"])).fetchone()
    first, end = row if row and row[0] else (day, day)
    asked = [
        (budget.id, budget.owner_kind, budget.owner, *charged_part(window, first, end))
        for budget, window in windows.values()
    ]
    names = ("ids", "owner_kinds", "owners", "first_days", "end_days")
    columns = dict(zip(names, map(list, zip(*asked, strict=True)), strict=True))
    used = dict(await (await connection.execute(QUERIES["budgets_used"], columns)).fetchall())
    held = dict(await (await connection.execute(QUERIES["budgets_reserved"], columns)).fetchall())
    return {
        number: BudgetUse(window, Use(used.get(number, 0), held.get(number, 0) if holds(window, today) else 0))
        for number, (_, window) in windows.items()
    }


async def _all(connection: AsyncConnection[Any], query: str, **parameters: Any) -> list[StoredBudget]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        return [StoredBudget(**_typed(row)) for row in await cursor.fetchall()]


async def _one(connection: AsyncConnection[Any], query: str, budget_id: int) -> StoredBudget:
    found = await _all(connection, query, id=budget_id)
    if not found:
        raise _none(budget_id)
    return found[0]


async def _locked(connection: AsyncConnection[Any], budget_id: int, if_match: str | None) -> StoredBudget:
    found = await _one(connection, "lock_budget", budget_id)
    require_match(if_match, found.etag, f"budget {budget_id}")
    return found


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "thresholds": tuple(row["thresholds"])}


def _none(budget_id: int) -> NotFound:
    return NotFound(f"There is no budget {budget_id}.")


def _there_is_one(values: Mapping[str, Any]) -> str:
    since = values["valid_from"]
    return (
        f"{values['owner']} has a budget by {values['period']} from {since or 'the beginning'} on already: "
        "change that one, or let it end and begin the new one on another day."
    )
