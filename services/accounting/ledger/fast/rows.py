"""Reads and prices a batch into columns: what costs time for each job is done for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple

from services.accounting.entries import first_entry
from services.accounting.event_codes import KIND, MEASURED, OUTCOME
from services.accounting.ledger.fast.days import QUARTER_HOUR_US, Days
from services.accounting.ledger.fast.layout import NULL64, Columns, coded, whole
from services.accounting.ledger.fast.lines import Lines
from services.accounting.ledger.fast.names import Keys
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fast.told import Told, read_all
from services.accounting.ledger.messages import columns as columns_of_records
from services.accounting.ledger.read import said_hash
from services.accounting.ledger.read_correction import Correction, accepted
from services.accounting.ledger.work import Refusal, Work
from shared.events.jobs import PersonRef
from shared.stream import Record

Whole = npt.NDArray[np.int64]
PART: Final = 4_000
"""Records read in one go: what is made of them in between stays near the processor, which saves a third."""
TEXTS: Final = ("key", "device_job_id", "title", "correlation_id")
_NOBODY: Final = PersonRef()
_SAID: Final = ("person", "project", "department", "billable", "kind", "outcome", "title", "copies")
"""Fields of a job as they stand in the middle of what is hashed; see read.payload_hash."""


class Again(NamedTuple):
    """A job that the batch tells more than once: where it stands first, and what this telling says."""

    first: int
    payload_hash: int
    entry_id: int


class Part(NamedTuple):
    """What a part of a batch comes to: columns of its jobs and their lines, texts, ink, which jobs are refused."""

    jobs: Columns
    lines: Columns
    texts: list[tuple[str | None, ...]]
    ink_ul: list[int]
    refused: list[int]


class Rows:
    """The jobs and lines of one batch by column, with the keys they use by position.

    Attributes:
        jobs: columns of all jobs, also of those that are not to be posted.
        texts: columns of their texts, the job's key first.
        lines: columns of the lines of all of them; see lines.Lines.
        ink_ul: the amounts of ink of all lines in order.
        is_posted: which jobs are to be posted: neither refused nor told before in the batch.
        again: the jobs that were told before.
        corrections: what takes jobs back; those of refused records are not among them.
    """

    def __init__(self, rates: Rates, days: Days, work: Work, *, one_by_one: bool = False) -> None:
        """Reads every record; those that are no good are refused.

        With `one_by_one` every line is priced by itself, for a batch whose numbers are too large for numpy.

        Raises:
            TooLarge: the batch must be priced one by one.
        """
        self._rates = rates
        self._days = days
        self._one_by_one = one_by_one
        self.keys = Keys()
        self.refused: list[Refusal] = []
        corrections: list[Correction] = []
        records = work.records
        parts = [
            self._read(records[at : at + PART], work.stream, corrections)
            for at in range(0, max(1, len(records)), PART)
        ]
        self.jobs = _joined([part.jobs for part in parts])
        self.lines = _joined([part.lines for part in parts])
        before = np.cumsum([0] + [len(part.jobs["job_id"]) for part in parts[:-1]])
        self.lines["job"] += np.repeat(before, [len(part.lines["job"]) for part in parts])
        self.texts = [
            list(chain.from_iterable(texts)) for texts in zip(*(part.texts for part in parts), strict=True)
        ]
        self.ink_ul = np.array(list(chain.from_iterable(part.ink_ul for part in parts)), np.int64)
        self.is_posted = np.ones(len(self.jobs["job_id"]), np.bool_)
        for part, first in zip(parts, before.tolist(), strict=True):
            self.is_posted[[first + at for at in part.refused]] = False
        self.again = self._leave_out_again()
        self.corrections = accepted(corrections, self.refused)

    def _read(self, records: Sequence[Record], stream: int, corrections: list[Correction]) -> Part:
        told = read_all(records)
        columns = told.columns
        flat = list(chain.from_iterable(columns["lines"]))
        values = list(map(astuple, flat))
        jobs = self._jobs(told, columns)
        jobs["entry_id"] = _entry_ids(records, stream, told)
        jobs["payload_hash"] = _hashes(columns, told, values, jobs["lines"])
        lines = Lines(self._rates, self.keys, told, jobs, one_by_one=self._one_by_one)
        lines.add_all(flat, values)
        corrections += told.corrections
        self.refused += told.refused
        self.refused += [Refusal(records[told.at[at]], reject) for at, reject in lines.refused.items()]
        texts = [columns[name] for name in TEXTS]
        return Part(jobs, lines.columns, texts, lines.ink_ul, list(lines.refused))

    def _jobs(self, told: Told, columns: dict[str, Any]) -> Columns:
        people = map(astuple, (person or _NOBODY for person in columns["person"]))
        claimed, proven = zip(*people, strict=True) if told.jobs else ((), ())
        departments = columns["department"]
        if known := self._rates.pricing.departments:
            pairs = zip(departments, claimed, strict=True)
            departments = [department or known.get(person or "", "") for department, person in pairs]
        billable = columns["billable"]
        if unbilled := self._rates.pricing.not_billable:
            both = zip(billable, columns["project"], strict=True)
            billable = [project not in unbilled if said is None else said for said, project in both]
        return {
            "completed_at": told.completed,
            "submitted_at": told.submitted,
            "started_at": told.started,
            "job_id": told.ids,
            "printer": self.keys.printers.column(columns["printer_id"]),
            "person": self.keys.people.column(claimed),
            "source": self.keys.sources.column(columns["source"]),
            "project": self.keys.projects.column(columns["project"]),
            "department": self.keys.departments.column(departments),
            "copies": whole(columns["copies"], np.int32),
            "day": self._day(told.completed),
            "lines": np.fromiter(map(len, columns["lines"]), np.int64, len(told.jobs)),
            "measured": coded(columns["measured"], MEASURED),
            "kind": coded(columns["kind"], KIND),
            "outcome": coded(columns["outcome"], OUTCOME),
            "authenticated": np.array(proven, np.bool_),
            "billable": np.fromiter((each is not False for each in billable), np.bool_, len(billable)),
        }

    def _day(self, completed: Whole) -> Whole:
        quarters, which = np.unique(completed // QUARTER_HOUR_US, return_inverse=True)
        kept, add = self._days.kept, self._days.add
        days = [kept[quarter] if quarter in kept else add(quarter) for quarter in quarters.tolist()]
        of_job: Whole = np.array(days, np.int64)[which]
        return of_job

    def _leave_out_again(self) -> list[Again]:
        """Leaves out jobs that were told before in the batch, and says which they are."""
        said, entries = self.jobs["payload_hash"], self.jobs["entry_id"]
        ids = self.jobs["job_id"].tolist()
        if len(set(ids)) == len(ids):
            return []
        firsts: dict[bytes, int] = {}
        again = []
        for at, identity in enumerate(ids):
            if (first := firsts.setdefault(identity, at)) == at:
                continue
            if not self.is_posted[first]:
                firsts[identity] = at
            elif self.is_posted[at]:
                self.is_posted[at] = False
                again.append(Again(first, int(said[at]), int(entries[at])))
        return again


def _joined(parts: Sequence[Columns]) -> Columns:
    """Columns of several parts one below the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _entry_ids(records: Sequence[Record], stream: int, told: Told) -> Whole:
    _, of_partition, at_offset = columns_of_records(records)
    partitions = np.fromiter(of_partition, np.int64, len(records))
    offsets = np.fromiter(at_offset, np.int64, len(records))
    entries: Whole = (first_entry(stream, 0) + partitions * first_entry(0, 1) + offsets)[told.at]
    return entries


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
