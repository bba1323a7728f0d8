"""`print.job.corrected.v1`: what was told of a job is taken back, and another telling may take its place.

It lies in the same topic as the jobs, under the key of the job that it corrects, so that it comes after it. The
job it names counts no longer, whenever it comes; a replacement is a job of its own with a key of its own. A job is
corrected once: what is to be corrected further is its replacement.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.errors import Reject
from shared.events.envelope import CloudEvent
from shared.events.jobs import Code, Evidence, JobCompleted, identified

JOB_CORRECTED: Final = "print.job.corrected.v1"

CorrectionReason = Literal["same_job", "better_reading", "late_jobs", "ink_estimated"]
"""Two jobs told are one; a source that measures better told of it; jobs of a gap came late; ink was estimated."""

JobId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Words = Annotated[str, Meta(min_length=1, max_length=1_000)]


class JobCorrected(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The job `corrects` counts no longer; `replacement`, if there is one, counts in its stead.

    Attributes:
        corrects: job id of what was told before.
        corrects_key: the job key of it.
        words: why, as one sentence for people.
        evidence: what that was found by, as flat facts: sources, counters, moments.
        replacement: the job as it is known now.
    """

    corrects: JobId
    corrects_key: Code | None = None
    reason: CorrectionReason
    words: Words
    evidence: Evidence | None = None
    replacement: JobCompleted | None = None


JobCorrectedEvent = CloudEvent[JobCorrected]


def replacement_of(data: JobCorrected) -> JobCompleted | None:
    """The job that takes the place, with its identity filled in.

    Raises:
        Reject: it can't be told which job that is, or it is the very job that it replaces.
    """
    if data.replacement is None:
        return None
    try:
        job = identified(data.replacement)
    except Reject as error:
        raise Reject(error.reason, pointer=f"/replacement{error.pointer}") from error
    if job.job.id == data.corrects:
        raise Reject("a job can't be replaced by itself", pointer="/replacement/job")
    return job
