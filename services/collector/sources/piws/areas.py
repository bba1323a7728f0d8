"""Which unit a device counts areas in: PIWS does not say, so it is tried on what the pages measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.collector.sources.quantities import MM2_PER, area_mm2

LEAST_SHARE: Final = Decimal("0.95")
"""What was fed is at least what was printed, but for rounding and for margins that some count off."""
MOST_FED: Final = Decimal("6.1")
"""How many times the printed area may have been fed: below 6.45, which is how many square centimetres a square
inch has, so that never two units fit. More is believed only together with a length that fits: A4 on a roll of 64
inches feeds eight times its area."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An amount of one whole job and what its pages measure together."""

    amount: Decimal
    pages_mm2: int


def found_unit(samples: Iterable[Sample]) -> str | None:
    """The unit in which amounts fit their pages, as at least two in three of them say; None where none does."""
    known = [sample for sample in samples if sample.amount > 0 and sample.pages_mm2 > 0]
    votes = Counter(unit for each in known for unit in MM2_PER if fits(each, unit))
    unit, count = next(iter(votes.most_common(1)), ("", 0))
    return unit if count and 3 * count >= 2 * len(known) else None


def fits(sample: Sample, unit: str) -> bool:
    """Whether an amount in a unit can be what was fed for the pages, by the areas alone."""
    return LEAST_SHARE <= _share(sample, unit) <= MOST_FED


def doubt(sample: Sample, unit: str, *, whole_job: bool, as_long: bool) -> str | None:
    """Why an amount can't be in a unit, as a part of a sentence; None where it can.

    `as_long` is whether the length fed is that of the pages.
    """
    if sample.pages_mm2 <= 0:
        return None
    share = _share(sample, unit)
    if (share >= LEAST_SHARE or not whole_job) and (share <= MOST_FED or as_long):
        return None
    other = found_unit([sample])
    hint = f"; in {other} it would fit" if other else ""
    told = area_mm2(sample.amount, unit)
    return (
        f"its SquareAmount would be {'absurd' if told is None else f'{told} mm2'} in {unit}, "
        f"while its pages measure {sample.pages_mm2} mm2{hint}"
    )


def _share(sample: Sample, unit: str) -> Decimal:
    return sample.amount * MM2_PER[unit] / sample.pages_mm2
