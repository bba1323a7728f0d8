"""Times of a job: dates where the printer has a calendar, else seconds since it was started, pinned once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

from services.collector.sources.ipp.view import View

Event = Literal["creation", "processing", "completed"]
UNIX_TIME_FROM: Final = 1_000_000_000
"""CUPS counts time-at-* from 1970; an up-time would reach this number after 31 years."""
CALENDAR_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Earlier dates come from clocks that were never set."""
WANDER: Final = timedelta(seconds=90)
"""How far a device's idea of its start may wander from ours before later jobs are dated by the new one."""
SEEN_STEP_S: Final = 3_600
"""The up-time is remembered to the hour, so that a cursor is not written anew with each look."""
AHEAD_S: Final = 60
"""Jobs are asked for a little later than the up-time, and may so have ended that much after it."""
MAX_PINS: Final = 64


class Pin(NamedTuple):
    """From which second of its up-time on a device counts as started at which moment."""

    from_s: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """When a device was started, by our clock.

    Computed anew on each look it would wander by network delay, by drift, and by an hour when our own clock is
    set; and with it the identity of every job that the device still shows, which would all be charged again. So
    a job keeps the start that it was first dated by: a start that wandered off counts for later jobs only. Only
    an up-time that fell shows that the device was started anew.

    Attributes:
        pins: the starts of the present run, oldest first.
        seen_s: the up-time that was certainly reached: the newest job's, or that of a look, to the hour.
        up_s: the up-time of this look.
    """

    pins: tuple[Pin, ...] = ()
    seen_s: int = 0
    up_s: int | None = None

    def seen(self, up_time_s: int | None, read_at: datetime) -> DeviceClock:
        """The clock after a look at `read_at` that showed `up_time_s`."""
        if up_time_s is None or not 0 < up_time_s < UNIX_TIME_FROM:
            return replace(self, up_s=None)
        started_at = (read_at - timedelta(seconds=up_time_s)).replace(microsecond=0)
        reached_s = up_time_s // SEEN_STEP_S * SEEN_STEP_S
        if self.pins and abs(started_at - self.pins[-1].started_at) <= WANDER:
            return DeviceClock(self.pins, max(self.seen_s, reached_s), up_time_s)
        if not self.pins or up_time_s < self.seen_s:
            return DeviceClock((Pin(0, started_at),), reached_s, up_time_s)
        pins = (*self.pins, Pin(self.seen_s + 1, started_at))[-MAX_PINS:]
        return DeviceClock(pins, max(self.seen_s, reached_s), up_time_s)

    def after(self, job: View) -> DeviceClock:
        """The clock once that job was read: what comes to wander from now on leaves its times alone."""
        seconds = job.integer("time-at-completed")
        if self.up_s is None or seconds is None or not self.seen_s < seconds <= self.up_s + AHEAD_S:
            return self
        return replace(self, seen_s=seconds)

    def moment(self, job: View, event: Event) -> datetime | None:
        """When something happened to a job, in UTC; None where the printer does not tell.

        Nor does it tell by an up-time of an earlier run (RFC 8011, section 5.3.14: zero or below): such a job's
        time, and so its identity, would change with every start.
        """
        dated = job.moment(f"date-time-at-{event}")
        if dated is not None and dated >= CALENDAR_FROM:
            return dated.astimezone(UTC)
        seconds = job.integer(f"time-at-{event}")
        if seconds is None or seconds <= 0:
            return None
        if seconds >= UNIX_TIME_FROM:
            return datetime.fromtimestamp(seconds, UTC)
        if not self.pins or (self.up_s is not None and seconds > self.up_s + AHEAD_S):
            return None
        pin = next((each for each in reversed(self.pins) if each.from_s <= seconds), self.pins[0])
        return pin.started_at + timedelta(seconds=seconds)
