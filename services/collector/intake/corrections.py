"""The journal entries that take back what was told of jobs, and what is told in its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Final

from services.collector.correlation.merge import renamed
from services.collector.intake.jobs import JOBS_TOPIC
from services.collector.journal import Entry
from shared.events.envelope import encode, new_event
from shared.events.job_corrections import JOB_CORRECTED, CorrectionReason, JobCorrected
from shared.events.jobs import MAX_CODE, JobCompleted, identified

_ROOM: Final = 12
"""Characters of a key that are kept for the number of a correction."""
_DIGEST: Final = 16


def in_place_of(job: JobCompleted, first_key: str, revision: int) -> JobCompleted:
    """The job as it takes the place of what was told: under the first key and the number of the correction."""
    key = first_key
    if len(key) > MAX_CODE - _ROOM:
        digest = blake2b(key.encode(), digest_size=_DIGEST // 2).hexdigest()
        key = f"{key[: MAX_CODE - _ROOM - _DIGEST - 1]}~{digest}"
    return identified(renamed(job, f"{key}#{revision}"))


def revision_of(job: JobCompleted, first_key: str) -> int | None:
    """Which correction of a job this is; None where it is none of that key."""
    number = (job.job.key or "").removeprefix(f"{first_key}#")
    return int(number) if number.isascii() and number.isdigit() and len(number) < _ROOM else None


def correction_entry(
    told: JobCompleted,
    replacement: JobCompleted | None,
    *,
    key: str,
    reason: CorrectionReason,
    words: str,
    at: datetime,
    origin: str,
    evidence: Mapping[str, str] | None = None,
) -> Entry:
    """The entry that takes `told` back.

    It lies under the key of the record that told it, so that it comes after it; `at` is when that was found, and
    `origin` the event's source.
    """
    data = JobCorrected(
        corrects=str(told.job.id),
        corrects_key=told.job.key,
        reason=reason,
        words=words,
        evidence=dict(evidence) if evidence else None,
        replacement=replacement,
    )
    event_id = f"{told.job.id}#{replacement.job.id if replacement else ''}"
    event = new_event(JOB_CORRECTED, data, event_id=event_id, source=origin, time=at, subject=str(told.job.key))
    return Entry(JOBS_TOPIC, key, event_id, encode(event), origin)
