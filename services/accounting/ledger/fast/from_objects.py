"""The facts of jobs that were read one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple, fields

from services.accounting.event_codes import CATEGORY_BY, COLOUR_MODE, KIND, MEASURED, OUTCOME
from services.accounting.ledger.fast.facts import AREAS_AND_LENGTHS, BILLABLE_UNTOLD, TEXTS, Facts
from services.accounting.ledger.fast.ink import ink_columns
from services.accounting.ledger.fast.layout import NULL64, Columns, coded, whole
from services.accounting.ledger.fast.names import Keys
from services.accounting.ledger.fast.texts import Texts
from services.accounting.ledger.fast.told import Told
from services.accounting.ledger.read import codes_key, said_hash
from shared.events.jobs import JobLine, PersonRef

Whole = npt.NDArray[np.int64]
_NOBODY: Final = PersonRef()
_SAID: Final = ("person", "project", "department", "billable", "kind", "outcome", "title", "copies")
"""Fields of a job as they stand in the middle of what is hashed; see read.payload_hash."""
_LINE_FIELDS: Final = [each.name for each in fields(JobLine)]
_BILLABLE: Final = {None: BILLABLE_UNTOLD, False: 0, True: 1}


def facts_of(told: Told, keys: Keys) -> Facts:
    """Jobs and lines by column."""
    columns = told.columns
    values = list(map(astuple, chain.from_iterable(columns["lines"])))
    jobs = _jobs(told, keys)
    jobs["payload_hash"] = _hashes(columns, told, values, jobs["lines"])
    lines, ink_ul = _lines(values, jobs["lines"], keys)
    return Facts(told.at, jobs, lines, [Texts.of(columns[name]) for name in TEXTS], ink_ul)


def _jobs(told: Told, keys: Keys) -> Columns:
    columns, count = told.columns, len(told.jobs)
    people = map(astuple, (person or _NOBODY for person in columns["person"]))
    claimed, proven = zip(*people, strict=True) if count else ((), ())
    return {
        "completed_at": told.completed,
        "submitted_at": told.submitted,
        "started_at": told.started,
        "job_id": told.ids,
        "told_printer": keys.told_printers.column(columns["printer"], count),
        "printer": keys.printers.column(columns["printer_id"]),
        "person": keys.people.column(claimed),
        "source": keys.sources.column(columns["source"]),
        "project": keys.projects.column(columns["project"]),
        "department": keys.departments.column(columns["department"]),
        "copies": whole(columns["copies"], np.int32),
        "lines": np.fromiter(map(len, columns["lines"]), np.int64, count),
        "measured": coded(columns["measured"], MEASURED),
        "kind": coded(columns["kind"], KIND),
        "outcome": coded(columns["outcome"], OUTCOME),
        "authenticated": np.array(proven, np.bool_),
        "billable": np.fromiter(map(_BILLABLE.__getitem__, columns["billable"]), np.int8, count),
    }


def _lines(values: Sequence[tuple[Any, ...]], counts: Whole, keys: Keys) -> tuple[Columns, Whole]:
    told = dict(zip(_LINE_FIELDS, zip(*values, strict=True) if values else [()] * len(_LINE_FIELDS), strict=True))
    lines: Columns = {name: whole(told[name], np.int64) for name in AREAS_AND_LENGTHS}
    lines["job"] = np.repeat(np.arange(len(counts)), counts)
    lines["line"] = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    lines["impressions"] = whole(told["impressions"], np.int32)
    lines["sheets"] = whole(told["sheets"], np.int32)
    lines["media"] = keys.media.column(told["media"])
    lines["category"] = keys.categories.column(told["category"])
    lines["category_by"] = coded(told["category_by"], CATEGORY_BY)
    lines["colour_mode"] = coded(told["colour_mode"], COLOUR_MODE)
    lines["quality"] = keys.qualities.column(told["quality"])
    lines["finishing"] = keys.finishings.column(_code_lists(told["finishing"]))
    inks, ink_ul = ink_columns(told["ink_ul"], keys)
    return lines | inks, ink_ul


def _hashes(columns: dict[str, Any], told: Told, line_values: list[tuple[Any, ...]], counts: Whole) -> Whole:
    """read.payload_hash of each job."""
    ends = np.cumsum(counts)
    said = zip(
        columns["key"],
        columns["device_job_id"],
        columns["printer"],
        *(columns[name] for name in _SAID),
        told.completed.tolist(),
        _or_none(told.submitted),
        _or_none(told.started),
        columns["measured"],
        columns["correlation_id"],
        [line_values[start:end] for start, end in zip((ends - counts).tolist(), ends.tolist(), strict=True)],
        strict=False,
    )
    return np.frombuffer(b"".join(map(said_hash, said)), ">i8").astype(np.int64)


def _or_none(moments: Whole) -> Iterable[int | None]:
    absent = moments == NULL64
    if absent.all():
        return repeat(None)
    return [None if moment == NULL64 else moment for moment in moments.tolist()]


def _code_lists(lists: Sequence[list[str] | None]) -> Sequence[str | None]:
    """The keys of lists of codes; none at all is as good as absent."""
    if lists.count(None) == len(lists):
        return lists  # type: ignore[return-value]  # nothing but None
    return [codes_key(codes) if codes else None for codes in lists]
