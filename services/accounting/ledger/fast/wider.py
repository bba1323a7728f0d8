"""What some price lists ask of jobs beyond single lines, as columns that keep different kinds of lines apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.facts import Objects
from services.accounting.ledger.fast.layout import Columns
from services.accounting.ledger.fast.names import Keys, Numbered
from services.accounting.ledger.fast.rates import Rates
from services.accounting.pricing import Asks
from services.accounting.pricing.quantities import length_fed_um
from shared.events.jobs import JobLine

_LENGTH: Final = "length_um"
Column = npt.NDArray[Any]


def payer_columns(rates: Rates, keys: Keys, of_jobs: Columns) -> list[Column]:
    """Numbers of what of each job's project, customer and department decides which price lists count."""
    found: list[Column] = []
    for name, names, alike in (
        ("project", keys.projects, rates.alike_project),
        ("department", keys.departments, rates.alike_department),
    ):
        numbered = Numbered()
        numbers = np.array([numbered[alike(key)] for key in names.all()], np.int64)
        found.append(numbers[of_jobs[name]])
    return found


def wider_columns(
    asks: Sequence[Asks], of_line: npt.NDArray[np.intp], found: Columns, outcomes: Column, jobs: Objects
) -> list[Column]:
    """Columns in which lines differ whose keys differ in what is `wider` (see asks.wider_of), and maybe others.

    Args:
        asks: of the pairs of price lists that count.
        of_line: which of them counts for each line.
        found: the columns of the lines that are there already.
        outcomes: of the jobs.
        jobs: which have the lines as objects.
    """
    columns: list[Column] = []
    if any(each.outcome for each in asks):
        columns.append(outcomes[found["job"]])
    if any(each.finishing or each.job_finishing for each in asks):
        columns.append(found["finishing"])
    if any(each.job_finishing for each in asks):
        columns.append(_of_whole_jobs(found, jobs.lines()))
    if any(each.volumes for each in asks):
        columns += _reached(asks, of_line, found, jobs.lines())
    return columns


def _of_whole_jobs(found: Columns, flat: Sequence[JobLine]) -> Column:
    """On the first line of each job a number for the codes of finishing of all its lines."""
    codes: dict[int, set[str]] = {}
    firsts = np.arange(len(flat)) - found["line"]
    for at in np.flatnonzero(found["finishing"]).tolist():
        codes.setdefault(int(firsts[at]), set()).update(flat[at].finishing or ())
    numbered = Numbered({frozenset(): 0})
    column = np.zeros(len(flat), np.int64)
    for first, of_job in codes.items():
        column[first] = numbered[frozenset(of_job)]
    return column


def _reached(
    asks: Sequence[Asks], of_line: npt.NDArray[np.intp], found: Columns, flat: Sequence[JobLine]
) -> list[Column]:
    """By measure, how many steps of the lists that count for it a line's job reaches."""
    starts = np.flatnonzero(found["line"] == 0)
    columns: dict[str, Column] = {}
    totals: dict[str, Column | list[int]] = {}
    for number, each in enumerate(asks):
        for measure, steps in each.volumes:
            if measure not in totals:
                totals[measure] = _totals(measure, found, flat, starts)
            column = columns.setdefault(measure, np.zeros(len(flat), np.int64))
            columns[measure] = np.where(of_line == number, _steps(steps, totals[measure])[found["job"]], column)
    return list(columns.values())


def _steps(steps: Sequence[int], totals: Column | list[int]) -> Column:
    """How many steps each total reaches."""
    if isinstance(totals, list):
        return np.array([bisect_right(steps, total) for total in totals], np.int64)
    return np.searchsorted(np.array(steps, np.int64), totals, side="right")


def _totals(
    measure: str, found: Columns, flat: Sequence[JobLine], starts: npt.NDArray[np.intp]
) -> Column | list[int]:
    """What each job consumed of a measure; lengths may exceed 64 bits."""
    if measure == _LENGTH:
        lengths = [0] * len(starts)
        for job, line in zip(found["job"].tolist(), flat, strict=True):
            lengths[job] += length_fed_um(line) or 0
        return lengths
    column = found[measure].astype(np.int64)
    told = np.where(found[measure] == np.iinfo(found[measure].dtype).min, 0, column)
    totals: Column = np.add.reduceat(told, starts) if len(starts) else told
    return totals
