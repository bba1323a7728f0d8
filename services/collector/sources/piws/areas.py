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
"""How many times the printed area may have been fed for a unit to be found out: below 6.45, which is how many
square centimetres an inch has, so that never two units fit."""
MOST_FED_KNOWN: Final = Decimal(12)
"""The same for a unit that is known: A4 across on a roll of 64 inches feeds eight times as much."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An amount of one whole job and what its pages measure together."""

    amount: Decimal
    pages_mm2: int


def found_unit(samples: Iterable[Sample]) -> str | None:
    """The unit in which amounts fit their pages, as at least two in three of them say; None where none does."""
    known = [sample for sample in samples if sample.amount > 0 and sample.pages_mm2 > 0]
    votes = Counter(unit for each in known for unit in MM2_PER if fits(each, unit, most=MOST_FED))
    unit, count = next(iter(votes.most_common(1)), ("", 0))
    return unit if count and 3 * count >= 2 * len(known) else None


def fits(sample: Sample, unit: str, *, most: Decimal = MOST_FED_KNOWN, least: Decimal = LEAST_SHARE) -> bool:
    """Whether an amount in a unit can be what was fed for the pages."""
    share = sample.amount * MM2_PER[unit] / sample.pages_mm2
    return least <= share <= most


def doubt(sample: Sample, unit: str, *, whole_job: bool) -> str | None:
    """Why an amount can't be in a unit, as a part of a sentence; None where it can."""
    if sample.pages_mm2 <= 0 or fits(sample, unit, least=LEAST_SHARE if whole_job else Decimal()):
        return None
    other = found_unit([sample])
    hint = f"; in {other} it would fit" if other else ""
    told = area_mm2(sample.amount, unit)
    return (
        f"its SquareAmount would be {'absurd' if told is None else f'{told} mm2'} in {unit}, "
        f"while its pages measure {sample.pages_mm2} mm2{hint}"
    )
