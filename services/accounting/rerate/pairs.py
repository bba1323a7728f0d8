"""Which price lists count for each line: the few pairs among many lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from services.accounting.pricing import BookPair, Payer, PriceBook
from services.accounting.rerate.keys import Names, fold
from services.accounting.rerate.lines import Lines, Whole

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class Pairs(NamedTuple):
    """The pairs of lists that count for some lines, and which of them counts for each line."""

    all: Sequence[BookPair]
    numbers: Whole


class PairFinder:
    """Finds the pairs of lists of a price book, and numbers them as lines need them.

    Args:
        book: the lists, and what they are assigned to.
        names: what the numbers in the ledger stand for.
        customers: whose each project is, by project code.
    """

    def __init__(self, book: PriceBook, names: Names, customers: Mapping[str, str]) -> None:
        self._book = book
        self._names = names
        self._customers = customers
        self._found: list[BookPair] = []
        self._numbers: dict[int, int] = {}
        self._changes = np.array([(moment - EPOCH) // MICROSECOND for moment in book.changes], np.int64)

    def of(self, lines: Lines) -> Pairs:
        """The pairs of some lines; the same pair has the same number in every answer."""
        columns: list[Whole] = [np.searchsorted(self._changes, lines.occurred_us, side="right").astype(np.int64)]
        levels = self._book.levels
        if levels & {"project", "customer"}:
            columns.append(lines.project_no)
        if "department" in levels:
            columns.append(lines.department_no)
        if levels & {"printer", "group", "model"}:
            columns.append(lines.printer_no)
        first, which = fold(columns)
        return Pairs(self._found, np.array([self._number(lines, at) for at in first], np.int64)[which])

    def _number(self, lines: Lines, at: int) -> int:
        project = self._names.projects[int(lines.project_no[at])]
        department = self._names.departments[int(lines.department_no[at])]
        pair = self._book.pair_for(
            EPOCH + int(lines.occurred_us[at]) * MICROSECOND,
            Payer(project, self._customers.get(project, ""), department),
            self._names.printers[int(lines.printer_no[at])],
        )
        number = self._numbers.setdefault(id(pair), len(self._found))
        if number == len(self._found):
            self._found.append(pair)
        return number
