"""What of a job line matters for its price: the key that decides which rates match, and the quantities."""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Struct

from services.accounting.categories import DEFAULT_THRESHOLDS, Thresholds, category_of
from services.accounting.pricing.sizes import size_class
from shared.events.jobs import JobCompleted, JobLine
from shared.money import round_half_even

PRINTED: Final = 1
USED: Final = 2
SCAN: Final = 4
LENGTH: Final = 8
IMPRESSIONS: Final = 16
SHEETS: Final = 32
INK: Final = 64


class PrinterFacts(Struct, frozen=True, gc=False):
    """What the price lists may name a printer by; "" where it is not known."""

    id: str
    serial: str = ""
    model: str = ""
    group: str = ""


class Wider(NamedTuple):
    """What decides beside the line's own columns, each only where a price list asks for it (see asks.Asks).

    Attributes:
        outcome: of a cancelled job, else "".
        finishing: codes of the line, sorted.
        job_finishing: on a job's first line the codes of all its lines, sorted.
        volumes: by measure the highest step of any list that the job's total reaches.
    """

    outcome: str = ""
    finishing: tuple[str, ...] = ()
    job_finishing: tuple[str, ...] = ()
    volumes: tuple[tuple[str, int], ...] = ()


PLAIN: Final = Wider()


class LineKey(NamedTuple):
    """All that decides which rates match a line; lines with equal keys have equal rates.

    Attributes:
        known: which quantities the line has, as bits PRINTED .. INK; absent is never 0.
        inks: the colours of which the line used any, sorted.
        size: see sizes.size_class.
    """

    printer_id: str
    serial: str
    model: str
    group: str
    kind: str
    media: str | None
    category: str | None
    colour_mode: str | None
    size: str | None
    inks: tuple[str, ...]
    known: int
    wider: Wider = PLAIN


class Quantities(Struct, frozen=True, gc=False):
    """What a line consumed, over all its copies; 0 also where it is not known (see LineKey.known)."""

    printed_area_mm2: int = 0
    used_area_mm2: int = 0
    scan_area_mm2: int = 0
    length_um: int = 0
    impressions: int = 0
    sheets: int = 0
    ink_ul: dict[str, int] = {}


def length_fed_um(line: JobLine) -> int | None:
    """The length of medium fed, over all copies, or None where it can't be told.

    The used area over the roll's width is the truth, also for a page laid across the roll; else the length of
    one page times the sheets (or impressions) counts.
    """
    if line.used_area_mm2 is not None and line.roll_width_um:
        return round_half_even(line.used_area_mm2 * 1_000_000, line.roll_width_um)
    count = line.sheets if line.sheets is not None else line.impressions
    if line.length_um is None or count is None:
        return None
    return line.length_um * count


def quantities_of(line: JobLine) -> Quantities:
    """A line's quantities."""
    return Quantities(
        line.printed_area_mm2 or 0,
        line.used_area_mm2 or 0,
        line.scan_area_mm2 or 0,
        length_fed_um(line) or 0,
        line.impressions or 0,
        line.sheets or 0,
        line.ink_ul or {},
    )


def key_of(kind: str, line: JobLine, printer: PrinterFacts, category: str | None, wider: Wider = PLAIN) -> LineKey:
    """A line's key; `category` is the one that categories.category_of found, `wider` is asks.wider_of."""
    ink = line.ink_ul
    known = PRINTED if line.printed_area_mm2 is not None else 0
    if line.used_area_mm2 is not None:
        known |= USED
    if line.scan_area_mm2 is not None:
        known |= SCAN
    if length_fed_um(line) is not None:
        known |= LENGTH
    if line.impressions is not None:
        known |= IMPRESSIONS
    if line.sheets is not None:
        known |= SHEETS
    inks: tuple[str, ...] = ()
    if ink:
        known |= INK
        inks = tuple(sorted(colour for colour, amount in ink.items() if amount))
    return LineKey(
        printer.id,
        printer.serial,
        printer.model,
        printer.group,
        kind,
        line.media,
        category,
        line.colour_mode,
        size_class(line.width_um, line.length_um),
        inks,
        known,
        wider,
    )


def keyed(
    kind: str,
    line: JobLine,
    printer: PrinterFacts,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    wider: Wider = PLAIN,
) -> tuple[LineKey, bool]:
    """A line's key, and whether its category was found by density (scans have no density)."""
    if kind == "scan":
        return key_of(kind, line, printer, line.category, wider), False
    category, by_density = category_of(line.category, line.ink_ul, line.printed_area_mm2, thresholds)
    return key_of(kind, line, printer, category, wider), by_density


def facts_of(job: JobCompleted, known: PrinterFacts | None = None) -> PrinterFacts:
    """What is known of a job's printer: the registry's word where there is one, else what the event says."""
    told = job.printer
    return PrinterFacts(
        told.id or "",
        (known.serial if known else "") or told.serial or "",
        (known.model if known else "") or told.model or "",
        known.group if known else "",
    )
