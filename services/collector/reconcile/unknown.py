"""The jobs that stand for what a counter counted and no source told, and how they shrink again. Pure."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from msgspec.structs import replace

from services.collector.correlation.amounts import Amounts
from services.collector.reconcile.balance import MAX_BOOKINGS, Account, Booking, quantity_of, shown
from shared.events.jobs import JobCompleted, JobLine, JobRef, PersonRef, PrinterRef, identified
from shared.ids import job_key

SOURCE = "reconcile"
PERSON = "Unknown"
_LONGEST = 120


def unknown_job(account: Account, amount: int, *, device: str, printer: PrinterRef, sums: Amounts) -> JobCompleted:
    """A job of nobody over so many pieces or um, with what that was found by."""
    unit, counter = account.unit, account.counter
    since, last = account.balanced, account.last
    at = account.waiting.since if account.waiting else last.at
    name = f"{counter} {since.value}-{last.value}"
    identity = device if len(device) <= _LONGEST else blake2b(device.encode(), digest_size=16).hexdigest()
    key = job_key(identity, f"{name} period {account.period}", at)
    told = f"{sums.jobs}, {shown(getattr(sums, quantity_of(unit)), unit)}"
    return identified(
        JobCompleted(
            job=JobRef(key=key, device_job_id=name, source=SOURCE),
            printer=printer,
            person=PersonRef(claimed=PERSON),
            title=f"{shown(amount, unit)} that no job accounts for",
            completed_at=at,
            measured="from_counters",
            evidence={
                "counter": counter,
                "unit": unit,
                "from": f"{since.value} at {_moment(since.at)}",
                "to": f"{last.value} at {_moment(last.at)}",
                "jobs told since the counter's base": told,
                "counter's base": f"{account.base.value} at {_moment(account.base.at)}",
            },
            lines=[line_of(unit, amount)],
        )
    )


def line_of(unit: str, amount: int) -> JobLine:
    """What was counted, and nothing that was not."""
    if unit == "impressions":
        return JobLine(impressions=amount)
    return JobLine(sheets=amount) if unit == "sheets" else JobLine(length_um=amount)


def less(job: JobCompleted, unit: str, amount: int) -> JobCompleted | None:
    """The same over so much only; None when nothing is left."""
    if not amount:
        return None
    return replace(job, title=f"{shown(amount, unit)} that no job accounts for", lines=[line_of(unit, amount)])


def taken_back(
    bookings: tuple[Booking, ...], amount: int, period: int, *, of_period: bool
) -> list[tuple[int, int]]:
    """Which bookings shrink, the last one first: their places, and what is left of each."""
    found = []
    for place in range(len(bookings) - 1, -1, -1):
        each = bookings[place]
        if amount and each.amount and (each.period == period) == of_period:
            part = min(amount, each.amount)
            amount -= part
            found.append((place, each.amount - part))
    return found


def kept(bookings: tuple[Booking, ...]) -> tuple[Booking, ...]:
    """The bookings that may still shrink; the oldest ones stay as they are."""
    return tuple(each for each in bookings if each.amount)[-MAX_BOOKINGS:]


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
