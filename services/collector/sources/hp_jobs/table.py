"""The job-info objects of HP's private MIB as rows: one for each of the last jobs, and nothing concluded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.collector.snmp.gather import Objects
from services.collector.snmp.text import text_of
from services.collector.snmp.values import Oid, VarBind

HP: Final[Oid] = (1, 3, 6, 1, 4, 1, 11)
JOB_INFO: Final[Oid] = (*HP, 2, 3, 9, 4, 2, 1, 1, 6, 5)
NAME_1, NAME_2, PAGES_PRINTED, SIZE, STATE, OUTCOME, ATTRIBUTE, REQUESTED_ORIGINALS = 1, 2, 13, 14, 15, 19, 23, 24
USER, MACHINE, DOMAIN, TIMESTAMP, JOB_UUID = 1, 2, 3, 4, 5
ATTRIBUTES: Final = (USER, MACHINE, DOMAIN, TIMESTAMP, JOB_UUID)
"""Which JOBATTR of the printer language holds what depends on the driver; HP's own number them so."""
ABORTED, WAITING, PRINTED, RETAINED, TERMINATING, INTERRUPTED, PAUSED, CANCELLED, PROCESSING = range(3, 12)
ENDED: Final = frozenset({ABORTED, PRINTED, CANCELLED})
MAX_JOBS: Final = 64
"""The printer keeps twelve."""
MAX_NUMBER: Final = 32_767
_NAMED: Final = re.compile(r"^JobAcct(\d{1,2})=(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job; `index` is the end of the names of its objects, which begins with its number.

    `mark` tells a job from another that was given its number later: by name, size, pages and time of submission.
    """

    number: int
    index: Oid
    state: int
    pages_printed: int | None
    mark: str


@dataclass(frozen=True, slots=True)
class JobDetails:
    """What else a job says of itself; None where it does not."""

    name: str | None
    user: str | None
    domain: str | None
    job_uuid: str | None
    copies: int | None
    outcome: int | None


def column(number: int, *rest: int) -> Oid:
    """Where a column of the table begins."""
    return (*JOB_INFO, number, *rest)


COLUMNS: Final = (
    column(STATE),
    column(NAME_1),
    column(PAGES_PRINTED),
    column(SIZE),
    column(ATTRIBUTE, TIMESTAMP),
)
"""What is read of every job with each look."""


def rows_of(objects: Objects) -> list[JobRow]:
    """The jobs that have a state, by their numbers."""
    start = column(STATE)
    indexes = [oid[len(start) :] for oid in objects if oid[: len(start)] == start]
    rows = [row for index in indexes if (row := _row(objects, index)) is not None]
    return sorted(rows, key=lambda row: row.number)[:MAX_JOBS]


def details_oids(row: JobRow) -> list[Oid]:
    """What is asked for of a job that has ended."""
    columns = (NAME_1, NAME_2, OUTCOME, REQUESTED_ORIGINALS)
    return [
        *((*column(each), *row.index) for each in columns),
        *((*column(ATTRIBUTE, each), *row.index) for each in ATTRIBUTES),
    ]


def details_of(objects: Objects, row: JobRow) -> JobDetails:
    """Reads what details_oids asked for."""
    parts = [text_of(objects.get((*column(each), *row.index))) for each in (NAME_1, NAME_2)]
    told = dict(_attributes(objects, row))
    return JobDetails(
        name="".join(part for part in parts if part) or None,
        user=told.get(USER),
        domain=told.get(DOMAIN),
        job_uuid=told.get(JOB_UUID),
        copies=_number(objects.get((*column(REQUESTED_ORIGINALS), *row.index))),
        outcome=_number(objects.get((*column(OUTCOME), *row.index))),
    )


def _attributes(objects: Objects, row: JobRow) -> Iterable[tuple[int, str]]:
    """Attributes by what they are: some are written with their own number in front, `JobAcct1=alice`."""
    for at in ATTRIBUTES:
        text = text_of(objects.get((*column(ATTRIBUTE, at), *row.index)))
        named = _NAMED.match(text or "")
        if named and named.group(2).strip():
            yield int(named.group(1)), named.group(2).strip()
        elif text and not named:
            yield at, text


def _row(objects: Objects, index: Oid) -> JobRow | None:
    """A row; None where its number or its state is none."""
    state = _number(objects.get((*column(STATE), *index)))
    if not index or len(index) > 2 or not 0 <= index[0] <= MAX_NUMBER or state is None:  # noqa: PLR2004 - and .0
        return None
    marks = [objects.get((*start, *index)) for start in COLUMNS[1:]]
    digest = hashlib.blake2b(digest_size=8)
    for bind in marks:
        digest.update(repr(bind.value if bind else None).encode())
    pages = _number(objects.get((*column(PAGES_PRINTED), *index)))
    return JobRow(index[0], index, state, pages, digest.hexdigest())


def _number(bind: VarBind | None) -> int | None:
    return bind.value if bind is not None and isinstance(bind.value, int) and bind.value >= 0 else None
