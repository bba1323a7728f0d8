"""The day on which a moment is booked, worked out once for each quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.posting import business_day

QUARTER_HOUR_US: Final = 15 * 60 * 1_000_000
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = _EPOCH.date()
_1970_TO_2000_DAYS: Final = (_FIRST_DAY - date(1970, 1, 1)).days


class Days:
    """Booking days, kept by the quarter of an hour: zones change and days begin at whole quarters.

    That is the business day, or `open_from` where that is later, as months before it are closed.
    """

    def __init__(self, zone: ZoneInfo, open_from: date = date.min) -> None:
        self._zone = zone
        self._open_from = open_from
        self.kept: dict[int, int] = {}

    def add(self, quarter: int) -> int:
        """The day, in days since 2000-01-01, of a quarter of an hour since then."""
        moment = _EPOCH + timedelta(microseconds=quarter * QUARTER_HOUR_US)
        day = (max(business_day(moment, self._zone), self._open_from) - _FIRST_DAY).days
        self.kept[quarter] = day
        return day


def first_day(days: npt.NDArray[Any]) -> date | None:
    """The earliest of days since 2000-01-01; None of none."""
    return _FIRST_DAY + timedelta(days=int(days.min())) if len(days) else None


def month_starts(days: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The first day of each day's month, both in days since 2000-01-01."""
    since_1970 = (days.astype(np.int64) + _1970_TO_2000_DAYS).astype("datetime64[D]")
    starts = since_1970.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    found: npt.NDArray[np.int64] = starts - _1970_TO_2000_DAYS
    return found
