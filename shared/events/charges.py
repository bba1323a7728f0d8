"""`charge.posted.v1`: one line of the ledger, told to the world after it was committed."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.events.envelope import CloudEvent, Moment
from shared.events.jobs import Code, Count, Kind, Outcome, Quantity, Text

CHARGE_POSTED: Final = "charge.posted.v1"

Amount = Annotated[str, Meta(pattern=r"^-?\d+\.\d+$", max_length=40)]
"""Money as an exact decimal string."""
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
    """What the line consumed: areas in mm2, ink in uL; absent where no source told it."""

    printed_area_mm2: Quantity | None = None
    used_area_mm2: Quantity | None = None
    ink_ul: Quantity | None = None
    impressions: Count | None = None
    sheets: Count | None = None


class ChargePerson(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Personal data of a charge, in one place."""

    claimed: Text | None = None


class ChargePosted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One posted ledger line; `line` counts a job's lines from 0."""

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


ChargePostedEvent = CloudEvent[ChargePosted]
