"""Rates of a line as integer weights over one denominator: exact sums, one rounding, and their trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, lcm
from typing import Final, Literal, Self

from msgspec import Struct

from services.accounting.pricing.quantities import Quantities
from shared.money import MICRO_DIGITS, RATE_DIGITS, format_rate, round_half_even

Measure = Literal[
    "printed_area_mm2",
    "used_area_mm2",
    "scan_area_mm2",
    "length_um",
    "impressions",
    "sheets",
    "ink_ul",
    "job",
    "sum",
]
"""What a rate multiplies; `sum` is that of all other rates of a line, for its overhead."""
PER_RATE: Final = 10**RATE_DIGITS
MICRO: Final = 10**MICRO_DIGITS


MAX_RULE: Final = 1_000
"""Longest rule or reason: what the event of a charge can carry."""


def bounded(text: str) -> str:
    """A rule or reason, cut where it would be too long; its rates are in the price list all the same."""
    return text if len(text) <= MAX_RULE else f"{text[: MAX_RULE - 4]} ..."


class Unpriced(Struct, frozen=True):
    """No price is not a price of zero: why there is none, in words for a bookkeeper."""

    reason: str
    list_id: int | None = None


class Part(Struct, frozen=True):
    """One matched rate: currency per canonical unit (mm2, um, uL, piece) as numerator over denominator."""

    table: str
    rule: str
    measure: Measure
    numerator: int
    denominator: int
    colour: str = ""

    @property
    def is_fixed(self) -> bool:
        """Whether it is charged once per job, whatever was consumed."""
        return self.measure == "job" and self.table in {"fixed", "finishing"}


class Term(Struct, frozen=True):
    """One summand of a line's amount: quantity times rate, in currency as numerator over denominator."""

    table: str
    rule: str
    measure: Measure
    colour: str
    quantity: int
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class LineRate:
    """The rates of one LineKey in one price list, ready to multiply.

    The weights count rounding steps times `denominator`, per canonical unit; the overhead is in them.

    Attributes:
        list_id: of the price list's version.
        rule: the trace: list, version and every matched rate with what it matched on.
        step_micro: one rounding step in micro-units.
        overhead_e8: part of the sum that is added to it.
    """

    list_id: int
    rule: str
    parts: tuple[Part, ...]
    denominator: int
    step_micro: int
    printed: int
    used: int
    scan: int
    length: int
    impressions: int
    sheets: int
    fixed: int
    inks: tuple[tuple[str, int], ...]
    has_others: bool
    overhead_e8: int = 0

    @classmethod
    def of(cls, parts: Sequence[Part], *, list_id: int, rule: str, step_micro: int, overhead_e8: int = 0) -> Self:
        """Brings the matched rates over one denominator, reduced as far as it goes; without any the sum is 0."""
        of_parts = lcm(*(part.denominator for part in parts))
        factor = MICRO * (PER_RATE + overhead_e8)
        weights = [part.numerator * (of_parts // part.denominator) * factor for part in parts]
        common = of_parts * step_micro * PER_RATE
        divisor = gcd(common, *weights)
        by_measure = dict.fromkeys(
            ("printed_area_mm2", "used_area_mm2", "scan_area_mm2", "length_um", "impressions", "sheets", "job"), 0
        )
        inks = []
        for part, weight in zip(parts, weights, strict=True):
            if part.measure == "ink_ul":
                inks.append((part.colour, weight // divisor))
            else:
                by_measure[part.measure] += weight // divisor
        printed, used, scan, length, impressions, sheets, fixed = by_measure.values()
        return cls(
            list_id=list_id,
            rule=rule,
            parts=tuple(parts),
            denominator=common // divisor,
            step_micro=step_micro,
            printed=printed,
            used=used,
            scan=scan,
            length=length,
            impressions=impressions,
            sheets=sheets,
            fixed=fixed,
            inks=tuple(inks),
            has_others=any((scan, length, impressions, sheets)),
            overhead_e8=overhead_e8,
        )

    def steps(self, q: Quantities, *, first: bool) -> int:
        """The exact sum in rounding steps times `denominator`; `first` adds the part that is fixed per job."""
        total = self.printed * q.printed_area_mm2 + self.used * q.used_area_mm2
        if self.has_others:
            total += (
                self.scan * q.scan_area_mm2
                + self.length * q.length_um
                + self.impressions * q.impressions
                + self.sheets * q.sheets
            )
        for colour, weight in self.inks:
            total += weight * q.ink_ul[colour]
        return total + self.fixed if first else total

    def amount(self, q: Quantities, *, first: bool) -> int:
        """The line's amount in micro-units, rounded once, half to even."""
        return round_half_even(self.steps(q, first=first), self.denominator) * self.step_micro

    def exact(self, q: Quantities, *, first: bool) -> tuple[int, int]:
        """The exact sum in currency, before the rounding, as (numerator, denominator) in lowest terms."""
        numerator = self.steps(q, first=first) * self.step_micro
        denominator = self.denominator * MICRO
        divisor = gcd(numerator, denominator)
        return numerator // divisor, denominator // divisor

    def terms(self, q: Quantities, *, first: bool) -> list[Term]:
        """Every summand, for explain; their exact sum is `exact`."""
        found = []
        for part in self.parts:
            if part.measure == "job":
                if not first:
                    continue
                quantity = 1
            elif part.measure == "ink_ul":
                quantity = q.ink_ul[part.colour]
            else:
                quantity = getattr(q, part.measure)
            found.append(
                Term(part.table, part.rule, part.measure, part.colour, quantity, part.numerator * quantity,
                     part.denominator)
            )  # fmt: skip
        if self.overhead_e8:
            numerator, denominator = self.exact(q, first=first)
            # The sum with its overhead is sum * (1 + overhead), so the overhead is that share of it.
            found.append(
                Term("overhead", percent_text(self.overhead_e8), "sum", "", 1, numerator * self.overhead_e8,
                     denominator * (PER_RATE + self.overhead_e8))
            )  # fmt: skip
        return found


@dataclass(frozen=True, slots=True)
class MarkupRate:
    """A price made of the line's booked cost: cost * (1 + markup), rounded once to the price list's step."""

    list_id: int
    rule: str
    markup_e8: int
    step_micro: int

    def amount(self, cost_micro: int) -> int:
        """The price in micro-units of a line whose cost was booked at `cost_micro`."""
        return (
            round_half_even(cost_micro * (PER_RATE + self.markup_e8), PER_RATE * self.step_micro) * self.step_micro
        )

    def exact(self, cost_micro: int) -> tuple[int, int]:
        """The price in currency before the rounding, as (numerator, denominator) in lowest terms."""
        numerator, denominator = cost_micro * (PER_RATE + self.markup_e8), PER_RATE * MICRO
        divisor = gcd(numerator, denominator)
        return numerator // divisor, denominator // divisor


def rate_text(rate_e8: int, unit: str) -> str:
    """A rate for the trace: `1.10 per m2 of printed area`."""
    return f"{format_rate(rate_e8)} per {unit}"


def percent_text(part_e8: int) -> str:
    """A part of something for people: `30 %`, `12.50 %`."""
    return f"{format_rate(part_e8 * 100).removesuffix('.00')} %"
