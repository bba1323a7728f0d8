"""Which jobs of the table were told before: numbers begin anew at 32,767 and when the printer is switched on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct

from services.collector.sources.hp_jobs.table import ENDED, MAX_NUMBER, JobRow

TICKS_PER_S: Final = 100
UP_TIME_WRAPS_S: Final = 2**32 // TICKS_PER_S
"""sysUpTime begins anew after 497 days without the printer having been off."""
NEAR_WRAP_S: Final = 7_200
SEEN_STEP_S: Final = 3_600
"""The up-time is remembered to the hour, so that a cursor is not written anew with each look."""
MAX_MARKS: Final = 64
LEAST_ALIKE: Final = 2


class Memory(Struct, frozen=True, omit_defaults=True):
    """What one look leaves for the next.

    Attributes:
        up_s: an up-time that was certainly reached since the printer was switched on.
        marks: of each job that was told, by its number.
    """

    up_s: int = 0
    marks: dict[int, str] = {}

    @classmethod
    def parse(cls, text: str) -> Memory:
        """Reads a stored cursor; an empty or foreign one means a first look."""
        try:
            return msgspec.json.decode(text, type=cls) if text else cls()
        except msgspec.DecodeError:
            return cls()

    def text(self) -> str:
        """The memory as text."""
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True, slots=True)
class News:
    """What is new in a table.

    Attributes:
        ended: jobs that have ended and were not told.
        missed: how many numbers lie between the newest that was told and the oldest in the table: those jobs came
            and went between two looks.
    """

    ended: tuple[JobRow, ...]
    missed: int
    after: Memory


def news_of(rows: Sequence[JobRow], before: Memory, up_s: int | None) -> News:
    """What is new since `before`; `up_s` is the up-time of this look, None where it is not told."""
    restarted = up_s is not None and up_s < before.up_s and before.up_s < UP_TIME_WRAPS_S - NEAR_WRAP_S
    marks = {} if restarted and not _kept(rows, before) else before.marks
    ended = tuple(row for row in rows if row.state in ENDED and marks.get(row.number) != row.mark)
    told = marks | {row.number: row.mark for row in ended}
    shown = {row.number for row in rows}
    if len(told) > MAX_MARKS:
        gone = [number for number in told if number not in shown]
        told = {number: told[number] for number in (*gone[-MAX_MARKS:], *(each for each in told if each in shown))}
    seen_s = before.up_s
    if up_s is not None:
        reached_s = up_s if ended else up_s // SEEN_STEP_S * SEEN_STEP_S
        seen_s = reached_s if up_s < before.up_s else max(before.up_s, reached_s)
    return News(ended, 0 if restarted else _missed(rows, marks), Memory(seen_s, told))


def _kept(rows: Sequence[JobRow], before: Memory) -> bool:
    """Whether a printer that was off shows the same jobs as before: two and more alike, and none that differs."""
    known = [row for row in rows if row.state in ENDED and row.number in before.marks]
    alike = [row for row in known if before.marks[row.number] == row.mark]
    return len(alike) >= LEAST_ALIKE and len(alike) == len(known)


def _missed(rows: Sequence[JobRow], marks: dict[int, str]) -> int:
    """Numbers that were never seen, counted in the order of numbers; none where they began anew."""
    if not rows or not marks:
        return 0
    newest, oldest = max(marks), min(row.number for row in rows)
    between = oldest - newest - 1
    return between if 0 < between < MAX_NUMBER // 2 else 0
