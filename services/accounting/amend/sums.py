"""Moves every rollup by what amendments change: one pass over the lines, then a few cells for each rollup."""

from __future__ import annotations

from typing import Final, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.rollups import ROLLUPS, by_sets, moved_on, part_of, summed
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting.amend", "queries.sql")
MONEY: Final[tuple[LiteralString, ...]] = ("cost_micro", "price_micro", "unpriced_lines")
_MONEY_CELLS: Final = by_sets(QUERIES["money_cells"])
_LEG_CELLS: Final = by_sets(QUERIES["leg_cells"])
_MONEY_MOVES: Final = [
    moved_on(each, summed(each, part_of(each, "pg_temp.money_cell"), only=MONEY)) for each in ROLLUPS
]
_LEG_MOVES: Final = [moved_on(each, summed(each, part_of(each, "pg_temp.leg_cell"))) for each in ROLLUPS]


async def move_sums(connection: AsyncConnection[TupleRow], *, only_money: bool) -> None:
    """Moves every rollup on by `pg_temp.changing`, in the order in which every writer locks them.

    Args:
        connection: within the transaction that made it.
        only_money: no line changes in more than its amounts, which is less to sum up.
    """
    await connection.execute(QUERIES["forget_cells"])
    await connection.execute(_MONEY_CELLS if only_money else _LEG_CELLS)
    for statement in _MONEY_MOVES if only_money else _LEG_MOVES:
        await connection.execute(statement)
