"""What whole jobs decide about their lines' rates: totals that reach a volume, and finishing per job. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np

from services.accounting.ledger.fast.sums import LIMIT, TooLarge, largest
from services.accounting.pricing.asks import TOTALLED, Asks
from services.accounting.pricing.quantities import Wider
from services.accounting.pricing.rates import Measure
from services.accounting.rerate.keys import OUTCOMES, Names
from services.accounting.rerate.lines import Lines, Whole
from services.accounting.rerate.pairs import Pairs

NOTHING: Final = Asks()


class JobTotals:
    """The jobs of a chunk, as far as any of its price lists asks for them.

    Args:
        lines: of whole jobs.
        fed_um: the length fed of each line, negative where it is not known.
        pairs: the lists that count for them.
        names: with the codes of finishing.

    Raises:
        TooLarge: a total may not fit 64 bits.
    """

    def __init__(self, lines: Lines, fed_um: Whole, pairs: Pairs, names: Names) -> None:
        self._lines = lines
        self._names = names
        counts = np.diff(np.append(lines.jobs, len(lines)))
        self._job: Whole = np.repeat(np.arange(len(lines.jobs)), counts)
        asks = [pair.asks for pair in pairs.all]
        self._steps: dict[Measure, list[int]] = {}
        for measure, steps in (each for one in asks for each in one.volumes):
            self._steps[measure] = sorted({*self._steps.get(measure, ()), *steps})
        self._totals = {measure: self._total(measure, fed_um) for measure in self._steps}
        self._finished: dict[int, frozenset[str]] = {}
        if any(one.job_finishing for one in asks):
            self._finished = self._finishing()

    def _total(self, measure: Measure, fed_um: Whole) -> Whole:
        column = fed_um if measure == "length_um" else getattr(self._lines, measure)
        counted = np.where(self._lines.is_minimum == 1, 0, np.maximum(column, 0))
        if len(counted) and max(largest(counted[:, None])) * len(counted) >= LIMIT:
            raise TooLarge("the total of a job may exceed 64 bits")
        found: Whole = np.add.reduceat(counted, self._lines.jobs) if len(counted) else counted
        return found

    def _finishing(self) -> dict[int, frozenset[str]]:
        """The codes of all lines together, of the jobs that have any."""
        codes: dict[int, set[str]] = {}
        for at in np.flatnonzero(self._lines.finishing_no).tolist():
            told = self._names.finishings[int(self._lines.finishing_no[at])]
            codes.setdefault(int(self._job[at]), set()).update(told)
        return {job: frozenset(some) for job, some in codes.items()}

    def columns(self) -> list[Whole]:
        """What of the jobs tells one kind of line from another."""
        found = [
            np.searchsorted(np.array(steps, np.int64), self._totals[measure], side="right")[self._job]
            for measure, steps in self._steps.items()
        ]
        if self._finished:
            numbers: dict[frozenset[str], int] = {}
            of_job = np.zeros(len(self._lines.jobs), np.int64)
            for job, codes in self._finished.items():
                of_job[job] = numbers.setdefault(codes, len(numbers) + 1)
            found.append(np.where(self._lines.line == 0, of_job[self._job], 0))
        return [column.astype(np.int64) for column in found]

    def wider(self, asks: Asks, at: int) -> Wider:
        """What of its job goes into the key of a line."""
        lines, job = self._lines, int(self._job[at])
        totals: dict[Measure, int] = dict.fromkeys(TOTALLED, 0)
        totals |= {measure: int(total[job]) for measure, total in self._totals.items()}
        return asks.wider(
            OUTCOMES[int(lines.outcome[at])],
            self._names.finishings[int(lines.finishing_no[at])],
            self._finished.get(job, frozenset()),
            totals,
            first=int(lines.line[at]) == 0,
        )
