"""What other prices would change: sums of before and after, in all and by what lines have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.sums import LIMIT, largest
from services.accounting.rerate.lines import Lines, Whole
from services.accounting.rerate.minimum import Minimum

By = Literal["project", "printer", "person", "department", "media", "category", "month"]
BYS: Final[tuple[By, ...]] = ("project", "printer", "person", "department", "media", "category", "month")
Places = npt.NDArray[np.intp]
_COUNTS: Final = (0, 1, 6, 7, 8, 9)
"""The rows of Sums that count lines; the others are amounts, before and after."""
_AMOUNTS: Final = ((2, 3), (4, 5))


class Sums(NamedTuple):
    """Sums over lines.

    Attributes:
        unpriced_before, unpriced_after: lines that lack an amount in any book.
        newly_unpriced: lines that lose an amount, also where they lack one in the other book.
        newly_priced: lines that lacked an amount, and then have both.
    """

    lines: int = 0
    changed: int = 0
    cost_before_micro: int = 0
    cost_after_micro: int = 0
    price_before_micro: int = 0
    price_after_micro: int = 0
    unpriced_before: int = 0
    unpriced_after: int = 0
    newly_unpriced: int = 0
    newly_priced: int = 0

    def plus(self, other: Sequence[int]) -> Sums:
        """Both added up."""
        return Sums(*(one + another for one, another in zip(self, other, strict=True)))


class Money(NamedTuple):
    """Amounts of lines, NULL64 where there is none, and the minimum charges that jobs would need on top."""

    cost_micro: Whole
    price_micro: Whole
    missing: Sequence[Minimum] = ()


@dataclass(slots=True)
class Effect:
    """Adds up chunk by chunk.

    Attributes:
        bys: what to tell sums of.
        sums: by what, then by its number in the ledger; months count from year 0. Whole after `finish`.
    """

    bys: tuple[By, ...] = BYS
    total: Sums = field(default_factory=Sums)
    sums: dict[By, dict[int, Sums]] = field(default_factory=dict)
    _running: dict[By, Whole] = field(default_factory=dict, init=False)
    _bound: int = field(default=0, init=False)

    def add(self, lines: Lines, before: Money, after: Money, *, month: int) -> None:
        """Adds the wanted lines of a chunk, all completed in one month, and the minimum charges of their jobs."""
        wanted = np.flatnonzero(lines.wanted | lines.is_minimum)
        values = compared(before, after)
        if len(wanted) < len(lines):
            values = values[:, wanted]
        bound = max(largest(values.T)) * len(wanted)
        if bound >= LIMIT:
            self._add_one_by_one(lines, wanted, values, month)
        elif len(wanted):
            self.total = self.total.plus(values.sum(axis=1).tolist())
            self._add_up(lines, wanted, values, month, bound)
        for at, row in _minimums(before, after):
            self._add_row(lines, at, row, month, is_minimum=True)

    def finish(self) -> None:
        """Brings what is added up so far into `sums`; call it once all is added."""
        for by, running in self._running.items():
            present = np.flatnonzero(running[0])
            for number, sums in zip(present.tolist(), running[:, present].T.tolist(), strict=True):
                self._count(by, number, sums)
        self._running.clear()
        self._bound = 0

    def _add_up(self, lines: Lines, wanted: Places, columns: Whole, month: int, bound: int) -> None:
        """Adds to the running sums, in place: many times as fast as sorting by key or adding up each chunk."""
        if self._bound + bound >= LIMIT:
            self.finish()
        self._bound += bound
        marked = {row: np.flatnonzero(columns[row]) for row in _COUNTS}
        amounts = [rows for pair in _AMOUNTS for rows in _different(columns, *pair)]
        for by in self.bys:
            if by == "month":
                self._count(by, month, columns.sum(axis=1).tolist())
                continue
            keys = _keys(by, lines, month)[wanted]
            running = self._room(by, len(columns), int(keys.max()) + 1)
            size = running.shape[1]
            for row, places in marked.items():
                running[row] += np.bincount(keys if len(places) == len(keys) else keys[places], minlength=size)
            for rows in amounts:
                added = np.zeros(size, np.int64)
                np.add.at(added, keys, columns[rows[0]])
                running[rows] += added

    def _room(self, by: By, rows: int, size: int) -> Whole:
        """The running sums of at least `size` keys."""
        running = self._running.get(by, np.zeros((rows, 0), np.int64))
        if size > running.shape[1]:
            running = np.pad(running, ((0, 0), (0, size - running.shape[1])))
        self._running[by] = running
        return running

    def _count(self, by: By, number: int, sums: Sequence[int]) -> None:
        kept = self.sums.setdefault(by, {})
        kept[number] = kept.get(number, Sums()).plus(sums)

    def _add_row(self, lines: Lines, at: int, row: Sequence[int], month: int, *, is_minimum: bool = False) -> None:
        """Adds one line. A minimum charge is of no medium and no category."""
        self.total = self.total.plus(row)
        for by in self.bys:
            is_of_none = is_minimum and by in {"media", "category"}
            self._count(by, 0 if is_of_none else int(_keys(by, lines, month)[at]), row)

    def _add_one_by_one(self, lines: Lines, wanted: Places, values: Whole, month: int) -> None:
        for at, row in zip(wanted.tolist(), values.T.tolist(), strict=True):
            self._add_row(lines, at, row, month)


def compared(before: Money, after: Money) -> Whole:
    """The summands of all lines: a row for each of Sums, in their order."""
    had, has = ((each.cost_micro != NULL64) & (each.price_micro != NULL64) for each in (before, after))
    is_changed = (before.cost_micro != after.cost_micro) | (before.price_micro != after.price_micro)
    amounts = (before.cost_micro, after.cost_micro, before.price_micro, after.price_micro)
    columns = (
        np.ones(len(had), np.int64),
        is_changed,
        *(np.where(amount == NULL64, 0, amount) for amount in amounts),
        *(~had, ~has, _lost(before.cost_micro, after.cost_micro) | _lost(before.price_micro, after.price_micro)),
        ~had & has,
    )
    found = np.empty((len(columns), len(had)), np.int64)
    for row, column in zip(found, columns, strict=True):
        row[:] = column
    return found


def _different(columns: Whole, before: int, after: int) -> list[list[int]]:
    """Two rows, apart unless they are the same: a what-if leaves the amounts of the other book as they are."""
    return [[before, after]] if np.array_equal(columns[before], columns[after]) else [[before], [after]]


def _lost(before: Whole, after: Whole) -> npt.NDArray[np.bool_]:
    lost: npt.NDArray[np.bool_] = (before != NULL64) & (after == NULL64)
    return lost


def _minimums(before: Money, after: Money) -> Iterator[tuple[int, Sums]]:
    """The minimum charges that are no lines of the ledger yet."""
    had, has = ({each.at: each for each in money.missing} for money in (before, after))
    for at in sorted(had.keys() | has.keys()):
        none = Minimum(at, 0, 0, 0)
        old, new = had.get(at, none), has.get(at, none)
        is_changed = (old.cost_micro, old.price_micro) != (new.cost_micro, new.price_micro)
        amounts = (old.cost_micro, new.cost_micro, old.price_micro, new.price_micro)
        yield at, Sums(0, int(is_changed), *amounts)


def _keys(by: By, lines: Lines, month: int) -> Whole:
    if by == "month":
        return np.full(len(lines), month, np.int64)
    keys: Whole = getattr(lines, f"{by}_no")
    return keys
