"""What a PIWS job used up altogether: in the unit that its pages bear out, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.collector.sources.piws.areas import Sample, doubt, fits
from services.collector.sources.piws.snapshot import Consumption, QueueJob
from services.collector.sources.quantities import MM2_PER, area_mm2, length_um
from shared.money import round_half_even
from shared.units import area_mm2 as rectangle_mm2

MIN_ROLL_UM: Final = 100_000
MAX_ROLL_UM: Final = 5_500_000
"""Narrower than a sheet, wider than any roll: such a quotient tells that the units do not belong together."""
ROLL_STEP_UM: Final = 100
"""A tenth of a millimetre: a quotient of rounded amounts tells no more."""
MOST_LENGTH: Final = Decimal("1.6")
"""How much longer than the longer sides of its pages a job may be fed: below 2.54, the centimetres of an inch."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was used up over all copies; ink by the device's own names."""

    used_mm2: int | None
    roll_width_um: int | None
    ink_ul: Mapping[str, int]


def impressions_of(job: QueueJob) -> list[int]:
    """How often each page came out.

    Pages that tell their own copies are believed. Else the job's count of printed pages is dealt out in page
    order, as a job is printed copy by copy; else a job has printed each page as often as it has copies.
    """
    told = [page.printed_copies or 0 for page in job.pages]
    if any(told):
        return told
    count = len(job.pages)
    if job.printed_pages and count:
        return [(job.printed_pages + count - 1 - at) // count for at in range(count)]
    return [job.printed_copies or 0] * count


def totals_of(job: QueueJob) -> Consumption:
    """What the job tells of itself, and of what it does not tell the sum over its pages."""
    pages = [page.used for page in job.pages]
    square, square_unit = _told(
        (job.used.square, job.used.square_unit), [(p.square, p.square_unit) for p in pages]
    )
    linear, linear_unit = _told(
        (job.used.linear, job.used.linear_unit), [(p.linear, p.linear_unit) for p in pages]
    )
    ink = dict(job.used.ink_ul)
    if not ink:
        for name, amount in (each for page in pages for each in page.ink_ul):
            ink[name] = ink.get(name, 0) + amount
    return Consumption(square, square_unit, linear, linear_unit, job.used.paper, tuple(ink.items()))


def sample_of(job: QueueJob, counts: Sequence[int]) -> Sample | None:
    """An amount to find the unit of areas by; None of a job that can't tell it.

    Amounts of pages may count one copy or all of them, so they tell nothing where there were several copies.
    """
    used, pages = totals_of(job), pages_mm2(job, counts)
    if not used.square or not pages or used.square_unit or (not job.used.square and max(counts) > 1):
        return None
    return Sample(used.square, pages)


def pages_mm2(job: QueueJob, counts: Sequence[int]) -> int | None:
    """What the pages that came out measure together; None where the size of one of them is not told."""
    total = 0
    for page, count in zip(job.pages, counts, strict=True):
        if page.width_um is None or page.height_um is None:
            return None
        total += rectangle_mm2(page.width_um, page.height_um, count)
    return total if job.pages else None


def amounts_of(
    job: QueueJob, counts: Sequence[int], *, square_unit: str | None, linear_unit: str | None, whole: bool
) -> tuple[Amounts, str | None]:
    """The amounts, and what is wrong with them: then what was fed is left out.

    The units are those of the printer, for answers that name none; `whole` is whether all was printed.
    """
    used = totals_of(job)
    ink = dict(used.ink_ul)
    square, linear = used.square_unit or square_unit, used.linear_unit or linear_unit
    if not used.square:
        return Amounts(None, None, ink), None
    if square not in MM2_PER:
        reason = f"is in {square}, which is no unit of area" if square else "is in a unit that is not known"
        return Amounts(None, None, ink), f"its SquareAmount {reason}: what was fed is left out"
    sample = Sample(used.square, pages_mm2(job, counts) or 0)
    long = _fed_as_long_as_pages(job, counts, used.linear, linear)
    wrong = doubt(sample, square, whole_job=whole, as_long=long)
    copies = _copies_left_out(job, counts, sample, square) if wrong else None
    if copies:
        used_mm2 = area_mm2(used.square * copies, square)
        return Amounts(
            used_mm2, _roll_um(used, square, linear), {name: n * copies for name, n in ink.items()}
        ), None
    if wrong:
        return Amounts(None, None, ink), f"{wrong}: what was fed is left out"
    return Amounts(area_mm2(used.square, square) or None, _roll_um(used, square, linear), ink), None


def _copies_left_out(job: QueueJob, counts: Sequence[int], sample: Sample, square: str) -> int | None:
    """How many copies amounts of pages are to be multiplied by, where that alone makes them fit."""
    copies = max(counts, default=0)
    if job.used.square or copies <= 1 or len(set(counts)) > 1 or sample.pages_mm2 <= 0:
        return None
    return copies if fits(Sample(sample.amount * copies, sample.pages_mm2), square) else None


def _fed_as_long_as_pages(job: QueueJob, counts: Sequence[int], linear: Decimal | None, unit: str | None) -> bool:
    """Whether the length fed is that of the pages: then a wide roll may have taken any area."""
    fed_um = length_um(linear, unit) if linear and unit else None
    longest_um = sum(
        max(page.width_um or 0, page.height_um or 0) * count for page, count in zip(job.pages, counts, strict=True)
    )
    return bool(fed_um) and longest_um > 0 and (fed_um or 0) <= MOST_LENGTH * longest_um


def _roll_um(used: Consumption, square_unit: str, linear_unit: str | None) -> int | None:
    """The width of the roll: the area fed by the length fed, where both are told and make sense."""
    area = area_mm2(used.square, square_unit)
    length = length_um(used.linear, linear_unit) if linear_unit else None
    if not area or not length:
        return None
    width = round_half_even(area * 1_000_000, length * ROLL_STEP_UM) * ROLL_STEP_UM
    return width if MIN_ROLL_UM <= width <= MAX_ROLL_UM else None


_Told = tuple[Decimal | None, str | None]


def _told(own: _Told, pages: Sequence[_Told]) -> _Told:
    """The job's own amount if it is above zero, else the sum of those of its pages, where these have one unit."""
    if own[0]:
        return own
    told = [(amount, unit) for amount, unit in pages if amount]
    if len({unit for _, unit in told}) != 1:
        return None, None
    return sum((amount for amount, _ in told), Decimal()), told[0][1]
