"""Monthly partitions of the ledger: made ahead of time, and on demand for any month that a batch meets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

log = structlog.get_logger(__name__)

MONTHS_AHEAD: Final = 3
_MONTHS_PER_YEAR: Final = 12


def month_number(day: date) -> int:
    """Counts months; the inverse of `first_day`."""
    return day.year * _MONTHS_PER_YEAR + day.month - 1


def first_day(number: int) -> date:
    """The first day of a month."""
    year, month = divmod(number, _MONTHS_PER_YEAR)
    return date(year, month + 1, 1)


class Months:
    """Which months have a partition, as far as this process knows."""

    def __init__(self, connect: Callable[[], Connection[TupleRow]]) -> None:
        """Takes what opens a connection in autocommit mode; one is opened and closed for each need."""
        self._connect = connect
        self._known: set[int] = set()

    def forget(self) -> None:
        """Asks anew for each month, as the database may be another one than before."""
        self._known = set()

    def ensure(self, numbers: Iterable[int]) -> None:
        """Makes the partitions that are missing, each in a transaction of its own.

        Raises:
            psycopg.Error: the database.
        """
        missing = sorted(set(numbers) - self._known)
        if not missing:
            return
        with self._connect() as connection:
            for number in missing:
                month = first_day(number)
                row = connection.execute("SELECT accounting.make_month(%s)", [month]).fetchone()
                if row and row[0]:
                    log.info("ledger_month_made", month=f"{month:%Y-%m}")
                self._known.add(number)

    def ensure_ahead(self, today: date) -> None:
        """Makes the partitions of this month and the next ones."""
        this = month_number(today)
        self.ensure(range(this, this + 1 + MONTHS_AHEAD))
