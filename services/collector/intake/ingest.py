"""Reads jobs that are brought by HTTP: strict at the edge, every error of a batch at once, each with its place."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from services.collector.intake.bring import Intake
from services.collector.intake.strict_job import StrictJob
from services.collector.intake.taking import ReadyJob
from shared.errors import Reject
from shared.events.envelope import rejected
from shared.events.jobs import JobCompleted
from shared.http.problems import MAX_ERRORS, BadRequest, FieldError, Invalid
from shared.http.unknown_fields import unknown_fields

MAX_JOBS: Final = 1_000
DEFAULT_SOURCE: Final = "http"
_SOURCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_PERHAPS_CONTROL: Final = re.compile(rb"\x7f|\\(?:u00[01]|u007f|[bfnrt])", re.IGNORECASE)
"""In JSON a control character can only be there as an escape, or as DEL: bytes without need no second look."""


class _Envelope(Struct):
    jobs: Raw | UnsetType = UNSET


class _Batch(Struct, forbid_unknown_fields=True):
    jobs: list[StrictJob]


_envelope = msgspec.json.Decoder(_Envelope)
_batch = msgspec.json.Decoder(_Batch)
_one = msgspec.json.Decoder(StrictJob)


def read_jobs(raw: bytes) -> tuple[list[JobCompleted], bool]:
    """The jobs of a request body, and whether it was a batch.

    Raises:
        BadRequest: not JSON.
        Invalid: something in it is wrong; nothing of it may be taken.
    """
    try:
        is_batch = not isinstance(_envelope.decode(raw).jobs, UnsetType)
        jobs: list[JobCompleted] = list(_batch.decode(raw).jobs) if is_batch else [_one.decode(raw)]
        if 0 < len(jobs) <= MAX_JOBS and not _PERHAPS_CONTROL.search(raw):
            return jobs, is_batch
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # the slow way below finds out what is wrong, and where
    return _read_slowly(raw)


def _read_slowly(raw: bytes) -> tuple[list[JobCompleted], bool]:
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}" if raw else "The request needs a JSON body.") from error
    is_batch = isinstance(document, dict) and "jobs" in document
    if not is_batch:
        job, errors = _read_one(document, "")
        jobs = [job] if job else []
    else:
        jobs, errors = _read_batch(document)
    if errors:
        raise Invalid(errors[:MAX_ERRORS])
    return jobs, is_batch


def _read_batch(document: dict[str, Any]) -> tuple[list[JobCompleted], list[FieldError]]:
    errors = [
        FieldError(pointer=f"/{name}", detail=f"unknown field {name!r}") for name in document if name != "jobs"
    ]
    listed = document["jobs"]
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_JOBS:
        wrong = f"Expected an array of 1 to {MAX_JOBS} jobs"
        return [], [*errors, FieldError(pointer="/jobs", detail=wrong)]
    jobs: list[JobCompleted] = []
    for index, each in enumerate(listed):
        job, wrong_in_job = _read_one(each, f"/jobs/{index}")
        errors += wrong_in_job
        if job:
            jobs.append(job)
        if len(errors) >= MAX_ERRORS:
            break
    return jobs, errors


def _read_one(document: Any, pointer: str) -> tuple[JobCompleted | None, list[FieldError]]:
    errors = unknown_fields(document, JobCompleted) + _control_characters(document, "")
    job: JobCompleted | None = None
    try:
        # Through JSON again: what Python objects allow differs from what JSON text does.
        job = msgspec.json.decode(msgspec.json.encode(document), type=JobCompleted)
    except msgspec.ValidationError as error:
        told = rejected(error)
        errors.insert(0, FieldError(pointer=told.pointer, detail=told.reason))
    return job, [FieldError(pointer=pointer + each.pointer, detail=each.detail) for each in errors]


def _control_characters(value: Any, pointer: str) -> list[FieldError]:
    if isinstance(value, str):
        found = _CONTROL.search(value)
        detail = f"control character U+{ord(found.group()):04X}" if found else ""
        return [FieldError(pointer=pointer, detail=detail)] if found else []
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = ((str(name).replace("~", "~0").replace("/", "~1"), each) for name, each in value.items())
    elif isinstance(value, list):
        pairs = enumerate(value)
    errors: list[FieldError] = []
    for name, each in pairs:
        where = f"{pointer}/{name}"
        if isinstance(name, str) and _CONTROL.search(name):
            errors.append(FieldError(pointer=pointer, detail="control character in the name of a field"))
        errors += _control_characters(each, where)
    return errors


def ready_jobs(jobs: list[JobCompleted], intake: Intake, *, is_batch: bool) -> list[ReadyJob]:
    """The jobs with their identities, in order.

    Raises:
        Invalid: for some it can't be told which printer or which job they are.
    """
    ready: list[ReadyJob] = []
    errors: list[FieldError] = []
    for index, job in enumerate(jobs):
        try:
            ready.append(intake.ready(job, source=_source(job)))
        except Reject as error:
            where = f"/jobs/{index}" if is_batch else ""
            errors.append(FieldError(pointer=where + error.pointer, detail=error.reason))
    if errors:
        raise Invalid(errors)
    return ready


def _source(job: JobCompleted) -> str:
    source = job.job.source or DEFAULT_SOURCE
    if not _SOURCE.fullmatch(source):
        raise Reject("a source is named by letters, digits, dots and dashes", pointer="/job/source")
    return source
