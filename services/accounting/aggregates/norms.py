"""What ink density is usual for a printer and medium: median and spread of its last lines, in integers. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from services.accounting.aggregates.cells import Line

SAMPLES: Final = 101
"""How many of the last lines make the norm."""
LEAST_SAMPLES: Final = 20
"""With fewer nothing is called unusual."""
LEAST_AREA_MM2: Final = 10_000
"""Smaller prints, such as labels, say nothing about density."""


class Norm(NamedTuple):
    """Median and median absolute deviation of densities in nl/m2 of printed area."""

    median_nl_per_m2: int
    deviation_nl_per_m2: int
    samples: int


class Densities(Struct, array_like=True):
    """The last densities of one printer and medium, the newest last, and which lines they hold (see Cell)."""

    values: list[int]
    marks: dict[str, tuple[int, int]]

    def add(self, line: Line, density: int) -> bool:
        """Takes a line's density in once; False when it was in already."""
        if (line.entry, line.line) <= self.marks.get(line.way, (-1, -1)):
            return False
        self.values = [*self.values, density][-SAMPLES:]
        self.marks[line.way] = (line.entry, line.line)
        return True


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Densities)


def encode(densities: Densities) -> bytes:
    """As the table holds them."""
    return _encoder.encode(densities)


def decode(raw: bytes | None) -> Densities:
    """Out of the table; none yet for None."""
    return Densities([], {}) if raw is None else _decoder.decode(raw)


def density_of(ink_ul: int | None, printed_area_mm2: int | None) -> int | None:
    """Ink by printed area in nl/m2; None where either is unknown or the print is small."""
    if ink_ul is None or printed_area_mm2 is None or printed_area_mm2 < LEAST_AREA_MM2 or ink_ul < 0:
        return None
    return ink_ul * 10**9 // printed_area_mm2


def norm_of(values: list[int]) -> Norm | None:
    """The norm of some densities; None while there are too few."""
    if len(values) < LEAST_SAMPLES:
        return None
    middle = _median(values)
    return Norm(middle, _median([abs(each - middle) for each in values]), len(values))


def is_far_above(density: int, norm: Norm, *, times: int, deviations: int) -> bool:
    """Whether a density is so many times the median and so many deviations above it.

    The deviation is scaled by 1.4826, which makes it a standard deviation where values lie as in a bell curve.
    """
    above = density - norm.median_nl_per_m2
    return (
        density > times * norm.median_nl_per_m2 and above * 10_000 > deviations * 14_826 * norm.deviation_nl_per_m2
    )


def _median(values: list[int]) -> int:
    """The middle one; of two the lower, so that it stays an integer that was seen."""
    return sorted(values)[(len(values) - 1) // 2]
