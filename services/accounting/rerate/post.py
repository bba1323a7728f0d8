"""Posts changed amounts as amendments, column by column: what amend.post_amendments does of staged rows.

It is for lines that stay where they are and get other amounts. Their states are known from when they were read, so
that none is looked up again: the key of an amendment refuses it where somebody has changed a line since.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import date, datetime
from typing import Any, Final, LiteralString, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import AsyncCopy
from psycopg.abc import PQGen
from psycopg.pq.abc import PGconn
from psycopg.types.json import Jsonb
from psycopg.waiting import WAIT_W

from services.accounting.amend import NewCorrection
from services.accounting.amend.post import BULK_LINES
from services.accounting.amend.sums import QUERIES
from services.accounting.entries import OWN_STREAM, first_entry
from services.accounting.event_codes import ENTRY_KIND
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

Columns = dict[str, npt.NDArray[np.int64]]

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
    ("counted", "int2"),
)
_COPY: Final = f"COPY accounting.amendment ({', '.join(name for name, _ in _COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_ABSENT: Final = {"cost_micro": NULL64, "price_micro": NULL64, "counted": -1}
_MONEY: Final[tuple[LiteralString, ...]] = ("cost_micro", "price_micro", "unpriced_lines")
_KEY_KIND: Final[dict[str, LiteralString]] = {"day": "date", "month": "date", "kind": "int2"}
BYTES_AT_ONCE: Final = 1 << 18
"""What is handed to the connection at once."""


def _moves(rollup: Rollup) -> LiteralString:
    """Moves the money of a rollup on by cells that come as arrays."""
    kinds: list[LiteralString] = [_KEY_KIND.get(key, "int4") for key in rollup.columns]
    arrays: LiteralString = ", ".join([*(f"%b::{kind}[]" for kind in kinds), *("%b::int8[]" for _ in _MONEY)])
    names: LiteralString = ", ".join((*rollup.columns, *_MONEY))
    values: LiteralString = ", ".join(column if column in _MONEY else f"0 AS {column}" for column in VALUES)
    keys: LiteralString = ", ".join(rollup.columns)
    return moved_on(rollup, f"SELECT {keys}, {values} FROM unnest({arrays}) AS u({names})")  # noqa: S608


_MOVES: Final = [(rollup, _moves(rollup)) for rollup in ROLLUPS]


class Posting:
    """One correction whose new states are sent to the server while the lines after them are still being read.

    It begins with the first part. From there to the commit corrections wait for each other, so it should be near.
    Within `async with`, after which nothing is under way any more; the transaction is the caller's.

    Args:
        connection: which nobody else uses before `finish` or `abandon`.
        correction: the head of the change.
    """

    def __init__(self, connection: Connection, correction: NewCorrection) -> None:
        self._connection = connection
        self._correction = correction
        self._head: _Head | None = None
        self._lines = 0
        self._open = AsyncExitStack()
        self._copy: AsyncCopy | None = None
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._copy is not None:
            await self.abandon()

    async def add(self, part: Columns) -> None:
        """Sends the changed lines of one chunk, see Changes; it waits for no more than the part before."""
        if self._head is None:
            self._head = await self._begin()
        columns = self._states(self._head, part)
        await self._sent()
        self._sending = asyncio.create_task(self._send(columns))

    async def finish(self, changes: Changes) -> int:
        """Posts the correction with the sums that `changes`, which are all that was added, move; its number.

        Raises:
            Conflict: a line has another state by now than when it was read.
            TooLarge: sums may not fit 64 bits; abandon it then.
            psycopg.Error: the database.
        """
        head, copy = self._head, self._copy
        assert head is not None  # noqa: S101 - something was added
        assert copy is not None  # noqa: S101 - as before
        columns = changes.columns()
        guard(moved(columns))
        await self._sent()
        await copy.write(TRAILER)
        self._copy = None
        try:
            await self._open.aclose()
        except psycopg.errors.UniqueViolation as error:
            raise Conflict(
                "Some lines were changed by somebody else meanwhile: look at them and try again."
            ) from error
        await self._post_head(head)
        if self._lines >= BULK_LINES:
            await self._connection.execute(QUERIES["summarize"])
        columns["day"] = np.maximum(columns["day"], head.first_open)
        await roll_up(self._connection, columns)
        return head.correction_no

    async def abandon(self) -> None:
        """Takes back all that was sent."""
        if self._sending is not None:
            await asyncio.wait({self._sending})
            self._sending = None
        self._copy = None
        with suppress(_Abandoned):
            error = _Abandoned()
            if not await self._open.__aexit__(_Abandoned, error, None):
                raise error
        await self._connection.rollback()
        self._head, self._lines = None, 0

    async def _begin(self) -> _Head:
        [first_offset] = await _one(self._connection, "lock_own_stream")
        made_at, open_from = await _one(self._connection, "now_and_open")
        [correction_no] = await _one(self._connection, "next_correction")
        cursor = await self._open.enter_async_context(self._connection.cursor())
        self._copy = await self._open.enter_async_context(cursor.copy(_COPY.encode()))
        await self._copy.write(SIGNATURE)
        return _Head(correction_no, first_entry(OWN_STREAM, 0) + first_offset, made_at, open_from)

    def _states(self, head: _Head, part: Columns) -> Columns:
        """The columns of amendments, numbered on."""
        count = len(part["entry_id"])
        first = head.first_entry_id + 2 * self._lines
        self._lines += count
        return part | {
            "charge_entry_id": part["entry_id"],
            "follows_entry_id": part["last_entry_id"],
            "entry_id": first + 2 * np.arange(count),
            "occurred_at": part["occurred_us"],
            "posted_at": np.full(count, (head.made_at - EPOCH) // MICROSECOND),
            "correction_no": np.full(count, head.correction_no),
            "day": np.maximum(part["day"], head.first_open),
            "revision": part["revision"] + 1,
            "amendment_kind": np.full(count, ENTRY_KIND[self._correction.leg_kind]),
            "voided": np.zeros(count, np.int64),
            "counted": part["counted"] - 1,
        }

    async def _send(self, columns: Columns) -> None:
        assert self._copy is not None  # noqa: S101 - begun
        laid_out = [Column(kind, columns[name], _ABSENT.get(name)) for name, kind in _COLUMNS]
        for _, rows in rows_of_one_shape(laid_out, None, 0):
            raw = rows.tobytes()
            for start in range(0, len(raw), BYTES_AT_ONCE):
                await self._copy.write(raw[start : start + BYTES_AT_ONCE])
                await self._connection.wait(_flushed(self._connection.pgconn))

    async def _sent(self) -> None:
        if self._sending is not None:
            # Not awaited itself: whoever is cancelled here leaves the connection in order.
            await asyncio.wait({self._sending})
            self._sending.result()

    async def _post_head(self, head: _Head) -> None:
        await self._connection.execute(QUERIES["take_entries"], {"lines": self._lines})
        correction = self._correction
        values = {
            "correction_no": head.correction_no,
            "kind": correction.kind,
            "actor": correction.actor,
            "reason": correction.reason,
            "undoes": correction.undoes,
            "request": Jsonb(dict(correction.request)),
            "first_entry_id": head.first_entry_id,
            "made_at": head.made_at,
            "open_from": head.open_from,
            "lines": self._lines,
        }
        await self._connection.execute(QUERIES["post_numbered_correction"], values)


class _Head(NamedTuple):
    """What the amendments of a correction have in common, known before how many there are."""

    correction_no: int
    first_entry_id: int
    made_at: datetime
    open_from: date | None

    @property
    def first_open(self) -> np.int32:
        """The first day that is open for booking, since 2000."""
        return np.int32(np.iinfo(np.int32).min if self.open_from is None else (self.open_from - EPOCH.date()).days)


class _Abandoned(Exception):  # noqa: N818 - says what has happened
    """Ends a COPY of which nothing shall stay."""


def _flushed(connection: PGconn) -> PQGen[None]:
    """Waits until the server's socket has taken what was written: else it would pile up here, unsent."""
    while connection.flush():
        yield WAIT_W


async def roll_up(connection: Connection, columns: Columns) -> None:
    """Moves every rollup on by changed amounts, in the order in which every writer locks them."""
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
