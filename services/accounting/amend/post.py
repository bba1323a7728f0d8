"""Posts amendments set by set: numbers, dates and writes new states, and moves every rollup by what changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from services.accounting.amend.sums import QUERIES, move_sums
from services.accounting.entries import OWN_STREAM, first_entry
from services.accounting.event_codes import ENTRY_KIND
from shared.errors import Conflict, NotFound

BULK_LINES: Final = 10_000
"""From so many lines on, what is written is made quick to find at once."""
CorrectionKind = Literal["correction", "void", "reprice", "undo"]


class NewCorrection(Struct, frozen=True, kw_only=True):
    """The head of a change that is to be made.

    Attributes:
        actor: who makes it.
        request: what was asked for, kept as it came.
        undoes: the correction whose states are taken back, for an undo.
        leg_kind: the entry kind of the legs that count the states after.
    """

    kind: CorrectionKind
    actor: str
    reason: str
    request: Mapping[str, Any]
    undoes: int | None = None
    leg_kind: Literal["correction", "reprice"] = "correction"


class Posted(Struct, frozen=True, kw_only=True):
    """What a change came to.

    Attributes:
        correction_no: its number; None where every line was in its new state already, so that nothing was posted.
        lines: how many lines have a new state.
        unchanged: how many had it already.
        made_at: the moment of its entries.
        open_from: the first day that entries may be booked on; None while no month is closed.
    """

    correction_no: int | None
    lines: int
    unchanged: int
    made_at: datetime
    open_from: date | None


class Found(Struct, frozen=True, kw_only=True):
    """What the staged states would change.

    Attributes:
        lines: how many lines get a new state.
        elsewhere: how many of them change in more than their amounts.
        unchanged: how many are in their new state already.
        made_at: now.
        open_from: see Posted.
    """

    lines: int
    elsewhere: int
    unchanged: int
    made_at: datetime
    open_from: date | None


async def open_staging(connection: AsyncConnection[TupleRow]) -> None:
    """Makes `pg_temp.staged_amendment`, empty; the caller fills it within the same transaction."""
    await connection.execute(QUERIES["stage"])


async def find_changes(connection: AsyncConnection[TupleRow]) -> Found:
    """Compares staged and current states: `pg_temp.changing` has what differs until the transaction ends.

    Where a line that counts its job becomes void, another one that stands is staged to count it.

    Raises:
        Conflict: a line has got another state since the one that its new state was worked out from.
        NotFound: something staged is no line of the ledger.
        psycopg.Error: the database.
    """
    made_at, open_from = await _one(connection, "now_and_open")
    await connection.execute(QUERIES["give_room"])
    await connection.execute(QUERIES["analyze_staged"])
    await _compare(connection, open_from)
    [comes_or_goes] = await _one(connection, "any_comes_or_goes")
    if comes_or_goes:
        await connection.execute(QUERIES["analyze_changes"])
        if (await _one(connection, "stage_counts"))[0]:
            await _compare(connection, open_from)
    lines, elsewhere, changed, unknown, staged = await _one(connection, "count_changes")
    if unknown:
        raise NotFound(f"{unknown} of {staged} lines are not in the ledger.")
    if changed:
        raise Conflict(_changed(changed, staged))
    return Found(lines=lines, elsewhere=elsewhere, unchanged=staged - lines, made_at=made_at, open_from=open_from)


async def _compare(connection: AsyncConnection[TupleRow], open_from: date | None) -> None:
    await connection.execute(QUERIES["forget_changes"])
    await connection.execute(QUERIES["find_changes"], {"open_from": open_from})


async def post_amendments(connection: AsyncConnection[TupleRow], correction: NewCorrection) -> Posted:
    """Posts the new states in `pg_temp.staged_amendment`, one per line, within the caller's transaction.

    Corrections wait for each other from here to the commit, so it should be near. Lines that are in their new
    state already are left out. Both legs of a line are booked on its own day, or on the first open day if that is
    later. `pg_temp.changing` keeps what changed until the transaction ends; see effects_of.

    Raises:
        Conflict, NotFound, psycopg.Error: see find_changes.
    """
    await connection.execute(QUERIES["lock_own_stream"])
    found = await find_changes(connection)
    correction_no = None
    if found.lines:
        head = {"made_at": found.made_at, "open_from": found.open_from, "lines": found.lines}
        correction_no = await _write(connection, correction, head)
        if found.lines >= BULK_LINES:
            await connection.execute(QUERIES["summarize"])
        await move_sums(connection, only_money=not found.elsewhere)
    return Posted(
        correction_no=correction_no,
        lines=found.lines,
        unchanged=found.unchanged,
        made_at=found.made_at,
        open_from=found.open_from,
    )


def _changed(changed: int, staged: int) -> str:
    return (
        f"{changed} of {staged} lines were changed since by another correction: "
        "look at them and try again; to undo an earlier correction, undo the later ones first."
    )


async def _write(connection: AsyncConnection[TupleRow], correction: NewCorrection, head: Mapping[str, Any]) -> int:
    """Takes the entry ids, and writes the correction and its amendments; the correction's number."""
    [offset] = await _one(connection, "take_entries", {"lines": head["lines"]})
    values = {
        **head,
        "kind": correction.kind,
        "actor": correction.actor,
        "reason": correction.reason,
        "undoes": correction.undoes,
        "request": Jsonb(dict(correction.request)),
        "first_entry_id": first_entry(OWN_STREAM, 0) + offset,
        "leg_kind": ENTRY_KIND[correction.leg_kind],
    }
    [correction_no] = await _one(connection, "post_correction", values)
    try:
        await connection.execute(QUERIES["post_amendments"], {**values, "correction_no": correction_no})
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(_changed(1, head["lines"])) from error
    return int(correction_no)


async def _one(
    connection: AsyncConnection[TupleRow], query: str, parameters: Mapping[str, Any] | None = None
) -> TupleRow:
    row = await (await connection.execute(QUERIES[query], parameters)).fetchone()
    assert row is not None  # noqa: S101 - each of these has one row
    return row
