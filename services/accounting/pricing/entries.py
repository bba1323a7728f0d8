"""The tables of a price list as values: which rate is meant for what (INTERFACES section 7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct

from shared.money import MICRO_DIGITS

Book = Literal["cost", "price"]
Area = Literal["printed", "used"]
Level = Literal["printer", "group", "model", ""]
Policy = Literal["full", "consumed", "free"]
"""What a cancelled job is charged: all, what it consumed (no fixed part, no minimum), or nothing."""
DEFAULT_PRECISION: Final = 4
MAX_PRECISION: Final = 6
"""Micro-units are the smallest that the ledger can hold."""
TABLES: Final = ("ppu", "media", "ink", "click", "scan", "fixed", "finishing", "class")
CANCELLED: Final = ("cancelled_by_user", "cancelled_by_device", "aborted")
"""Outcomes that a list has a policy for; what is partial or completed is charged in full."""


class Scope(NamedTuple):
    """The devices that an entry is for: one printer, a group, a model, or ("", "") for all."""

    level: Level
    name: str


EVERYWHERE: Final = Scope("", "")


class Ppu(Struct, frozen=True):
    """Per m2 of the list's area, by category; None is any category, also none.

    Attributes:
        at_least: the job's total of what the rate multiplies from which on it counts, in its canonical unit.
    """

    scope: Scope
    category: str | None
    per_m2_e8: int
    at_least: int = 0


class Media(Struct, frozen=True):
    """Per m2 of used area, per m of length fed, or per sheet; see Ppu for `at_least`."""

    scope: Scope
    code: str
    unit: Literal["per_m2", "per_m", "per_sheet"]
    rate_e8: int
    at_least: int = 0


class Ink(Struct, frozen=True):
    """`price_e8` for `volume_ul` of one colour: 1,000 uL for a rate per ml, else a cartridge, kept exact."""

    scope: Scope
    colour: str
    price_e8: int
    volume_ul: int
    cartridge: bool = False


class Click(Struct, frozen=True):
    """Per impression, by colour mode and, where given, size class; see Ppu for `at_least`."""

    scope: Scope
    colour_mode: Literal["mono", "colour"]
    size: str | None
    per_impression_e8: int
    at_least: int = 0


class Scan(Struct, frozen=True):
    """Per m2 or per page scanned; see Ppu for `at_least`."""

    scope: Scope
    unit: Literal["per_m2", "per_page"]
    rate_e8: int
    at_least: int = 0


class Fixed(Struct, frozen=True):
    """Per job of a kind, once, on its first line."""

    scope: Scope
    kind: str
    per_job_e8: int


class Finishing(Struct, frozen=True):
    """Per sheet, impression or m2 of used area that it was done to, or once per job; see Ppu for `at_least`."""

    scope: Scope
    code: str
    unit: Literal["per_sheet", "per_impression", "per_m2", "per_job"]
    rate_e8: int
    at_least: int = 0


class Class(Struct, frozen=True):
    """Which of the list's categories the class of a device (or of the ink's density) is."""

    scope: Scope
    device: str
    category: str


class PriceListFile(Struct, frozen=True, kw_only=True):
    """One price list as its file says it; rates in 1e-8, the minimum in micro-units.

    Attributes:
        valid_from: a day (of the installation's time zone) or a moment with zone.
        valid_until: likewise; the list does not count any more from then on.
        precision: decimals of an amount; those of `rounding_step_micro` where there is one.
        rounding_step_micro: amounts are multiples of this.
        overhead_e8: part of the sum of a line's rates that is added to it.
        markup_e8: for a list without rates of its own: price = cost * (1 + markup).
    """

    name: str
    book: Book
    currency: str
    valid_from: date | datetime
    valid_until: date | datetime | None = None
    area: Area = "printed"
    precision: int = DEFAULT_PRECISION
    rounding_step_micro: int | None = None
    minimum_micro: int = 0
    markup_e8: int | None = None
    overhead_e8: int = 0
    cancelled_by_user: Policy = "full"
    cancelled_by_device: Policy = "full"
    aborted: Policy = "full"
    ppu: tuple[Ppu, ...] = ()
    media: tuple[Media, ...] = ()
    ink: tuple[Ink, ...] = ()
    click: tuple[Click, ...] = ()
    scan: tuple[Scan, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    finishing: tuple[Finishing, ...] = ()
    classes: tuple[Class, ...] = ()

    @property
    def step_micro(self) -> int:
        """One step of rounding in micro-units."""
        return self.rounding_step_micro or int(10 ** (MICRO_DIGITS - self.precision))

    def policy(self, outcome: str) -> Policy:
        """What a job of an outcome is charged."""
        if outcome == "cancelled_by_user":
            return self.cancelled_by_user
        if outcome == "cancelled_by_device":
            return self.cancelled_by_device
        return self.aborted if outcome == "aborted" else "full"

    def entries(self, table: str) -> tuple[Any, ...]:
        """The entries of one of TABLES."""
        found: tuple[Any, ...] = getattr(self, "classes" if table == "class" else table)
        return found
