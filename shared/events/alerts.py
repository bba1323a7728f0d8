"""`alert.raised.v1`: something that a person should look at, in words and with its evidence."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.events.charges import Amount, ChargePerson
from shared.events.envelope import CloudEvent, Moment
from shared.events.jobs import Code, Text

ALERT_RAISED: Final = "alert.raised.v1"

AlertKind = Literal["budget_threshold", "repeated_document", "ink_density", "cancelled_area"]
Percent = Annotated[int, Meta(ge=0, le=10**9)]


class BudgetEvidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which threshold of which budget was reached, and with what; each threshold once per period."""

    budget: Code
    owner: Literal["person", "project", "department", "customer"]
    code: Text = ""
    period: Code
    used: Amount
    reserved: Amount
    limit: Amount
    currency: Text
    percent: Percent
    threshold: Percent
    hard: bool = False


class RepeatEvidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often a document was printed lately; neither its name nor its content leaves accounting."""

    times: Annotated[int, Meta(ge=2)]
    within_s: int
    jobs: list[Code]


class DensityEvidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Ink of a line and what is usual there, both in nanolitre per m2 of printed area."""

    media: str = ""
    density_nl_per_m2: int
    median_nl_per_m2: int
    deviation_nl_per_m2: int
    samples: int


class CancelledEvidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of a day's used area went into jobs that were cancelled or aborted."""

    day: Code
    cancelled_area_mm2: int
    used_area_mm2: int
    percent: Percent


class AlertRaised(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert: `id` is the same however often it is told, `words` say what happened and what to do.

    `subject` says what it is about: `budget/<id>` or `printer/<id>`. The evidence is in the field of its kind.
    """

    id: Code
    kind: AlertKind
    subject: Text
    words: Text
    person: ChargePerson | None = None
    job_id: Code | None = None
    occurred_at: Moment
    budget: BudgetEvidence | None = None
    repeat: RepeatEvidence | None = None
    density: DensityEvidence | None = None
    cancelled: CancelledEvidence | None = None


AlertRaisedEvent = CloudEvent[AlertRaised]
