"""Cells: what one window holds of one printer, person, project or department, and how a charge adds to it. Pure.

A cell carries, beside its sums, a mark for each way on which charges came to it: the last ledger line it counts.
The relay tells the lines of each partition of the ledger in order, and again after a crash; a line at or below the
mark is in the sums already. Sums and marks are one record, so no crash can part them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from shared.errors import Reject
from shared.events import ChargePosted
from shared.events.aggregates import By, Window
from shared.money import MICRO_DIGITS
from shared.periods import midnight

WINDOWS: Final[tuple[Window, ...]] = get_args(Window)
BYS: Final[tuple[By, ...]] = get_args(By)
PARTITION_SHIFT: Final = 44
"""An entry id's bits above these say which partition of the ledger it is of."""
CANCELLED: Final = frozenset({"cancelled_by_user", "cancelled_by_device", "aborted"})
_LENGTH: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_FORMAT: Final = {"minute": "%Y-%m-%dT%H:%MZ", "hour": "%Y-%m-%dT%HZ"}


class Sums(NamedTuple):
    """What is summed over ledger lines; a line that takes another back has negative ones."""

    jobs: int = 0
    printed_area_mm2: int = 0
    used_area_mm2: int = 0
    cancelled_area_mm2: int = 0
    ink_ul: int = 0
    impressions: int = 0
    sheets: int = 0
    unpriced_lines: int = 0
    cost_micro: int = 0
    price_micro: int = 0

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(*(one + more for one, more in zip(self, other, strict=True)))


class Line(NamedTuple):
    """Which ledger line, and on which way it came: the topic's partition and that of the ledger."""

    way: str
    entry: int
    line: int


class Name(NamedTuple):
    """Which window of what; `start` is a day, or the beginning of a minute or an hour in UTC."""

    window: Window
    start: str
    by: By
    key: str

    @property
    def text(self) -> str:
        """As one text, which is the cell's key in tables and topics."""
        return f"{self.window}/{self.start}/{self.by}/{self.key}"


class Cell(Struct, array_like=True):
    """The value of one window; `code` is what is summed, also where the name has a digest instead."""

    name: Name
    code: str
    sums: Sums
    marks: dict[str, tuple[int, int]]

    def add(self, line: Line, sums: Sums) -> bool:
        """Counts a line once; False when it was in already."""
        if (line.entry, line.line) <= self.marks.get(line.way, (-1, -1)):
            return False
        self.sums = self.sums.plus(sums)
        self.marks[line.way] = (line.entry, line.line)
        return True


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Cell)


def encode(cell: Cell) -> bytes:
    """A cell as tables hold it."""
    return _encoder.encode(cell)


def decode(raw: bytes) -> Cell:
    """A cell out of a table."""
    return _decoder.decode(raw)


def line_of(charge: ChargePosted, partition: int) -> Line:
    """Which ledger line an event of a partition of the topic tells.

    Raises:
        Reject: its id is no charge id.
    """
    entry, _, line = charge.id.partition(".")
    if not (entry.isdecimal() and line.isdecimal() and entry.isascii() and line.isascii()):
        raise Reject(f"{charge.id!r} is no charge id", pointer="/data/id")
    return Line(f"{partition}/{int(entry) >> PARTITION_SHIFT}", int(entry), int(line))


def sums_of(charge: ChargePosted) -> Sums:
    """What a ledger line adds. Events told before lines had counts are first states: they count by their kind."""
    quantities = charge.quantities
    used = quantities.used_area_mm2 or 0
    first = charge.entry_kind == "charge"
    lacks = first and (charge.cost.amount is None or charge.price.amount is None)
    return Sums(
        jobs=charge.jobs if charge.jobs is not None else int(first and charge.line == 0),
        printed_area_mm2=quantities.printed_area_mm2 or 0,
        used_area_mm2=used,
        cancelled_area_mm2=used if charge.outcome in CANCELLED else 0,
        ink_ul=quantities.ink_ul or 0,
        impressions=quantities.impressions or 0,
        sheets=quantities.sheets or 0,
        unpriced_lines=charge.unpriced_lines if charge.unpriced_lines is not None else int(lacks),
        cost_micro=to_micro(charge.cost.amount),
        price_micro=to_micro(charge.price.amount),
    )


def to_micro(amount: str | None) -> int:
    """An event's amount in micro-units; nothing for one that is absent."""
    return int(Decimal(amount).scaleb(MICRO_DIGITS)) if amount is not None else 0


def day_of(charge: ChargePosted, zone: ZoneInfo) -> date:
    """The business day on which a line is booked."""
    return charge.day or charge.occurred_at.astimezone(zone).date()


def names_of(charge: ChargePosted, zone: ZoneInfo) -> Iterator[tuple[Name, str]]:
    """Every window that a line counts in, with the code of what is summed."""
    codes: dict[By, str] = {
        "printer": charge.printer,
        "person": charge.person.claimed or "",
        "project": charge.project,
        "department": charge.department,
    }
    starts = {window: start_of(window, charge.occurred_at, day_of(charge, zone)) for window in WINDOWS}
    for by, code in codes.items():
        key = key_of(by, code)
        for window, start in starts.items():
            yield Name(window, start, by, key), code


def start_of(window: Window, occurred_at: datetime, day: date) -> str:
    """The beginning of the window that a line lies in, as names have it."""
    if window == "day":
        return day.isoformat()
    return occurred_at.astimezone(UTC).strftime(_FORMAT[window])


def key_of(by: By, code: str) -> str:
    """What stands for a code in names: for people a digest, as keys of records must not name anybody."""
    if by != "person" or not code:
        return code
    return hashlib.blake2b(code.encode(errors="replace"), digest_size=12).hexdigest()


def span_of(name: Name, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of a window and the first one after it; those of a day in its time zone."""
    if name.window == "day":
        day = date.fromisoformat(name.start)
        ends = (midnight(day, zone.key), midnight(day + timedelta(days=1), zone.key))
        return ends[0].astimezone(zone), ends[1].astimezone(zone)
    start = datetime.strptime(name.start, _FORMAT[name.window]).replace(tzinfo=UTC)
    return start, start + _LENGTH[name.window]


class Keep(NamedTuple):
    """How long windows are kept after their end; charges that come later than that are in the ledger only."""

    minute: timedelta = timedelta(hours=3)
    hour: timedelta = timedelta(days=3)
    day: timedelta = timedelta(days=40)

    def is_over(self, name: Name, zone: ZoneInfo, now: datetime) -> bool:
        """Whether a window is no longer kept."""
        keeps: timedelta = getattr(self, name.window)
        return span_of(name, zone)[1] + keeps <= now
