"""Ink of lines by column: totals, which colours a line names, and which of them it used any of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.layout import NULL64, Columns
from services.accounting.ledger.fast.names import Keys, Numbered
from services.accounting.ledger.read import codes_key

Whole = npt.NDArray[np.int64]
COLUMNS: Final = ("ink_total_ul", "inks", "ink_at", "ink_set", "used")


def no_inks(count: int) -> Columns:
    """The columns of so many lines that tell no ink."""
    columns: Columns = {name: np.zeros(count, np.int64) for name in COLUMNS}
    columns["ink_total_ul"] = np.full(count, NULL64)
    columns["ink_set"] = np.zeros(count, np.int32)
    return columns


def ink_columns(inks: Sequence[dict[str, int] | None], keys: Keys) -> tuple[Columns, Whole]:
    """The columns of lines, and the amounts of all of them in order."""
    columns = no_inks(len(inks))
    amounts: list[int] = []
    rows = []
    sets = Numbered()
    for at, ink in enumerate(inks) if inks.count(None) < len(inks) else ():
        if ink:
            used = keys.used_inks[inks_used(tuple(ink), tuple(map(bool, ink.values())))]
            rows.append((at, sum(ink.values()), len(ink), len(amounts), sets[tuple(ink)], used))
            amounts += ink.values()
    if rows:
        which, totals, counts, starts, numbers, used_numbers = np.array(rows, np.int64).T
        columns["ink_total_ul"][which], columns["inks"][which] = totals, counts
        columns["ink_at"][which], columns["used"][which] = starts, used_numbers
        of_sets = keys.ink_sets.column([codes_key(list(each)) for each in sets])
        columns["ink_set"][which] = of_sets[numbers]
    return columns, np.array(amounts, np.int64)


def inks_used(colours: tuple[str, ...], has_any: Sequence[bool]) -> tuple[str, ...]:
    """The colours that a line used any of; of none of those that it names is not the same as naming none."""
    if all(has_any):
        return colours
    return ("", *(colour for colour, any_of_it in zip(colours, has_any, strict=True) if any_of_it))
