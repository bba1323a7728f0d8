"""How a device's counter stands against its jobs, and what follows from that. Pure.

The account runs from a base: what the counter has grown by since then, less what jobs told, less what was booked
on Unknown, is the excess. One that lasts is booked; when jobs come late after all, as much is taken back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from services.collector.correlation.amounts import Amounts
from shared.events.jobs import JobCompleted

SCALE: Final = {"impressions": 1, "sheets": 1, "feet": 304_800, "metres": 1_000_000}
"""Counter units that jobs can be set against: pieces, and lengths in um."""
_OF_JOBS: Final = {"feet": "length_um", "metres": "length_um"}
_PER_MINUTE: Final = {"impressions": 1_000, "sheets": 1_000, "feet": 300, "metres": 100}
"""More than any device makes; a counter that grows faster was set, not counted."""
_AT_ONCE: Final = 10
"""Minutes of that which may pass between two readings whose times are unsure."""
MAX_BOOKINGS: Final = 20
MAX_NOTES: Final = 20


class Point(Struct, frozen=True):
    """What the counter said at one moment."""

    value: int
    at: datetime


class Note(Struct, frozen=True):
    """Something that happened to the account, as one sentence."""

    at: datetime
    words: str


class Booking(Struct, frozen=True, kw_only=True):
    """What was booked on Unknown, as it was told last; `amount` is in pieces or um, 0 once all was taken back.

    `period` is that of the account; `key`, `first_key` and `revision` are as in correlation.memory.Group.
    """

    told: JobCompleted
    amount: int
    period: int
    key: str
    first_key: str
    revision: int = 0


class Waiting(Struct, frozen=True):
    """An excess that may still be settled by jobs: the least that it was since a moment."""

    amount: int
    since: datetime


class Account(Struct, frozen=True, kw_only=True):
    """One counter of one device.

    Attributes:
        period: counts the bases; each begins anew, as when the counter was reset.
        balanced: the last point at which nothing was open.
        ahead: by how much the jobs are ahead of the counter.
        drift: by how much they were in earlier periods.
        version: counts the changes.
    """

    counter: str
    unit: str
    base: Point
    last: Point
    balanced: Point
    period: int = 1
    waiting: Waiting | None = None
    bookings: tuple[Booking, ...] = ()
    ahead: int = 0
    drift: int = 0
    ahead_since: datetime | None = None
    notes: tuple[Note, ...] = ()
    version: int = 0
    sums: Amounts = Amounts()
    late: Amounts = Amounts()

    @property
    def unknown(self) -> int:
        """What is booked on Unknown in this period."""
        return sum(each.amount for each in self.bookings if each.period == self.period)


class Step(NamedTuple):
    """What a reading comes to.

    Attributes:
        account: as it is now.
        book: so much is to be booked on Unknown.
        take_back: so much of this period is to be taken back.
        take_back_late: so much of earlier periods.
        is_new_base: the jobs are to be counted anew from this reading on.
    """

    account: Account
    book: int = 0
    take_back: int = 0
    take_back_late: int = 0
    is_new_base: bool = False


def opened(counter: str, unit: str, seen: Point) -> Account:
    """A new account; what was before is not known."""
    return Account(counter=counter, unit=unit, base=seen, last=seen, balanced=seen)


def quantity_of(unit: str) -> str:
    """Which amount of jobs a counter of that unit counts."""
    return _OF_JOBS.get(unit, unit)


def step(account: Account, seen: Point, sums: Amounts, late: Amounts, *, grace: timedelta) -> Step:
    """What a reading of a device at rest comes to.

    Args:
        account: as it was.
        seen: what the counter says now.
        sums: of the jobs that were completed since the base.
        late: of those that came since the base and were completed before.
        grace: how long an excess may last before it is booked.
    """
    scale, name = SCALE[account.unit], quantity_of(account.unit)
    if why := _unlikely(account, seen):
        return _based_anew(account, seen, why, take_back_late=_earlier(account, late))
    now = replace(account, last=seen)
    excess = (seen.value - account.base.value) * scale - getattr(sums, name) - account.unknown
    late_back = _earlier(account, late)
    if excess > (scale if name == "length_um" else 0):
        return _in_excess(_waiting(now, excess), sums, grace, late_back)
    now = replace(now, waiting=None)
    if excess >= 0:
        return Step(replace(now, balanced=seen, ahead=0, ahead_since=None), take_back_late=late_back)
    take_back = min(account.unknown, -excess)
    ahead = -excess - take_back
    if not ahead:
        return Step(replace(now, ahead=0, ahead_since=None), take_back=take_back, take_back_late=late_back)
    since = min(account.ahead_since or seen.at, seen.at)
    if seen.at - since >= grace and not take_back:
        words = f"The jobs were {shown(ahead, account.unit)} ahead of the counter {account.counter}."
        drift = replace(now, drift=account.drift + ahead)
        return _based_anew(drift, seen, words, take_back_late=late_back)
    return Step(replace(now, ahead=ahead, ahead_since=since), take_back=take_back, take_back_late=late_back)


def _waiting(now: Account, excess: int) -> Account:
    waiting = now.waiting or Waiting(excess, now.last.at)
    # A clock that was set back must not make an excess wait for ever.
    waiting = Waiting(min(waiting.amount, excess), min(waiting.since, now.last.at))
    return replace(now, waiting=waiting, ahead=0, ahead_since=None)


def _in_excess(now: Account, sums: Amounts, grace: timedelta, late_back: int) -> Step:
    waiting, seen = now.waiting, now.last
    assert waiting is not None  # noqa: S101 - see _waiting
    if seen.at - waiting.since < grace:
        return Step(now, take_back_late=late_back)
    without: int = getattr(sums, f"without_{quantity_of(now.unit)}")
    if without:
        words = f"{without} jobs do not tell their {_WORDS[now.unit]}: the counter can't be set against them."
        return _based_anew(now, seen, words, take_back_late=late_back)
    scale = SCALE[now.unit]
    return Step(replace(now, waiting=None), book=waiting.amount // scale * scale, take_back_late=late_back)


def _earlier(account: Account, late: Amounts) -> int:
    """What came late of earlier periods and stands booked there."""
    booked = sum(each.amount for each in account.bookings if each.period != account.period)
    came: int = getattr(late, quantity_of(account.unit))
    return max(0, min(booked, came))


def _unlikely(account: Account, seen: Point) -> str | None:
    """Why the counter can't have counted from the last reading to this one."""
    last = account.last
    grown = seen.value - last.value
    if grown < 0:
        return f"The counter {account.counter} fell from {last.value} to {seen.value}: it was reset or replaced."
    minutes = max(0, (seen.at - last.at) // timedelta(minutes=1)) + _AT_ONCE
    if grown > minutes * _PER_MINUTE[account.unit]:
        return f"The counter {account.counter} jumped from {last.value} to {seen.value}: it was set, not counted."
    return None


def _based_anew(account: Account, seen: Point, words: str, *, take_back_late: int) -> Step:
    notes = (*account.notes, Note(seen.at, words))[-MAX_NOTES:]
    now = replace(
        account,
        base=seen,
        last=seen,
        balanced=seen,
        period=account.period + 1,
        waiting=None,
        ahead=0,
        ahead_since=None,
        notes=notes,
    )
    return Step(now, take_back_late=take_back_late, is_new_base=True)


_WORDS: Final = {"impressions": "impressions", "sheets": "sheets", "feet": "length", "metres": "length"}


def shown(amount: int, unit: str) -> str:
    """An amount in words, in the counter's own unit."""
    return f"{amount // SCALE[unit]} {unit}"
