"""Reads and prices a batch into columns: what costs time for each job is done for all of them at once."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.entries import first_entry
from services.accounting.ledger.fast import from_objects
from services.accounting.ledger.fast.alike import facts_of as from_alike
from services.accounting.ledger.fast.alike.groups import MIN_ALIKE, alike
from services.accounting.ledger.fast.days import QUARTER_HOUR_US, Days
from services.accounting.ledger.fast.distinct import distinct
from services.accounting.ledger.fast.facts import BILLABLE_UNTOLD, Facts, Objects, joined
from services.accounting.ledger.fast.lines import Lines
from services.accounting.ledger.fast.names import Keys
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fast.told import decode, read_all
from services.accounting.ledger.messages import columns as columns_of_records
from services.accounting.ledger.messages import picked
from services.accounting.ledger.read_correction import Correction, accepted
from services.accounting.ledger.work import Refusal, Work

Whole = npt.NDArray[np.int64]
PART: Final = 4_000
"""Records read one by one in one go: what is made of them in between stays near the processor."""


class Again(NamedTuple):
    """A job that the batch tells more than once: where it stands first, and what this telling says."""

    first: int
    payload_hash: int
    entry_id: int


class Rows:
    """The jobs and lines of one batch by column, with the keys they use by position.

    Attributes:
        jobs: columns of all jobs, also of those that are not to be posted.
        texts: columns of their texts, the job's key first.
        lines: columns of the lines of all of them; see lines.Lines.
        ink_ul: the amounts of ink of all lines; `ink_at` says where those of a line begin.
        is_posted: which jobs are to be posted: neither refused nor told before in the batch.
        again: the jobs that were told before.
        corrections: what takes jobs back; those of refused records are not among them.
    """

    def __init__(
        self, rates: Rates, days: Days, work: Work, *, one_by_one: bool = False, min_alike: int = MIN_ALIKE
    ) -> None:
        """Reads every record; those that are no good are refused.

        With `one_by_one` every line is priced by itself, for a batch whose numbers are too large for numpy.
        From `min_alike` records on, those that are spelled alike are read all at once.

        Raises:
            TooLarge: the batch must be priced one by one.
        """
        self._rates = rates
        self._days = days
        self.keys = Keys()
        self.refused: list[Refusal] = []
        self._known: dict[int, Any] = {}
        self._corrections: list[Correction] = []
        facts = self._read(work, min_alike)
        self.jobs, self.texts, self.ink_ul = facts.jobs, facts.texts, facts.ink_ul
        self.jobs["entry_id"] = _entry_ids(work, facts.at)
        self._fill_in()
        values, at = columns_of_records(work.records)[0], facts.at.tolist()
        objects = Objects(at, self._known, lambda record: decode(values[record]).data)
        lines = Lines(rates, self.keys, objects, self.jobs, facts.lines, one_by_one=one_by_one)
        self.lines = lines.columns
        self.refused += [Refusal(work.records[at[job]], reject) for job, reject in lines.refused.items()]
        self.is_posted = np.ones(len(at), np.bool_)
        self.is_posted[list(lines.refused)] = False
        self.again = self._leave_out_again()
        self.corrections = accepted(self._corrections, self.refused)

    def _read(self, work: Work, min_alike: int) -> Facts:
        """The facts of all good records."""
        values = columns_of_records(work.records)[0]
        groups = list(alike(values, self._rates.spellings, at_least=min_alike))
        facts = from_alike.facts_of(groups, self.keys)
        parts = [] if facts is None else [facts]
        others = np.ones(len(values), np.bool_)
        for part in parts:
            others[part.at] = False
        which = np.flatnonzero(others)
        starts = range(0, len(which), PART)
        parts += [self._read_one_by_one(work, which[start : start + PART]) for start in starts]
        return joined(parts or [self._read_one_by_one(work, which)])

    def _read_one_by_one(self, work: Work, which: npt.NDArray[np.intp]) -> Facts:
        told = read_all(picked(work.records, which.tolist()))
        self.refused += told.refused
        self._corrections += told.corrections
        facts = from_objects.facts_of(told, self.keys)
        at = which[facts.at]
        self._known.update(zip(at.tolist(), told.jobs, strict=True))
        return facts._replace(at=at)

    def _fill_in(self) -> None:
        """What follows from the registry and the calendar: days, departments of people, what is not billable."""
        jobs, keys, pricing = self.jobs, self.keys, self._rates.pricing
        jobs["day"] = self._day(jobs["completed_at"])
        if known := pricing.departments:
            of_people = keys.departments.column([known.get(person, "") for person in keys.people.all()])
            jobs["department"] = np.where(jobs["department"], jobs["department"], of_people[jobs["person"]])
        is_billable = jobs["billable"] != 0
        if unbilled := pricing.not_billable:
            is_unbilled = np.array([project in unbilled for project in keys.projects.all()], np.bool_)
            is_billable &= (jobs["billable"] != BILLABLE_UNTOLD) | ~is_unbilled[jobs["project"]]
        jobs["billable"] = is_billable

    def _day(self, completed: Whole) -> Whole:
        quarters = completed // QUARTER_HOUR_US
        first, which = distinct([quarters])
        kept, add = self._days.kept, self._days.add
        days = [kept[quarter] if quarter in kept else add(quarter) for quarter in quarters[first].tolist()]
        of_job: Whole = np.array(days, np.int64)[which]
        return of_job

    def _leave_out_again(self) -> list[Again]:
        """Leaves out jobs that were told before in the batch, and says which they are."""
        posted = np.flatnonzero(self.is_posted)
        first, group = distinct(self.jobs["job_id"][posted].view(np.uint64).reshape(-1, 2).T)
        told_again = np.ones(len(posted), np.bool_)
        told_again[first] = False
        again = posted[told_again]
        self.is_posted[again] = False
        said, entries = self.jobs["payload_hash"][again], self.jobs["entry_id"][again]
        firsts = posted[first[group[told_again]]]
        return list(map(Again, firsts.tolist(), said.tolist(), entries.tolist()))


def _entry_ids(work: Work, at: npt.NDArray[np.intp]) -> Whole:
    _, of_partition, at_offset = columns_of_records(work.records)
    partitions = np.fromiter(of_partition, np.int64, len(work.records))
    offsets = np.fromiter(at_offset, np.int64, len(work.records))
    entries: Whole = (first_entry(work.stream, 0) + partitions * first_entry(0, 1) + offsets)[at]
    return entries
