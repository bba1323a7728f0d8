"""Which price lists count for each line: the few pairs among many lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from services.accounting.pricing import BookPair, PriceBook
from services.accounting.rerate.keys import fold
from services.accounting.rerate.lines import Lines, Whole

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class Pairs(NamedTuple):
    """The pairs of lists that count for some lines, and which of them counts for each line."""

    all: Sequence[BookPair]
    numbers: Whole


class PairFinder:
    """Finds the pairs of lists of a price book, and numbers them as lines need them."""

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self._found: list[BookPair] = []
        self._numbers: dict[int, int] = {}
        moments = sorted({prices.valid_from for prices in book.lists})
        self._changes = np.array([(moment - EPOCH) // MICROSECOND for moment in moments], np.int64)

    def of(self, lines: Lines) -> Pairs:
        """The pairs of some lines; the same pair has the same number in every answer."""
        first, which = fold([np.searchsorted(self._changes, lines.occurred_us, side="right")])
        numbers = [self._number(int(lines.occurred_us[at])) for at in first]
        return Pairs(self._found, np.array(numbers, np.int64)[which])

    def _number(self, occurred_us: int) -> int:
        pair = self._book.pair_at(EPOCH + occurred_us * MICROSECOND)
        number = self._numbers.setdefault(id(pair), len(self._found))
        if number == len(self._found):
            self._found.append(pair)
        return number
