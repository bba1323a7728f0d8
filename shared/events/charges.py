"""`charge.posted.v1`: one line of the ledger, told to the world after it was committed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.events.envelope import CloudEvent, Moment
from shared.events.jobs import Code, Kind, Outcome, Text

CHARGE_POSTED: Final = "charge.posted.v1"

Amount = Annotated[str, Meta(pattern=r"^-?\d+\.\d+$", max_length=40)]
"""Money as an exact decimal string."""
SignedCount = Annotated[int, Meta(ge=-(10**9), le=10**9)]
SignedQuantity = Annotated[int, Meta(ge=-(10**15), le=10**15)]
"""Negative on a line that takes an earlier one back."""
EntryKind = Literal["charge", "minimum", "correction", "void", "reprice"]


class BookAmount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one book says of a line: an amount with its list, version and rule, or why there is none."""

    amount: Amount | None = None
    currency: str
    price_list: Text | None = None
    version: int | None = None
    rule: Text | None = None
    unpriced: Text | None = None


class ChargeQuantities(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the line consumed: areas in mm2, ink in uL; absent where no source told it, negative on a void."""

    printed_area_mm2: SignedQuantity | None = None
    used_area_mm2: SignedQuantity | None = None
    ink_ul: SignedQuantity | None = None
    impressions: SignedCount | None = None
    sheets: SignedCount | None = None


class ChargePerson(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Personal data of a charge, in one place."""

    claimed: Text | None = None


class ChargePosted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One posted ledger line; `line` counts a job's lines from 0.

    Quantities, amounts and counts are signed: adding up all events of a line gives its current state, of a voided
    line nothing. Fields that came later are absent from events told before.

    Attributes:
        follows: the line that this one takes back, or comes after.
        day: the business day on which it is booked.
        jobs: what it adds to the number of jobs.
        unpriced_lines: what it adds to the number of lines that lack a cost or a price.
        correction_id: the change that made it; with `actor` and `reason`, who made that and why.
    """

    id: Code
    entry_kind: EntryKind = "charge"
    follows: Code | None = None
    job_id: Code
    job_key: Code
    line: int
    printer: Code
    person: ChargePerson = ChargePerson()
    project: str = ""
    department: str = ""
    billable: bool = True
    kind: Kind = "print"
    outcome: Outcome = "completed"
    media: str | None = None
    category: str | None = None
    quantities: ChargeQuantities
    cost: BookAmount
    price: BookAmount
    occurred_at: Moment
    posted_at: Moment
    day: date | None = None
    jobs: int | None = None
    unpriced_lines: int | None = None
    correction_id: Code | None = None
    actor: Text | None = None
    reason: Text | None = None


ChargePostedEvent = CloudEvent[ChargePosted]
