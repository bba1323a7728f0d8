"""Moves the rollups on by a batch's charges: sums by numpy, sent as arrays; those of months follow from days."""

from __future__ import annotations

from typing import Any, Final, LiteralString

import numpy as np
import numpy.typing as npt
from psycopg import Connection
from psycopg.rows import TupleRow

from services.accounting.ledger.columns import NULLABLE
from services.accounting.ledger.fast import sums
from services.accounting.ledger.fast.arrays import RAW
from services.accounting.ledger.fast.days import month_starts
from services.accounting.ledger.fast.layout import Columns
from services.accounting.rollups import ROLLUPS, SUMS, VALUES, Rollup, moved_on

_KEY_KIND: Final = {"day": "date", "month": "date", "kind": "int2"}

Cells = tuple[list[sums.Column], npt.NDArray[np.int64]]
"""Keys, a column each, and sums, a row for each cell; see sums.cells."""


def _roll_up(rollup: Rollup) -> LiteralString:
    """Moves a rollup on by cells that come as arrays."""
    kinds = [*_kinds(rollup), *(["int8"] * len(VALUES))]
    arrays: LiteralString = ", ".join(f"%b::{kind}[]" for kind in kinds)
    names: LiteralString = ", ".join((*rollup.columns, *VALUES))
    return moved_on(rollup, f"SELECT * FROM unnest({arrays}) AS u({names})")  # noqa: S608


def _kinds(rollup: Rollup) -> list[str]:
    """The types of a rollup's key columns."""
    return [_KEY_KIND.get(key, "int4") for key in rollup.columns]


_ROLL_UP: Final = [(rollup, _roll_up(rollup)) for rollup in ROLLUPS]


def roll_up(connection: Connection[TupleRow], cells: list[list[Any]]) -> None:
    """Moves every rollup on, in the order in which all writers lock them.

    Raises:
        psycopg.Error: the database.
    """
    for (_, statement), arrays in zip(_ROLL_UP, cells, strict=True):
        connection.execute(statement, arrays)


def cells_of(charges: Columns) -> list[list[Any]]:
    """What charges add to each rollup, as parameters of its statement.

    Raises:
        TooLarge: the sums may not fit 64 bits.
    """
    values = np.empty((len(VALUES), len(charges["day"])), np.int64).T
    for index, (_, of) in enumerate(SUMS, start=1):
        column = charges[of]
        values[:, index] = column
        if of in NULLABLE:
            values[column == np.iinfo(column.dtype).min, index] = 0
    values[:, 0] = charges["jobs"]
    sums.guard(values)
    found: dict[tuple[Any, ...], Cells] = {}
    for rollup in sorted(ROLLUPS, key=lambda each: each.grain):
        values[:, 0] = charges[rollup.counts]
        days = found.get(("day", rollup.keys, rollup.counts))
        found[rollup.grain, rollup.keys, rollup.counts] = _cells(rollup, charges, values, days)
    return [_parameters(each, *found[each.grain, each.keys, each.counts]) for each in ROLLUPS]


def _cells(rollup: Rollup, charges: Columns, values: npt.NDArray[np.int64], days: Cells | None) -> Cells:
    """The cells of one rollup; those of `days` are of the same keys and have fewer rows than the charges."""
    if rollup.grain == "day":
        return sums.cells([charges[name] for name in rollup.columns], values)
    [of_days, *keys], totals = days or ([charges[name] for name in ("day", *rollup.keys)], values)
    return sums.cells([month_starts(of_days), *keys], totals)


def _parameters(rollup: Rollup, keys: list[sums.Column], totals: npt.NDArray[np.int64]) -> list[Any]:
    arrays = [RAW[kind](key) for kind, key in zip(_kinds(rollup), keys, strict=True)]
    return [*arrays, *RAW["int8"].all_of(totals.T)]
