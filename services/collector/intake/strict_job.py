"""The job record as the HTTP edge takes it: the same fields, but an unknown one is an error.

Consumers let unknown fields pass, as newer producers may add some; whoever posts a job has more likely misspelt
one, and would never learn that it was lost.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shared.events.jobs import MAX_LINES, JobCompleted, JobLine, JobRef, PersonRef, PrinterRef


class StrictJobRef(JobRef, frozen=True, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """See JobRef."""


class StrictPrinterRef(
    PrinterRef, frozen=True, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True
):
    """See PrinterRef."""


class StrictPersonRef(
    PersonRef, frozen=True, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True
):
    """See PersonRef."""


class StrictLine(JobLine, frozen=True, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """See JobLine."""


class StrictJob(JobCompleted, frozen=True, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """See JobCompleted."""

    job: StrictJobRef = StrictJobRef()
    printer: StrictPrinterRef
    person: StrictPersonRef | None = None
    lines: Annotated[list[StrictLine], Meta(min_length=1, max_length=MAX_LINES)]  # type: ignore[assignment]
