"""Reads one record of the jobs topic: decodes and checks it, or says why it is refused. Pure."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from shared.errors import Reject
from shared.events import JOB_COMPLETED, JobCompleted, JobCompletedEvent
from shared.events.envelope import rejected
from shared.events.jobs import identified
from shared.stream import Record

_decoder = msgspec.json.Decoder(JobCompletedEvent)
_canonical = msgspec.json.Encoder(order="deterministic")
_NUL_ESCAPE: Final = b"\\u0000"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def read_job(record: Record) -> JobCompleted:
    """The job of a record, with its identity filled in.

    Raises:
        Reject: it is no job event, or lacks what a job needs.
    """
    raw = record.value
    if raw is None:
        raise Reject("a record without a value is no job")
    try:
        event = _decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise rejected(error) from error
    except UnicodeDecodeError as error:
        raise Reject(f"not UTF-8 text: {error.reason}") from error
    if event.type != JOB_COMPLETED:
        raise Reject(f"{JOB_COMPLETED} is expected here, not {event.type}", pointer="/type")
    if _NUL_ESCAPE in raw:
        refuse_nul(event.data)
    return identified(event.data)


def refuse_nul(job: JobCompleted) -> None:
    """PostgreSQL holds no NUL in a text.

    Raises:
        Reject: there is one.
    """
    if _holds_nul(msgspec.to_builtins(job)):
        raise Reject("a text holds the character NUL", pointer="/data")


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
    return isinstance(value, list) and any(_holds_nul(each) for each in value)


def microseconds(moment: datetime) -> int:
    """Microseconds since 2000-01-01 UTC, PostgreSQL's own count."""
    return (moment - _EPOCH) // _MICROSECOND


def payload_hash(job: JobCompleted) -> int:
    """A signed 64 bit hash of all that a job says; how and by whom it was delivered is left out.

    The same job told twice has the same hash; the same identity with another hash is a contradiction. Moments
    count as such, whatever zone they are written in.
    """
    moments = [microseconds(at) if at else None for at in (job.submitted_at, job.started_at)]
    said = (
        job.job.key,
        job.job.device_job_id,
        job.printer,
        job.person,
        job.project,
        job.department,
        job.billable,
        job.kind,
        job.outcome,
        job.title,
        job.copies,
        moments,
        microseconds(job.completed_at),
        job.measured,
        job.correlation_id,
        job.lines,
    )
    return int.from_bytes(hashlib.blake2b(_canonical.encode(said), digest_size=8).digest(), signed=True)
