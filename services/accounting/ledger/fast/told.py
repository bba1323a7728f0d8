"""Reads a batch of records by column: what the plain reader takes, with its checks done for all of them at once.

Only what is surely as it must be is taken here. Everything else, from a moment in another zone to a job without a
key, goes to the plain reader, which takes it or says why not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple, get_args
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple

from services.accounting.ledger.fast.identity import Ids, equal_texts, job_ids
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.moments import END_US, moments_of_texts
from services.accounting.ledger.fast.raw import Flags, Whole
from services.accounting.ledger.messages import columns as columns_of_records
from services.accounting.ledger.read import (
    MAX_KEY_BYTES,
    NUL_ESCAPE,
    JobEnvelope,
    moments_of,
    read_job,
    refuse_long_keys,
)
from services.accounting.ledger.read_correction import Correction, correction_of
from services.accounting.ledger.work import Refusal
from shared.errors import Reject
from shared.events import JOB_COMPLETED, JobCompleted
from shared.events.jobs import JobRef, PrinterRef
from shared.stream import Record

_MOMENTS: Final = {"completed_at": str, "submitted_at": str | None, "started_at": str | None}
ToldJob: Final = msgspec.defstruct(
    "ToldJob",
    [
        (each.name, _MOMENTS.get(each.name, each.type))
        if each.required
        else (each.name, _MOMENTS.get(each.name, each.type), each.default)
        for each in msgspec.structs.fields(JobCompleted)
    ],
    frozen=True,
    kw_only=True,
    gc=False,
)
"""A job whose moments are texts still; all else is as in JobCompleted, whose functions take it as well."""
FIELDS: Final = {name: at for at, name in enumerate(ToldJob.__struct_fields__)}

_ENVELOPE: Final = {"time": str, "type": Literal["print.job.completed.v1"], "data": ToldJob}
assert get_args(_ENVELOPE["type"]) == (JOB_COMPLETED,)  # noqa: S101
decode: Final[Any] = msgspec.json.Decoder(
    msgspec.defstruct(
        "ToldEnvelope",
        [(each.name, _ENVELOPE.get(each.name, each.type)) for each in msgspec.structs.fields(JobEnvelope)],
        frozen=True,
        gc=False,
    )
).decode
_FIRST: Final = itemgetter(0)


class Told(NamedTuple):
    """The jobs of a batch in the order of their records, with what was found out of each.

    Attributes:
        jobs: ToldJob each, with printer id, job id and job key filled in.
        columns: their fields by name, those of their references to the job as well; printers as tuples.
        at: which record each one is of.
        completed, submitted, started: in microseconds since 2000, NULL64 where absent.
        ids: the job ids.
        refused: the records that are no job, and why.
        corrections: the records that take a job back; what they put in its place is among the jobs.
    """

    jobs: list[Any]
    columns: dict[str, Any]
    at: npt.NDArray[np.intp]
    completed: Whole
    submitted: Whole
    started: Whole
    ids: Ids
    refused: list[Refusal]
    corrections: list[Correction]


def read_all(records: Sequence[Record]) -> Told:
    """Reads a batch."""
    events = _decoded(columns_of_records(records)[0])
    jobs: list[Any] = [_NONE if event is None else event.data for event in events]
    columns = columns_of(jobs)
    completed, is_sure = moments_of_texts(columns["completed_at"])
    is_sure &= (completed >= 0) & (completed < END_US)
    told_at = zip(events, columns["completed_at"], strict=True)
    others = [at for at, (event, moment) in enumerate(told_at) if event is not None and event.time != moment]
    is_sure[others] &= moments_of_texts([events[at].time for at in others])[1]
    submitted, is_read = _optional(columns["submitted_at"])
    started, is_read_as_well = _optional(columns["started_at"])
    is_sure &= is_read & is_read_as_well
    for name in ("id", "key", "printer_id"):
        if not all(columns[name]):
            is_sure &= np.fromiter(map(bool, columns[name]), np.bool_, len(jobs))
    keys = [(key or "").encode() for key in columns["key"]]
    ids = job_ids(np.where(is_sure, completed, 0), keys)
    is_sure &= equal_texts(ids, columns["id"])
    told = Told(jobs, columns, np.arange(len(jobs)), completed, submitted, started, ids, [], [])
    return told if is_sure.all() else _with_the_others(told, records, is_sure)


def columns_of(jobs: Sequence[Any]) -> dict[str, Any]:
    """What jobs say, by name of the field."""
    columns = _by_field(FIELDS, map(astuple, jobs))
    columns |= _by_field(JobRef.__struct_fields__, map(astuple, columns["job"]))
    columns["printer"] = tuple(map(astuple, columns["printer"]))
    columns["printer_id"] = tuple(map(_FIRST, columns["printer"]))
    return columns


def _by_field(names: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True))
    return {name: columns[at] if columns else () for at, name in enumerate(names)}


def _decoded(values: Sequence[bytes | None]) -> list[Any]:
    """The events; None for what the plain reader has to see."""
    try:
        events = list(map(decode, values))
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        events = [_decoded_one(value) for value in values]
    for at, raw in enumerate(values):
        if raw and (b"\\" in raw or len(raw) > MAX_KEY_BYTES) and events[at] is not None:
            try:
                refuse_long_keys(events[at].data)
            except Reject:
                events[at] = None
            if NUL_ESCAPE in raw:
                events[at] = None
    return events


def _decoded_one(value: bytes | None) -> Any:
    try:
        return None if value is None else decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _optional(texts: Sequence[str | None]) -> tuple[Whole, Flags]:
    """Moments of which some are absent."""
    moments, is_read = np.full(len(texts), NULL64), np.ones(len(texts), np.bool_)
    if texts.count(None) < len(texts):
        which = [at for at, text in enumerate(texts) if text is not None]
        moments[which], is_read[which] = moments_of_texts([texts[at] or "" for at in which])
    return moments, is_read


def _with_the_others(told: Told, records: Sequence[Record], is_sure: Flags) -> Told:
    """Has the plain reader read what is not sure, and leaves out what it refuses."""
    is_good = np.ones(len(records), np.bool_)
    for at in np.flatnonzero(~is_sure).tolist():
        try:
            correction = correction_of(records[at])
            job = correction.replacement if correction else read_job(records[at])
        except Reject as reject:
            told.refused.append(Refusal(records[at], reject))
            is_good[at] = False
            continue
        if correction:
            told.corrections.append(correction)
        if job is None:
            is_good[at] = False
            continue
        told.jobs[at] = as_told(job)
        moments = moments_of(job)
        told.completed[at] = moments.completed
        for column, moment in ((told.submitted, moments.submitted), (told.started, moments.started)):
            column[at] = NULL64 if moment is None else moment
        told.ids[at] = np.void(UUID(job.job.id).bytes)
    which = np.flatnonzero(is_good)
    jobs = [told.jobs[at] for at in which.tolist()]
    return Told(
        jobs,
        columns_of(jobs),
        which,
        told.completed[which],
        told.submitted[which],
        told.started[which],
        told.ids[which],
        told.refused,
        told.corrections,
    )


def as_told(job: JobCompleted) -> Any:
    """A job in the shape of this path; its moments are given beside it."""
    values = {name: getattr(job, name) for name in FIELDS}
    return ToldJob(**values | dict.fromkeys(_MOMENTS, ""))


_NONE: Final[Any] = ToldJob(printer=PrinterRef(), completed_at="", lines=[])
"""Stands where there is no event."""
