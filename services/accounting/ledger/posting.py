"""Prices one job and lays out its rows: the plain way, one job at a time, which the fast path must equal. Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from services.accounting.books.loader import Pricing
from services.accounting.ledger.read import codes_key, moments_of, payload_hash
from services.accounting.pricing import ChargeLine, price_job
from services.accounting.pricing.rules import Rule
from shared.errors import Reject
from shared.events import JobCompleted
from shared.events.jobs import JobLine
from shared.money import MAX_AMOUNT_MICRO

NOTHING = JobLine()
"""What the line of a minimum charge consumed."""


class Line(NamedTuple):
    """One line of a posting, its dimensions still by key."""

    told: JobLine
    entry_kind: str
    category: str
    category_by: str | None
    ink_set: str
    finishing: str
    cost_micro: int | None
    price_micro: int | None
    cost_rule: Rule
    price_rule: Rule
    jobs: int
    media_jobs: int
    category_jobs: int

    @property
    def unpriced_lines(self) -> int:
        """1 for a line that lacks a cost or a price."""
        return int(self.cost_micro is None or self.price_micro is None)


class Posting(NamedTuple):
    """A job as it is to be posted."""

    entry_id: int
    job_id: UUID
    payload_hash: int
    day: date
    department: str
    billable: bool
    job: JobCompleted
    lines: list[Line]

    @property
    def person(self) -> str:
        """Who printed, as claimed; '' for nobody."""
        return (self.job.person.claimed if self.job.person else None) or ""


def business_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day of a moment in the installation's time zone."""
    return moment.astimezone(zone).date()


def posting_of(job: JobCompleted, entry_id: int, pricing: Pricing, zone: ZoneInfo) -> Posting:
    """Prices a job with filled-in identity.

    A job without a department counts for its person's, as the directory has it. One that comes after its month was
    closed is booked on the first open day.

    Raises:
        Reject: an amount is too large for the ledger.
    """
    assert job.job.id is not None  # noqa: S101
    payer = pricing.payer_of(job)
    media: set[str] = set()
    categories: set[str] = set()
    charges = price_job(
        job, pricing.book, pricing.printers.get(job.printer.id or ""), payer=payer, thresholds=pricing.thresholds
    )
    return Posting(
        entry_id=entry_id,
        job_id=UUID(job.job.id),
        payload_hash=payload_hash(job, moments_of(job)),
        day=max(business_day(job.completed_at, zone), pricing.open_from),
        department=payer.department,
        billable=pricing.is_billable(job),
        job=job,
        lines=[_line(job, charge, media, categories) for charge in charges],
    )


def _line(job: JobCompleted, charge: ChargeLine, media: set[str], categories: set[str]) -> Line:
    """One line; `media` and `categories` are those of the lines before it. A minimum is no job of any."""
    cost, price = charge.cost.amount_micro, charge.price.amount_micro
    refuse_too_large(cost, price, charge.line)
    is_minimum = charge.entry_kind == "minimum"
    told = NOTHING if is_minimum else job.lines[charge.line]
    category = (charge.key.category if charge.key else None) or ""
    code = told.media or ""
    line = Line(
        told=told,
        entry_kind=charge.entry_kind,
        category=category,
        category_by="density" if charge.by_density else told.category_by,
        ink_set=codes_key(list(told.ink_ul)) if told.ink_ul else "",
        finishing=codes_key(told.finishing) if told.finishing else "",
        cost_micro=cost,
        price_micro=price,
        cost_rule=Rule(charge.cost.list_id, charge.cost.rule),
        price_rule=Rule(charge.price.list_id, charge.price.rule),
        jobs=int(charge.line == 0),
        media_jobs=int(not is_minimum and code not in media),
        category_jobs=int(not is_minimum and category not in categories),
    )
    media.add(code)
    categories.add(category)
    return line


def refuse_too_large(cost: int | None, price: int | None, line: int) -> None:
    """Raises Reject for an amount that the ledger can't hold."""
    if max(abs(cost or 0), abs(price or 0)) > MAX_AMOUNT_MICRO:
        raise Reject("the amount of a line is too large for the ledger", pointer=f"/data/lines/{line}")
