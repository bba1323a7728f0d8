"""What an explanation of a ledger line is made of, and what it is made from."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from services.accounting.pricing import PrinterFacts, Quantities, quantities_of
from services.accounting.pricing.entries import Book
from services.accounting.pricing.sizes import size_class
from shared.events.jobs import JobLine


class TermShown(Struct, frozen=True):
    """One summand: quantity times rate (or the quantity alone, where there is no rate) is exactly `exact`."""

    table: str
    quantity: str
    rate: str
    exact: str


class Candidate(Struct, frozen=True):
    """One price list that was considered, and why it was taken or not.

    Attributes:
        level: what of the line it was assigned to (`project P-100`, `default`); "" if nothing.
    """

    price_list: str
    version: int
    chosen: bool
    why: str
    level: str = ""


class BookExplained(Struct, frozen=True, kw_only=True):
    """What one book says of a line, and how that came about.

    Attributes:
        exact: the whole sum before the rounding, every digit.
        exact_micro: the same to the millionth, half-even.
        rounding_step: what amounts are multiples of, where it is no power of ten.
        note: what could not be computed again, and why; the booked amount stands all the same.
    """

    book: Book
    price_list: str | None
    version: int | None
    rule: str | None
    unpriced: str | None = None
    terms: list[TermShown] = []
    exact: str | None = None
    exact_micro: str | None = None
    precision: int | None = None
    rounding_step: str | None = None
    amount: str | None = None
    note: str | None = None
    candidates: list[Candidate] = []


class Booked(Struct, frozen=True):
    """What the ledger holds of a line in one book."""

    book: Book
    amount_micro: int | None
    rule: str


class Inputs(Struct, frozen=True):
    """What the ledger holds of a line beside its amounts.

    Attributes:
        of_job: all lines of the job in order, as its whole volume may decide.
    """

    kind: str
    entry_kind: str
    line_no: int
    line: JobLine
    printer: PrinterFacts
    outcome: str = "completed"
    of_job: tuple[JobLine, ...] = ()

    @property
    def quantities(self) -> Quantities:
        """What it consumed."""
        return quantities_of(self.line)


def shown_inputs(inputs: Inputs) -> dict[str, Any]:
    """The quantities and facts that decided, only those that are known."""
    line = inputs.line
    facts = {
        "kind": inputs.kind,
        "outcome": inputs.outcome,
        "media": line.media,
        "category": line.category,
        "category_by": line.category_by,
        "colour_mode": line.colour_mode,
        "size": size_class(line.width_um, line.length_um),
        "printed_area_mm2": line.printed_area_mm2,
        "used_area_mm2": line.used_area_mm2,
        "scan_area_mm2": line.scan_area_mm2,
        "roll_width_um": line.roll_width_um,
        "width_um": line.width_um,
        "length_um": line.length_um,
        "ink_ul": line.ink_ul,
        "impressions": line.impressions,
        "sheets": line.sheets,
        "finishing": line.finishing,
    }
    return {name: value for name, value in facts.items() if value is not None}
