"""`print.job.completed.v1`: what every source is turned into.

Absent means absent, never 0. A line's areas, ink, impressions and sheets are totals over its copies; its width
and length are those of one page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from shared.errors import Reject
from shared.events.envelope import CloudEvent, Moment
from shared.ids import job_id, job_key

JOB_COMPLETED: Final = "print.job.completed.v1"
MAX_LINES: Final = 1_000

MAX_CODE: Final = 200

Code = Annotated[str, Meta(min_length=1, max_length=MAX_CODE)]
Text = Annotated[str, Meta(max_length=1_000)]
Count = Annotated[int, Meta(ge=0, le=10**9)]
Quantity = Annotated[int, Meta(ge=0, le=10**15)]
"""Areas in mm2, lengths in um, ink in uL: 10**15 mm2 is a thousand square kilometres."""
Evidence = Annotated[dict[Code, Text], Meta(max_length=40)]
"""Flat facts, each a text: what something was found by."""

Kind = Literal["print", "copy", "scan", "checkplot", "reprint", "internal"]
Outcome = Literal["completed", "cancelled_by_user", "cancelled_by_device", "aborted", "partial"]
Measured = Literal["by_device", "from_counters", "as_submitted", "estimated"]
ColourMode = Literal["mono", "colour"]
CategoryBy = Literal["device", "density", "operator"]


class JobRef(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which job: `id` and `key` may be left out, they follow from printer, device job id and completion time."""

    id: str | None = None
    key: Code | None = None
    device_job_id: Code | None = None
    source: Code | None = None
    source_sequence: Quantity | None = None


class PrinterRef(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which printer: its id in the registry, or its serial number where the sender knows no id."""

    id: Code | None = None
    serial: Code | None = None
    model: Code | None = None


class PersonRef(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who printed, as claimed, and whether that was proven. The only place for personal data in a job."""

    claimed: Text | None = None
    authenticated: bool = False


class JobLine(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One kind of page within a job: lengths in um, areas in mm2, ink in uL by colour name."""

    media: Code | None = None
    media_name: Text | None = None
    page_range: Text | None = None
    roll_width_um: Quantity | None = None
    width_um: Quantity | None = None
    length_um: Quantity | None = None
    printed_area_mm2: Quantity | None = None
    used_area_mm2: Quantity | None = None
    scan_area_mm2: Quantity | None = None
    category: Code | None = None
    category_by: CategoryBy | None = None
    colour_mode: ColourMode | None = None
    quality: Code | None = None
    ink_ul: Annotated[dict[Code, Quantity], Meta(max_length=24)] | None = None
    impressions: Count | None = None
    sheets: Count | None = None
    finishing: Annotated[list[Code], Meta(max_length=20)] | None = None


class JobCompleted(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A job that came to its end, with what it consumed; `evidence` says what that is known by."""

    job: JobRef = JobRef()
    printer: PrinterRef
    person: PersonRef | None = None
    project: Text | None = None
    department: Text | None = None
    billable: bool | None = None
    kind: Kind = "print"
    outcome: Outcome = "completed"
    title: Text | None = None
    copies: Count | None = None
    submitted_at: Moment | None = None
    started_at: Moment | None = None
    completed_at: Moment
    measured: Measured | None = None
    correlation_id: Code | None = None
    raw_reference: Text | None = None
    evidence: Evidence | None = None
    lines: Annotated[list[JobLine], Meta(min_length=1, max_length=MAX_LINES)]


JobCompletedEvent = CloudEvent[JobCompleted]

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def identified(data: JobCompleted) -> JobCompleted:
    """The job with printer id, job key and job id filled in where they were left out.

    Raises:
        Reject: it cannot be told which printer or which job this is, the completion time is absurd, or a given
            job id is not the one that key and completion time make.
    """
    if not EARLIEST <= data.completed_at < LATEST:
        raise Reject(
            f"completed_at is outside 2000 to 2100: {data.completed_at.isoformat()}", pointer="/completed_at"
        )
    printer, job = data.printer, data.job
    identity = printer.id or (f"serial:{printer.serial}" if printer.serial else "")
    if not identity:
        raise Reject("printer needs an id or a serial", pointer="/printer")
    key = job.key
    if not key:
        if not job.device_job_id:
            raise Reject("job needs a key or a device_job_id", pointer="/job")
        key = job_key(identity, job.device_job_id, data.completed_at)
    if max(len(identity), len(key)) > MAX_CODE:
        raise Reject(f"the job key would be longer than {MAX_CODE} characters: {key[:80]}...", pointer="/job")
    expected = str(job_id(data.completed_at, key))
    if job.id and job.id != expected:
        raise Reject(
            f"job id {job.id} does not follow from key and completion time ({expected})", pointer="/job/id"
        )
    return msgspec.structs.replace(
        data,
        printer=msgspec.structs.replace(printer, id=identity),
        job=msgspec.structs.replace(job, id=expected, key=key),
    )
