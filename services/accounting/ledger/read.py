"""Reads one record of the jobs topic: decodes and checks it, or says why it is refused. Pure."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from shared.errors import Reject
from shared.events import JOB_COMPLETED, JobCompleted
from shared.events.envelope import Moment, NonEmpty, rejected
from shared.events.jobs import identified
from shared.stream import Record


class JobEnvelope(Struct, frozen=True, gc=False):
    """The part of a job's CloudEvent that the ledger looks at; the rest is let through, unread."""

    specversion: Literal["1.0"]
    id: NonEmpty
    source: NonEmpty
    type: NonEmpty
    time: Moment
    data: JobCompleted


_decoder = msgspec.json.Decoder(JobEnvelope)
canonical = msgspec.msgpack.Encoder(order="deterministic").encode
NUL_ESCAPE: Final = b"\\u0000"
MAX_KEY_BYTES: Final = 2_000
"""Of a key that the ledger counts by; a record that is shorter as a whole need not be looked at."""
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def read_job(record: Record) -> JobCompleted:
    """The job of a record, with its identity filled in.

    Raises:
        Reject: it is no job event, or lacks what a job needs.
    """
    return identified(decoded(record))


def decoded(record: Record) -> JobCompleted:
    """The job of a record as it was told.

    Raises:
        Reject: it is no job event, or holds what the ledger can't.
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
    if b"\\" in raw and NUL_ESCAPE in raw:
        refuse_nul(event.data)
    if len(raw) > MAX_KEY_BYTES:
        refuse_long_keys(event.data)
    return event.data


def refuse_nul(job: Struct) -> None:
    """PostgreSQL holds no NUL in a text.

    Raises:
        Reject: there is one.
    """
    if _holds_nul(msgspec.to_builtins(job)):
        raise Reject("a text holds the character NUL", pointer="/data")


def refuse_long_keys(job: JobCompleted) -> None:
    """An index of PostgreSQL holds keys up to 2,704 bytes.

    Raises:
        Reject: a name or a list of codes that the ledger counts by is longer.
    """
    keys = [("project", job.project), ("department", job.department)]
    keys.append(("person", job.person.claimed if job.person else None))
    for name, key in keys:
        if key is not None and len(key.encode()) > MAX_KEY_BYTES:
            raise Reject(f"{name} is longer than {MAX_KEY_BYTES} bytes", pointer=f"/data/{name}")
    for index, line in enumerate(job.lines):
        for name, codes in (("finishing", line.finishing), ("ink_ul", line.ink_ul)):
            if codes and len(codes_key(list(codes)).encode()) > MAX_KEY_BYTES:
                raise Reject(
                    f"the codes of {name} are longer than {MAX_KEY_BYTES} bytes",
                    pointer=f"/data/lines/{index}/{name}",
                )


def codes_key(codes: list[str]) -> str:
    """The key of a list of codes, as a dimension holds it."""
    return msgspec.json.encode(codes).decode()


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
    return isinstance(value, list) and any(_holds_nul(each) for each in value)


def microseconds(moment: datetime) -> int:
    """Microseconds since 2000-01-01 UTC, PostgreSQL's own count."""
    return (moment - _EPOCH) // _MICROSECOND


class Moments(NamedTuple):
    """The moments of a job in microseconds since 2000."""

    completed: int
    submitted: int | None
    started: int | None


def moments_of(job: JobCompleted) -> Moments:
    """The moments of a job."""
    submitted, started = job.submitted_at, job.started_at
    return Moments(
        microseconds(job.completed_at),
        None if submitted is None else microseconds(submitted),
        None if started is None else microseconds(started),
    )


def payload_hash(job: JobCompleted, moments: Moments) -> int:
    """A signed 64 bit hash of all that a job says; how and by whom it was delivered is left out.

    The same job told twice has the same hash; the same identity with another hash is a contradiction. Moments
    count as such, whatever zone they are written in.
    """
    reference = job.job
    said = (
        reference.key,
        reference.device_job_id,
        astuple(job.printer),
        job.person,
        job.project,
        job.department,
        job.billable,
        job.kind,
        job.outcome,
        job.title,
        job.copies,
        *moments,
        job.measured,
        job.correlation_id,
        [astuple(line) for line in job.lines],
    )
    return int.from_bytes(said_hash(said), signed=True)


def said_hash(said: tuple[object, ...]) -> bytes:
    """The 8 bytes of a payload hash. What is hashed must stay as it is: the ledger keeps the hashes for ever."""
    return hashlib.blake2b(canonical(said), digest_size=8).digest()
