"""What one look at a printer leaves for the next, as a short text that the poller stores unread."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from services.collector.sources.ipp.times import DeviceClock, Pin

MAX_MARKS: Final = 10

Mark = tuple[int, datetime]
"""A job by its number and its completion time."""

Tried = tuple[int, int | None]
"""See Attempt: impressions, and sheets where they are known."""

End = tuple[int, int, int, int]
"""When a job came and ended, by the server's clock, and its impressions and sheets over all attempts."""


class Cursor(Struct, frozen=True, omit_defaults=True):
    """Where the last look ended.

    Attributes:
        pins, seen_s: the device's clock (see DeviceClock).
        marks: the newest jobs that were read. A list that goes beyond one of them leaves out nothing newer; a
            time alone could not tell that, as a device's clock may be set back.
        attempts: what CUPS had counted for jobs whose attempt failed, by job id: impressions, and sheets if known.
        ended: when the newest jobs of a CUPS queue ended, and what was counted by then: one that is printed again
            goes on from there.
    """

    pins: tuple[Pin, ...] = ()
    seen_s: int = 0
    marks: tuple[Mark, ...] = ()
    attempts: dict[int, Tried] = {}
    ended: dict[int, End] = {}

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Reads a stored cursor; an empty or foreign one means a first look."""
        try:
            return msgspec.json.decode(text, type=cls) if text else cls()
        except msgspec.DecodeError:
            return cls()

    def text(self) -> str:
        """The cursor as text."""
        return msgspec.json.encode(self).decode()

    @property
    def clock(self) -> DeviceClock:
        """The device's pinned clock."""
        return DeviceClock(self.pins, self.seen_s)
