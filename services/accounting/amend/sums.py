"""Moves every rollup by what amendments change: one pass over the lines, then a few cells for each rollup."""

from __future__ import annotations

from typing import Final, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.rollups import ROLLUPS, Rollup, moved_on, summed
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting", "queries_amend.sql")
MONEY: Final[tuple[LiteralString, ...]] = ("cost_micro", "price_micro", "unpriced_lines")
_KEYS: Final[tuple[LiteralString, ...]] = tuple(dict.fromkeys(key for each in ROLLUPS for key in each.keys))


def _with_sets(statement: LiteralString) -> LiteralString:
    """A statement that groups by the keys of each rollup, and the day."""
    sets: LiteralString = ", ".join(f"(day, {', '.join(keys)})" for keys in dict.fromkeys(r.keys for r in ROLLUPS))
    return statement.replace("{keys}", ", ".join(_KEYS)).replace("{sets}", sets)


def _move(rollup: Rollup, table: LiteralString, only: tuple[LiteralString, ...] | None) -> LiteralString:
    """Moves one rollup by its set of cells: GROUPING has a bit for each key that a set lacks, the first on top."""
    set_no = sum(1 << at for at, key in enumerate(reversed(_KEYS)) if key not in rollup.keys)
    source: LiteralString = f"(SELECT * FROM {table} WHERE set_no = {set_no}) AS part"  # noqa: S608
    return moved_on(rollup, summed(rollup, source, only=only))


_MONEY_CELLS: Final = _with_sets(QUERIES["money_cells"])
_LEG_CELLS: Final = _with_sets(QUERIES["leg_cells"])
_MONEY_MOVES: Final = [_move(each, "pg_temp.money_cell", MONEY) for each in ROLLUPS]
_LEG_MOVES: Final = [_move(each, "pg_temp.leg_cell", None) for each in ROLLUPS]


async def move_sums(connection: AsyncConnection[TupleRow], *, only_money: bool, elsewhere: bool) -> None:
    """Moves every rollup on by `pg_temp.changing`, in the order in which every writer locks them.

    Args:
        connection: within the transaction that made it.
        only_money: there are lines that change nothing but amounts.
        elsewhere: there are lines that change in more.
    """
    await connection.execute(QUERIES["forget_cells"])
    if only_money:
        await connection.execute(_MONEY_CELLS)
    if elsewhere:
        await connection.execute(_LEG_CELLS)
    for money, legs in zip(_MONEY_MOVES, _LEG_MOVES, strict=True):
        if only_money:
            await connection.execute(money)
        if elsewhere:
            await connection.execute(legs)
