"""Which price lists count for each line: the few pairs among many lines. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from services.accounting.pricing import BookPair, PriceBook
from services.accounting.rerate.lines import Lines, Whole

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class Pairs:
    """Numbers the pairs of lists of a price book as lines need them."""

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self._found: list[BookPair] = []
        self._numbers: dict[int, int] = {}
        moments = sorted({prices.valid_from for prices in book.lists})
        self._changes = np.array([(moment - EPOCH) // MICROSECOND for moment in moments], np.int64)

    def __getitem__(self, number: int) -> BookPair:
        return self._found[number]

    def of(self, lines: Lines) -> Whole:
        """The number of each line's pair."""
        spans, which = np.unique(
            np.searchsorted(self._changes, lines.occurred_us, side="right"), return_inverse=True
        )
        numbers = [self._number(int(lines.occurred_us[np.argmax(which == at)])) for at in range(len(spans))]
        found: Whole = np.array(numbers, np.int64)[which]
        return found

    def _number(self, occurred_us: int) -> int:
        pair = self._book.pair_at(EPOCH + occurred_us * MICROSECOND)
        number = self._numbers.setdefault(id(pair), len(self._found))
        if number == len(self._found):
            self._found.append(pair)
        return number
