"""`job.authorized.v1`: whether a job may print, decided before it does."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.events.envelope import CloudEvent, Moment
from shared.events.jobs import Code, PersonRef, Text

JOB_AUTHORIZED: Final = "job.authorized.v1"

Decision = Literal["allow", "hold", "deny"]
Estimate = Annotated[str, Meta(pattern=r"^\d{1,12}(\.\d{1,6})?$")]
"""Money as an exact decimal string, never negative."""


class JobAuthorized(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One decision; a later one with the same id replaces it, as when a held job is released.

    An allowed job reserves its `estimate` (a price) in the budgets of those it is charged to, until the job that
    carries `correlation_id` (else the authorization's own id) as its `correlation_id` is charged, or `expires_at`.
    """

    authorization_id: Code
    decision: Decision
    decided_at: Moment
    expires_at: Moment | None = None
    correlation_id: Code | None = None
    printer: Code | None = None
    person: PersonRef | None = None
    project: Text | None = None
    department: Text | None = None
    estimate: Estimate | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None
    reason: Text | None = None


JobAuthorizedEvent = CloudEvent[JobAuthorized]
