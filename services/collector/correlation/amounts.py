"""What a job adds to the counters of its device: impressions, sheets, length. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from shared.events.jobs import JobCompleted, JobLine

_MM2_IN_UM2: Final = 1_000_000


class Amounts(Struct, frozen=True, kw_only=True):
    """Of one job or of many; `without_...` counts the jobs that do not tell that quantity."""

    jobs: int = 0
    impressions: int = 0
    sheets: int = 0
    length_um: int = 0
    without_impressions: int = 0
    without_sheets: int = 0
    without_length_um: int = 0


NOTHING: Final = Amounts()
LARGEST: Final = 10**12
"""Of one job: a thousand kilometres. Whatever is told beyond that is a mistake, and must not spoil the sums."""
NAMES: Final = tuple(field for field in Amounts.__struct_fields__)


def amounts_of(job: JobCompleted) -> Amounts:
    """What a job adds; a scan adds nothing to the counters of what was printed."""
    if job.kind == "scan":
        return Amounts()
    is_whole = job.outcome == "completed"
    found = {
        "impressions": _total(job, _impressions),
        "sheets": _total(job, _sheets),
        "length_um": _total(job, _length_um),
    }
    told = {name: min(value or 0, LARGEST) for name, value in found.items()}
    absent = {f"without_{name}": int(is_whole and value is None) for name, value in found.items()}
    return Amounts(jobs=1, **told, **absent)


def _total(job: JobCompleted, of: Callable[[JobLine], int | None]) -> int | None:
    told = [of(line) for line in job.lines]
    known = [each for each in told if each is not None]
    return sum(known) if len(known) == len(told) else None


def _impressions(line: JobLine) -> int | None:
    return line.impressions if line.impressions is not None else line.sheets


def _sheets(line: JobLine) -> int | None:
    if line.sheets is not None:
        return line.sheets
    return line.impressions if line.impressions is not None and line.impressions <= 1 else None


def _length_um(line: JobLine) -> int | None:
    """Of what was fed: the used area by the width of the roll, else the pages one after the other."""
    if line.used_area_mm2 is not None and line.roll_width_um:
        return line.used_area_mm2 * _MM2_IN_UM2 // line.roll_width_um
    pages = _sheets(line)
    return line.length_um * pages if line.length_um is not None and pages is not None else None
