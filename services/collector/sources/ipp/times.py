"""Times of a job: dates where the printer has a calendar, else seconds since it was started, pinned once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from services.collector.sources.ipp.view import View

Event = Literal["creation", "processing", "completed"]
UNIX_TIME_FROM: Final = 1_000_000_000
"""CUPS counts time-at-* from 1970; an up-time would reach this number after 31 years."""
CALENDAR_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Earlier dates come from clocks that were never set."""
RESTART_TOLERANCE: Final = timedelta(seconds=90)
"""How far a device's idea of its start may wander before it counts as started anew."""


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """When a device was started, by our clock.

    Computed anew on each look it would wander by network delay and drift, and with it the identity of every
    job; so the first one is kept (in the cursor) until the device was restarted.
    """

    started_at: datetime | None = None

    def seen(self, up_time_s: int | None, read_at: datetime) -> DeviceClock:
        """The clock after a look at `read_at` that showed `up_time_s`."""
        if up_time_s is None or up_time_s <= 0 or up_time_s >= UNIX_TIME_FROM:
            return self
        started_at = (read_at - timedelta(seconds=up_time_s)).replace(microsecond=0)
        if self.started_at is not None and abs(started_at - self.started_at) <= RESTART_TOLERANCE:
            return self
        return DeviceClock(started_at)

    def moment(self, job: View, event: Event) -> datetime | None:
        """When something happened to a job, in UTC; None where the printer does not tell."""
        dated = job.moment(f"date-time-at-{event}")
        if dated is not None and dated >= CALENDAR_FROM:
            return dated.astimezone(UTC)
        seconds = job.integer(f"time-at-{event}")
        if seconds is None:
            return None
        if seconds >= UNIX_TIME_FROM:
            return datetime.fromtimestamp(seconds, UTC)
        return self.started_at + timedelta(seconds=seconds) if self.started_at is not None else None
