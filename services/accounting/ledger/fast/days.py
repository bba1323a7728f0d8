"""The business day of a moment, worked out once for each quarter of an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.accounting.ledger.posting import business_day

QUARTER_HOUR_US: Final = 15 * 60 * 1_000_000
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = _EPOCH.date()


class Days:
    """Business days, kept by the quarter of an hour: zones change and days begin at whole quarters."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.kept: dict[int, int] = {}

    def add(self, quarter: int) -> int:
        """The day, in days since 2000-01-01, of a quarter of an hour since then."""
        moment = _EPOCH + timedelta(microseconds=quarter * QUARTER_HOUR_US)
        day = (business_day(moment, self._zone) - _FIRST_DAY).days
        self.kept[quarter] = day
        return day
