"""Brings new amounts of lines into the table that amend.post_amendments posts from, with new minimum charges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

import numpy as np
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.amend.minimums import QUERIES
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.table import SIGNATURE, TRAILER, Column, rows_of_one_shape
from services.accounting.rerate.changes import Changes
from services.accounting.rerate.lines import Whole
from services.accounting.rerate.pairs import EPOCH, MICROSECOND
from services.accounting.rerate.prices import Priced

_COLUMNS: LiteralString = (
    "charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no, "
    "price_rule_no, based_on, line, billable, voided"
)
_COPY: Final[LiteralString] = f"COPY pg_temp.staged_amendment ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"


async def stage_changes(connection: AsyncConnection[TupleRow], changes: Changes) -> None:
    """Stages new states; the table is there, see amend.open_staging."""
    of = changes.columns()
    columns = [
        Column("int8", of["entry_id"]),
        Column("timestamptz", of["occurred_us"]),
        Column("int8", of["cost_micro"], NULL64),
        Column("int8", of["price_micro"], NULL64),
        Column("int4", of["person_no"]),
        Column("int4", of["project_no"]),
        Column("int4", of["department_no"]),
        Column("int4", of["cost_rule_no"]),
        Column("int4", of["price_rule_no"]),
        Column("int4", of["revision"]),
        Column("int2", of["line"]),
        Column("bool", of["billable"]),
        Column("bool", np.zeros(len(changes), np.int64)),
    ]
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        await copy.write(SIGNATURE)
        for _, rows in rows_of_one_shape(columns, None, 0):
            await copy.write(rows.tobytes())
        await copy.write(TRAILER)


async def stage_minimums(connection: AsyncConnection[TupleRow], priced: Priced, rule_numbers: Whole) -> None:
    """Adds the lines for minimum charges that jobs lack, with nothing in them, and stages what they come to."""
    missing = priced.missing
    if not missing:
        return
    rules = rule_numbers[[each.rules for each in missing]].tolist()
    at: Sequence[int] = [each.at for each in missing]
    await connection.execute(
        QUERIES["add_minimums"],
        {
            "entries": priced.lines.entry_id[at].tolist(),
            "moments": [EPOCH + int(moment) * MICROSECOND for moment in priced.lines.occurred_us[at]],
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
