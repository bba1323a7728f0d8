"""Rows of HP's job-info to records of completed jobs: pages of every copy, the person, how it ended."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from services.collector.sources.hp_jobs.table import ABORTED, CANCELLED, JobDetails, JobRow
from shared.events.jobs import JobCompleted, JobLine, JobRef, Outcome, PersonRef, PrinterRef

SOURCE: Final = "hp-job-info"
MAX_COPIES: Final = 32_000
_UUID: Final = re.compile(r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")


def completed_job(row: JobRow, details: JobDetails, printer: PrinterRef, at: datetime) -> JobCompleted:
    """The record of a job that has ended.

    The MIB tells no time, so `at` is when it was first seen to have ended. Its pages count each copy; it tells
    neither sizes nor colour.
    """
    copies = details.copies if details.copies and details.copies <= MAX_COPIES else None
    return JobCompleted(
        job=JobRef(device_job_id=str(row.number), source=SOURCE),
        printer=printer,
        person=PersonRef(claimed=_person(details)) if details.user else None,
        outcome=_outcome(row),
        title=details.name,
        copies=copies,
        completed_at=at,
        measured="by_device" if row.pages_printed is not None else None,
        correlation_id=details.job_uuid if details.job_uuid and _UUID.match(details.job_uuid) else None,
        lines=[JobLine(impressions=row.pages_printed)],
    )


def _person(details: JobDetails) -> str:
    r"""The user, with the domain where one is told: `EXAMPLE\alice`."""
    user = details.user or ""
    return f"{details.domain}\\{user}" if details.domain and "\\" not in user and "@" not in user else user


def _outcome(row: JobRow) -> Outcome:
    """What was cancelled after a part of it had come out is partial."""
    if row.state == ABORTED:
        return "aborted"
    if row.state == CANCELLED:
        return "partial" if row.pages_printed else "cancelled_by_user"
    return "completed"
