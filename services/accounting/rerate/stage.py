"""Brings new amounts of lines into the table that amendments are posted from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

import numpy as np
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.table import SIGNATURE, TRAILER, Column, rows_of_one_shape
from services.accounting.rerate.lines import Whole
from services.accounting.rerate.prices import Priced
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting", "queries_rerate.sql")
_COLUMNS: LiteralString = (
    "charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no, "
    "price_rule_no, based_on, line, billable, voided"
)
_COPY: Final[LiteralString] = f"COPY pg_temp.staged_amendment ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"


def changed_places(priced: Priced) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Where amounts differ from what is booked. A line whose amounts stay keeps its rule, too."""
    lines = priced.lines
    differs = (priced.cost_micro != lines.cost_micro) | (priced.price_micro != lines.price_micro)
    return np.flatnonzero(differs)


async def stage_changes(connection: AsyncConnection[TupleRow], priced: Priced, rule_numbers: Whole) -> int:
    """Stages the lines of a chunk whose amounts change; how many.

    Args:
        connection: with the table, see amend.open_staging.
        priced: the chunk.
        rule_numbers: of cost and price, by place in the repricer's rules.
    """
    lines, at = priced.lines, changed_places(priced)
    if not len(at):
        return 0
    rules = rule_numbers[priced.rules[at]]
    columns = [
        Column("int8", lines.entry_id[at]),
        Column("timestamptz", lines.occurred_us[at]),
        Column("int8", priced.cost_micro[at], NULL64),
        Column("int8", priced.price_micro[at], NULL64),
        Column("int4", lines.person_no[at]),
        Column("int4", lines.project_no[at]),
        Column("int4", lines.department_no[at]),
        Column("int4", rules[:, 0]),
        Column("int4", rules[:, 1]),
        Column("int4", lines.revision[at]),
        Column("int2", lines.line[at]),
        Column("bool", lines.billable[at]),
        Column("bool", lines.voided[at]),
    ]
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        await copy.write(SIGNATURE)
        for _, rows in rows_of_one_shape(columns, None, 0):
            await copy.write(rows.tobytes())
        await copy.write(TRAILER)
    return len(at)


async def stage_minimums(connection: AsyncConnection[TupleRow], priced: Priced, rule_numbers: Whole) -> int:
    """Adds the lines for minimum charges that jobs lack, with nothing in them, and stages what they come to."""
    missing = priced.missing
    if not missing:
        return 0
    rules = rule_numbers[[each.rules for each in missing]].tolist()
    at: Sequence[int] = [each.at for each in missing]
    await connection.execute(
        QUERIES["add_minimums"],
        {
            "entry_ids": priced.lines.entry_id[at].tolist(),
            "occurred_us": priced.lines.occurred_us[at].tolist(),
            "lines": priced.lines.line[at].tolist(),
            "billable": (priced.lines.billable[at] == 1).tolist(),
            "projects": priced.lines.project_no[at].tolist(),
            "people": priced.lines.person_no[at].tolist(),
            "departments": priced.lines.department_no[at].tolist(),
            "costs": [each.cost_micro for each in missing],
            "prices": [each.price_micro for each in missing],
            "cost_rules": [cost for cost, _ in rules],
            "price_rules": [price for _, price in rules],
        },
    )
    return len(missing)
