"""What some price lists ask of a job beyond its single lines, and what of it goes into the key of a line.

Most lists ask for nothing of it, so that nothing has to be looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from services.accounting.categories import DEFAULT_THRESHOLDS, Thresholds
from services.accounting.pricing.entries import CANCELLED, PriceListFile
from services.accounting.pricing.quantities import (
    PLAIN,
    LineKey,
    PrinterFacts,
    Wider,
    keyed,
    quantities_of,
)
from services.accounting.pricing.rates import Measure
from shared.events.jobs import JobCompleted, JobLine

UNIT_MEASURES: Final[Mapping[str, Measure]] = {
    "per_m2": "used_area_mm2",
    "per_m": "length_um",
    "per_sheet": "sheets",
    "per_impression": "impressions",
    "per_page": "impressions",
    "per_job": "job",
}
"""What the rates of [[media]], [[finishing]] and pages multiply, by the key of the rate."""
TOTALLED: Final[tuple[Measure, ...]] = (
    *("printed_area_mm2", "used_area_mm2", "scan_area_mm2", "length_um"),
    *("impressions", "sheets"),
)
Totals = Mapping[Measure, int]


class Asks(NamedTuple):
    """What decides rates beside a line itself.

    Attributes:
        outcome: some jobs that were cancelled are not charged in full.
        finishing: codes that have a rate for the lines which name them.
        job_finishing: codes that have a rate per job, which its first line bears.
        volumes: by measure the totals of a job, rising, at which other rates begin.
    """

    outcome: bool = False
    finishing: frozenset[str] = frozenset()
    job_finishing: frozenset[str] = frozenset()
    volumes: tuple[tuple[Measure, tuple[int, ...]], ...] = ()

    @classmethod
    def of(cls, files: Iterable[PriceListFile]) -> Asks:
        """What any of some lists asks."""
        lists = tuple(files)
        steps: dict[Measure, set[int]] = {}
        for measure, at_least in (each for file in lists for each in _steps(file)):
            steps.setdefault(measure, set()).add(at_least)
        finishing = [entry for file in lists for entry in file.finishing]
        return cls(
            any(file.policy(outcome) != "full" for file in lists for outcome in CANCELLED),
            frozenset(entry.code for entry in finishing if entry.unit != "per_job"),
            frozenset(entry.code for entry in finishing if entry.unit == "per_job"),
            tuple((measure, tuple(sorted(steps[measure]))) for measure in TOTALLED if measure in steps),
        )

    def reached(self, totals: Totals) -> tuple[tuple[Measure, int], ...]:
        """The highest step of each measure that a job's totals reach."""
        found = []
        for measure, steps in self.volumes:
            index = bisect_right(steps, totals[measure])
            found.append((measure, steps[index - 1] if index else 0))
        return tuple(found)

    def wider(
        self, outcome: str, finishing: Iterable[str], of_job: Iterable[str], totals: Totals, *, first: bool
    ) -> Wider:
        """What of a job and of a line's finishing goes into the line's key.

        Args:
            outcome: of the job.
            finishing: codes of the line.
            of_job: codes of all lines of the job.
            totals: of the job.
            first: whether it is the job's first line.
        """
        return Wider(
            outcome if self.outcome and outcome in CANCELLED else "",
            tuple(sorted(self.finishing.intersection(finishing))) if self.finishing else (),
            tuple(sorted(self.job_finishing.intersection(of_job))) if first and self.job_finishing else (),
            self.reached(totals),
        )


NOTHING: Final = Asks()


def _steps(file: PriceListFile) -> Iterable[tuple[Measure, int]]:
    """Every measure and total at which a rate of a list begins."""
    area: Measure = "printed_area_mm2" if file.area == "printed" else "used_area_mm2"
    found: list[tuple[Measure, int]] = [(area, entry.at_least) for entry in file.ppu]
    found += [(UNIT_MEASURES[entry.unit], entry.at_least) for entry in file.media]
    found += [(UNIT_MEASURES[entry.unit], entry.at_least) for entry in file.finishing]
    found += [("impressions", entry.at_least) for entry in file.click]
    for entry in file.scan:
        measures: Sequence[Measure] = ("impressions",) if entry.unit == "per_page" else (area, "scan_area_mm2")
        found += [(measure, entry.at_least) for measure in measures]
    return [(measure, at_least) for measure, at_least in found if at_least]


def totals_of(lines: Iterable[JobLine]) -> dict[Measure, int]:
    """What all lines of a job consumed together; what is not known of a line counts as nothing."""
    totals = dict.fromkeys(TOTALLED, 0)
    for quantities in map(quantities_of, lines):
        for measure in TOTALLED:
            totals[measure] += getattr(quantities, measure)
    return totals


def wider_of(asks: Asks, outcome: str, lines: Sequence[JobLine]) -> list[Wider]:
    """What of a job goes into the key of each of its lines."""
    if asks == NOTHING:
        return [PLAIN] * len(lines)
    of_job = {code for line in lines for code in line.finishing or ()}
    totals = totals_of(lines) if asks.volumes else {}
    return [
        asks.wider(outcome, line.finishing or (), of_job, totals, first=index == 0)
        for index, line in enumerate(lines)
    ]


def keyed_lines(
    job: JobCompleted, printer: PrinterFacts, asks: Asks, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> list[tuple[LineKey, bool]]:
    """The key of each line of a job, and whether its category was found by density."""
    return [
        keyed(job.kind, line, printer, thresholds, wider)
        for line, wider in zip(job.lines, wider_of(asks, job.outcome, job.lines), strict=True)
    ]
