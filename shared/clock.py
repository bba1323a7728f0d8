"""Time as an argument: what reads the clock takes a Clock, so that tests set it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time; called often and must never block."""

    def now(self) -> datetime:
        """The present moment, with zone UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment, with zone UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands until it is told to move."""

    moment: datetime

    def now(self) -> datetime:
        """The moment that was set."""
        return self.moment

    def advance(self, by: timedelta) -> None:
        """Moves the clock on (or, negative, back)."""
        self.moment += by
