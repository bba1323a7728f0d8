"""What a change comes to: the lines that it touches, before and after, and the months that it is booked in."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.amend.sums import QUERIES

MAX_PROJECTS: Final = 100
"""Projects told of one by one, those whose price moves most; the totals count all of them."""


class Sums(Struct, frozen=True):
    """What some lines count; amounts in micro-units."""

    jobs: int
    lines: int
    cost_micro: int
    price_micro: int
    unpriced_lines: int


class Effect(Struct, frozen=True, kw_only=True):
    """The lines that change, of one project or of all of them, before and after."""

    project: str
    before: Sums
    after: Sums


class MonthEffect(Struct, frozen=True):
    """How many lines are booked in a month."""

    month: str
    lines: int


class Effects(Struct, frozen=True, kw_only=True):
    """What a change comes to in all and by project, and where it is booked."""

    total: Effect
    projects: list[Effect]
    months: list[MonthEffect]


async def effects_of(connection: AsyncConnection[TupleRow]) -> Effects:
    """Sums up `pg_temp.changing`, after find_changes or post_amendments in the same transaction."""
    rows = await (await connection.execute(QUERIES["effect_by_project"], {"limit": MAX_PROJECTS + 1})).fetchall()
    months = await (await connection.execute(QUERIES["effect_by_month"])).fetchall()
    return Effects(
        total=_effect(rows[0]),
        projects=[_effect(row) for row in rows[1:]],
        months=[MonthEffect(*row) for row in months],
    )


def _effect(row: tuple[Any, ...]) -> Effect:
    return Effect(project=row[0] or "", before=Sums(*row[2:7]), after=Sums(*row[7:12]))
