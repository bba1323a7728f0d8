"""Posts changed amounts as amendments, column by column: what amend.post_amendments does of staged rows.

It is for lines that stay where they are and get other amounts. Their states are known from when they were read, so
that none is looked up again: the key of an amendment refuses it where somebody has changed a line since.
"""

from __future__ import annotations

from typing import Any, Final, LiteralString

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.types.json import Jsonb

from services.accounting.amend import NewCorrection
from services.accounting.amend.post import BULK_LINES
from services.accounting.amend.sums import QUERIES
from services.accounting.ledger.codes import ENTRY_KIND
from services.accounting.ledger.entries import OWN_STREAM, first_entry
from services.accounting.ledger.fast.arrays import RAW, register
from services.accounting.ledger.fast.days import month_starts
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.sums import cells, guard
from services.accounting.ledger.fast.table import SIGNATURE, TRAILER, Column, rows_of_one_shape
from services.accounting.rerate.changes import Changes, moved
from services.accounting.rerate.pairs import EPOCH, MICROSECOND
from services.accounting.rerate.session import Connection
from services.accounting.rollups import ROLLUPS, VALUES, Rollup, moved_on
from shared.errors import Conflict

_COLUMNS: Final = (
    ("entry_id", "int8"),
    ("charge_entry_id", "int8"),
    ("follows_entry_id", "int8"),
    ("occurred_at", "timestamptz"),
    ("posted_at", "timestamptz"),
    ("correction_no", "int8"),
    ("cost_micro", "int8"),
    ("price_micro", "int8"),
    ("day", "date"),
    ("person_no", "int4"),
    ("project_no", "int4"),
    ("department_no", "int4"),
    ("cost_rule_no", "int4"),
    ("price_rule_no", "int4"),
    ("revision", "int4"),
    ("line", "int2"),
    ("amendment_kind", "int2"),
    ("unpriced_lines", "int2"),
    ("billable", "bool"),
    ("voided", "bool"),
)
_COPY: Final = f"COPY accounting.amendment ({', '.join(name for name, _ in _COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_MONEY: Final[tuple[LiteralString, ...]] = ("cost_micro", "price_micro", "unpriced_lines")
_KEY_KIND: Final[dict[str, LiteralString]] = {"day": "date", "month": "date", "kind": "int2"}
BYTES_AT_ONCE: Final = 100_000
"""Rows laid out for COPY at once."""


def _moves(rollup: Rollup) -> LiteralString:
    """Moves the money of a rollup on by cells that come as arrays."""
    kinds: list[LiteralString] = [_KEY_KIND.get(key, "int4") for key in rollup.columns]
    arrays: LiteralString = ", ".join([*(f"%b::{kind}[]" for kind in kinds), *("%b::int8[]" for _ in _MONEY)])
    names: LiteralString = ", ".join((*rollup.columns, *_MONEY))
    values: LiteralString = ", ".join(column if column in _MONEY else f"0 AS {column}" for column in VALUES)
    keys: LiteralString = ", ".join(rollup.columns)
    return moved_on(rollup, f"SELECT {keys}, {values} FROM unnest({arrays}) AS u({names})")  # noqa: S608


_MOVES: Final = [(rollup, _moves(rollup)) for rollup in ROLLUPS]


async def post_changes(connection: Connection, correction: NewCorrection, changes: Changes) -> int:
    """Posts new amounts within the caller's transaction; the number of the correction.

    Corrections wait for each other from here to the commit, so it should be near.

    Raises:
        Conflict: a line has another state by now than when it was read.
        TooLarge: sums may not fit 64 bits.
        psycopg.Error: the database.
    """
    columns = changes.columns()
    guard(moved(columns))
    await connection.execute(QUERIES["lock_own_stream"])
    made_at, open_from = await _one(connection, "now_and_open")
    if open_from is not None:
        first = (open_from - EPOCH.date()).days
        columns["day"] = np.maximum(columns["day"], np.int32(first))
    [offset] = await _one(connection, "take_entries", {"lines": len(changes)})
    head = {
        "kind": correction.kind,
        "actor": correction.actor,
        "reason": correction.reason,
        "undoes": correction.undoes,
        "request": Jsonb(dict(correction.request)),
        "first_entry_id": first_entry(OWN_STREAM, 0) + offset,
        "made_at": made_at,
        "open_from": open_from,
        "lines": len(changes),
    }
    [correction_no] = await _one(connection, "post_correction", head)
    count = len(changes)
    columns |= {
        "charge_entry_id": columns["entry_id"],
        "follows_entry_id": columns["last_entry_id"],
        "entry_id": head["first_entry_id"] + 2 * np.arange(count),
        "occurred_at": columns["occurred_us"],
        "posted_at": np.full(count, (made_at - EPOCH) // MICROSECOND),
        "correction_no": np.full(count, correction_no),
        "revision": columns["revision"] + 1,
        "amendment_kind": np.full(count, ENTRY_KIND[correction.leg_kind]),
        "voided": np.zeros(count, np.int64),
    }
    await _copy(connection, columns, count)
    if count >= BULK_LINES:
        await connection.execute(QUERIES["summarize"])
    await _roll_up(connection, columns)
    return int(correction_no)


async def _copy(connection: Connection, columns: dict[str, npt.NDArray[np.int64]], count: int) -> None:
    try:
        async with connection.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
            await copy.write(SIGNATURE)
            for start in range(0, count, BYTES_AT_ONCE):
                part = slice(start, start + BYTES_AT_ONCE)
                laid_out = [
                    Column(kind, columns[name][part], NULL64 if name in _MONEY[:2] else None)
                    for name, kind in _COLUMNS
                ]
                for _, rows in rows_of_one_shape(laid_out, None, 0):
                    await copy.write(rows.tobytes())
            await copy.write(TRAILER)
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(
            "Some lines were changed by somebody else meanwhile: look at them and try again."
        ) from error


async def _roll_up(connection: Connection, columns: dict[str, npt.NDArray[np.int64]]) -> None:
    """Moves every rollup on, in the order in which every writer locks them."""
    register(connection)
    values = moved(columns)
    columns["month"] = month_starts(columns["day"])
    for rollup, statement in _MOVES:
        keys, totals = cells([columns[name] for name in rollup.columns], values)
        kinds = [_KEY_KIND.get(key, "int4") for key in rollup.columns]
        arrays = [RAW[kind](key) for kind, key in zip(kinds, keys, strict=True)]
        await connection.execute(statement, [*arrays, *(RAW["int8"](column) for column in totals.T)])


async def _one(connection: Connection, query: str, parameters: dict[str, Any] | None = None) -> Any:
    row = await (await connection.execute(QUERIES[query], parameters)).fetchone()
    assert row is not None  # noqa: S101 - each of these has one row
    return row
