"""Finds the budgets of all that something is charged to: person, project, department and customer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.accounting.budgets.budget import Budget
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting.budgets", "queries_owners.sql")

Owner = tuple[str, str]
"""Kind and code."""


async def charged_along(
    connection: AsyncConnection[Any], *, projects: Collection[str], people: Collection[str]
) -> set[Owner]:
    """The customers of projects and the departments of people.

    Raises:
        psycopg.Error: the database.
    """
    parameters = {"projects": list(projects), "people": list(people)}
    rows = await (await connection.execute(QUERIES["owners"], parameters)).fetchall()
    return {(kind, code) for kind, code in rows}


async def budgets_of(connection: AsyncConnection[Any], owners: Collection[Owner]) -> list[Budget]:
    """The active budgets of some owners, whether or not they are valid today; those without a code have none.

    Raises:
        psycopg.Error: the database.
    """
    asked = sorted(owner for owner in owners if owner[1])
    columns = {"kinds": [kind for kind, _ in asked], "codes": [code for _, code in asked]}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES["budgets_of"], columns)
        return [Budget(**{**row, "thresholds": tuple(row["thresholds"])}) for row in await cursor.fetchall()]
