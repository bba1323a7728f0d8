"""What one look at a PIWS queue leaves for the next: what was told of which job, as text that is stored unread."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

MAX_TOLD: Final = 6_000
"""More than a queue may have jobs, so that none of those that it shows is ever forgotten."""
FORGOTTEN_AFTER: Final = timedelta(days=30)
"""How long a job is remembered that the queue no longer shows: after a reboot it may be there again."""


class Counted(Struct, frozen=True, array_like=True):
    """What was told of one line: a job that is printed again counts on from there."""

    impressions: int = 0
    printed_mm2: int = 0
    used_mm2: int = 0
    ink_ul: dict[str, int] = {}


class Told(Struct, frozen=True, array_like=True):
    """A job that was told: as completed when, and with which counts."""

    at: datetime
    lines: tuple[Counted, ...] = ()


class Cursor(Struct, frozen=True, omit_defaults=True):
    """Where the last look ended.

    Attributes:
        told: by UUID. The completion time of a job without one is pinned here as well.
        unit: of areas, once it was found out from jobs whose pages are known.
    """

    told: dict[str, Told] = {}
    unit: str | None = None

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

    def after(self, told: dict[str, Told], present: set[str], unit: str | None, now: datetime) -> Cursor:
        """The cursor after a look that told `told` and saw the jobs `present`."""
        oldest = now - FORGOTTEN_AFTER
        kept = {uuid: each for uuid, each in self.told.items() if uuid in present or each.at >= oldest} | told
        if len(kept) > MAX_TOLD:
            newest = sorted(kept, key=lambda uuid: (uuid in present, kept[uuid].at))[-MAX_TOLD:]
            kept = {uuid: kept[uuid] for uuid in newest}
        return Cursor(kept, unit)
