"""What the jobs of a batch and their lines say, by column, however they were read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.layout import Columns
from services.accounting.ledger.fast.texts import Texts
from shared.events import JobCompleted
from shared.events.jobs import JobLine

TEXTS: Final = ("key", "device_job_id", "title", "correlation_id")
"""Texts of a job that the ledger keeps as they are."""
AREAS_AND_LENGTHS: Final = (
    *("printed_area_mm2", "used_area_mm2", "scan_area_mm2"),
    *("roll_width_um", "width_um", "length_um"),
)
BILLABLE_UNTOLD: Final = -1


class Facts(NamedTuple):
    """Jobs in the order of their records, and their lines in order.

    Attributes:
        at: the record of each job.
        jobs: columns; names are positions among the keys of the batch. `billable` is BILLABLE_UNTOLD where the job
            does not say, `told_printer` the position of what it says of its printer in all.
        lines: columns. `job` is the position of a line's job, `used` that of the colours that it used any of,
            `inks` counts the colours that it names, whose amounts stand in `ink_ul` from `ink_at` on.
        texts: TEXTS of each job.
    """

    at: npt.NDArray[np.intp]
    jobs: Columns
    lines: Columns
    texts: list[Texts]
    ink_ul: npt.NDArray[np.int64]


def joined(parts: Sequence[Facts]) -> Facts:
    """The facts of several parts of a batch, in the order of the records."""
    at = np.concatenate([part.at for part in parts])
    if len(parts) == 1 and (at[1:] > at[:-1]).all():
        return parts[0]
    order = np.argsort(at)
    place = np.empty(len(at), np.int64)
    place[order] = np.arange(len(at))
    lines = _concatenated([part.lines for part in parts])
    counts = [len(part.lines["job"]) for part in parts]
    lines["job"] = place[lines["job"] + np.repeat(_before([len(part.at) for part in parts]), counts)]
    lines["ink_at"] += np.repeat(_before([len(part.ink_ul) for part in parts]), counts)
    by_job = np.argsort(lines["job"], kind="stable")
    return Facts(
        at[order],
        {name: column[order] for name, column in _concatenated([part.jobs for part in parts]).items()},
        {name: column[by_job] for name, column in lines.items()},
        [Texts.joined(texts).take(order) for texts in zip(*(part.texts for part in parts), strict=True)],
        np.concatenate([part.ink_ul for part in parts]),
    )


def _concatenated(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _before(counts: Sequence[int]) -> npt.NDArray[np.int64]:
    """How many there are in all the parts before each one."""
    found: npt.NDArray[np.int64] = np.cumsum([0, *counts[:-1]])
    return found


class Objects:
    """The jobs of a batch as objects, made where one is asked for: few are, unless price lists ask for a lot."""

    def __init__(self, records: Sequence[int], known: dict[int, Any], read: Callable[[int], Any]) -> None:
        """Takes the record of each job, those that are objects already, and how the others are read."""
        self._records = records
        self._known = known
        self._read = read
        self._lines: list[JobLine] | None = None

    def job(self, position: int) -> JobCompleted:
        """One job."""
        record = self._records[position]
        job = self._known.get(record)
        if job is None:
            job = self._known[record] = self._read(record)
        found: JobCompleted = job
        return found

    def lines(self) -> Sequence[JobLine]:
        """The lines of all jobs in order."""
        if self._lines is None:
            jobs = map(self.job, range(len(self._records)))
            self._lines = list(chain.from_iterable(job.lines for job in jobs))
        return self._lines
