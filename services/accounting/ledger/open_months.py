"""Closed months and the ledger's writer: late jobs are booked on the first open day, even if it moves on."""

from __future__ import annotations

from datetime import date

from psycopg import Connection
from psycopg.rows import TupleRow

from services.accounting.ledger.simple_path import QUERIES
from shared.errors import InkmeterError


class MonthClosed(InkmeterError):  # noqa: N818 - it says what became of the batch's days
    """A batch would book into a month that was closed after it was made ready: its days are to be found anew."""

    def __init__(self, open_from: date) -> None:
        super().__init__(f"what is booked before {open_from} is closed")
        self.open_from = open_from


def require_open(connection: Connection[TupleRow], first_day: date | None) -> None:
    """Makes sure, after the fence, that nothing of a batch is booked into a closed month.

    A close waits for whoever holds a fence, and a fence for a close that is under way: so what this statement
    reads stands until the transaction ends.

    Args:
        connection: within the batch's transaction.
        first_day: the earliest day that the batch books on; None if it books nothing.

    Raises:
        MonthClosed: that day is closed.
    """
    if first_day is None:
        return
    row = connection.execute(QUERIES["open_from"]).fetchone()
    if row and row[0] and first_day < row[0]:
        raise MonthClosed(row[0])
