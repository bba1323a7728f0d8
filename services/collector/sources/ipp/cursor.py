"""What one look at a printer leaves for the next, as a short text that the poller stores unread."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from services.collector.sources.ipp.counts import Attempt
from services.collector.sources.ipp.times import DeviceClock


class Cursor(Struct, frozen=True, omit_defaults=True):
    """Where the last look ended.

    Attributes:
        started_at: the pinned start of the device (see DeviceClock).
        newest: completion time of the newest job that was read.
        attempts: what CUPS had counted for jobs whose attempt failed, by job id: impressions, sheets.
    """

    started_at: datetime | None = None
    newest: datetime | None = None
    attempts: dict[int, tuple[int, int]] = {}

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
        return DeviceClock(self.started_at)

    def earlier(self, job_id: int) -> Attempt:
        """What earlier attempts at a job had counted."""
        return Attempt(*self.attempts.get(job_id, (0, 0)))
