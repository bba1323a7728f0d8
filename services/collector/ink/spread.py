"""How much ink left the supplies between two readings, and how that spreads over jobs. Pure, and exact.

A level is told in steps, such as percent of a cartridge: what fell is known to one step, which is the uncertainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.collector.devices.reading import level_ul
from shared.events.devices import DeviceSupply
from shared.events.jobs import JobCompleted, JobLine, JobRef

SOURCE: Final = "ink-levels"
_PERCENT: Final = 100
_WEIGHTS: Final = ("printed_area_mm2", "used_area_mm2", "impressions")


class Level(Struct, frozen=True):
    """How full a supply is, and the step that its level is told in, in microlitres."""

    left_ul: int
    step_ul: int


def levels_of(supplies: Sequence[DeviceSupply]) -> dict[str, Level]:
    """The levels of inks by colour, where the device tells them by volume; several of one colour are added up."""
    found: dict[str, Level] = {}
    for each in supplies:
        level = _level(each)
        if level is None or each.colour is None or each.kind not in (None, "ink"):
            continue
        before = found.get(each.colour, Level(0, 0))
        found[each.colour] = Level(before.left_ul + level.left_ul, before.step_ul + level.step_ul)
    return found


def _level(supply: DeviceSupply) -> Level | None:
    left_ul = level_ul(supply)
    one_unit = level_ul(replace(supply, level=1, capacity=None)) if supply.unit else None
    if left_ul is not None and one_unit:
        return Level(left_ul, one_unit)
    return None


def fallen(before: Mapping[str, Level], now: Mapping[str, Level]) -> dict[str, int]:
    """By colour, how far the level fell by a step or more; one that rose was filled up, and says nothing."""
    falls = {}
    for colour, level in now.items():
        was = before.get(colour)
        if was is not None and was.left_ul - level.left_ul >= max(was.step_ul, level.step_ul, 1):
            falls[colour] = was.left_ul - level.left_ul
    return falls


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Parts of an amount in proportion to weights: whole numbers that sum up to it, if anything weighs at all.

    The largest remainders get what is left over, the earliest of equal ones first.
    """
    total = sum(weights)
    if total <= 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    rests = sorted(range(len(weights)), key=lambda at: (-(amount * weights[at] % total), at))
    for at in rests[: amount - sum(parts)]:
        parts[at] += 1
    return parts


def estimates(jobs: Sequence[JobCompleted], falls: Mapping[str, int]) -> list[list[dict[str, int] | None]]:
    """The ink of each line of each job; None for lines of which a source told it, or that used none.

    What sources told of other jobs of the interval is taken off first. By printed area, else used area, else
    impressions: by the first of them that every line without ink tells.
    """
    open_lines = [
        (at, index, line)
        for at, job in enumerate(jobs)
        if job.kind != "scan"
        for index, line in enumerate(job.lines)
        if not line.ink_ul
    ]
    found: list[list[dict[str, int] | None]] = [[None] * len(job.lines) for job in jobs]
    weights = _weights([line for _, _, line in open_lines])
    for colour, fall_ul in sorted(falls.items()):
        told = sum((line.ink_ul or {}).get(colour, 0) for job in jobs for line in job.lines)
        parts = spread(max(0, fall_ul - told), weights)
        for (at, index, _), part in zip(open_lines, parts, strict=True):
            if part:
                found[at][index] = (found[at][index] or {}) | {colour: part}
    return found


def _weights(lines: Sequence[JobLine]) -> list[int]:
    for name in _WEIGHTS:
        told: list[Any] = [getattr(line, name) for line in lines]
        if lines and None not in told and sum(told):
            return told
    return [0] * len(lines)


def reading_of(
    job: JobCompleted, ink: Sequence[dict[str, int] | None], evidence: Mapping[str, str]
) -> JobCompleted:
    """The estimate as one more reading of a job, of the lowest rank: whatever a source measures counts more."""
    return JobCompleted(
        job=JobRef(id=job.job.id, key=job.job.key, device_job_id=job.job.device_job_id, source=SOURCE),
        printer=job.printer,
        kind=job.kind,
        completed_at=job.completed_at,
        measured="estimated",
        evidence=dict(evidence),
        lines=[JobLine(ink_ul=each) for each in ink],
    )
