"""What must be known of a printer to read its jobs, from its own attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from services.collector.sources.ipp.media import Roll, roll_from_collection
from services.collector.sources.ipp.tags import PrinterStateCode
from services.collector.sources.ipp.view import View
from services.collector.sources.source import Activity, PrinterFacts, PrinterState

ONE_SIDED: Final = "one-sided"
_ACTIVITIES: Final[dict[int | None, Activity]] = {
    PrinterStateCode.IDLE: "idle",
    PrinterStateCode.PROCESSING: "processing",
    PrinterStateCode.STOPPED: "stopped",
}
MAX_REASONS: Final = 50
MAX_MESSAGE: Final = 1_000
MAX_FACT: Final = 200
"""RFC 8011 allows 127 octets; what is longer is cut, for records of jobs carry it."""
_SERIAL: Final = re.compile(r"(?:^|;)\s*(?:SN|SERN|SERIALNUMBER):([^;]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Traits:
    """What the mapping of jobs asks of their printer.

    Attributes:
        is_cups: a queue of CUPS: its counters are what the filters emitted, not what a device counted.
        colour: False for a device that can't print colour; None where it does not say.
        rolls: by media-source, as loaded now.
        default_media: what a job that asks for no media is printed on (RFC 8011, section 5.2).
        default_sides: the sides of a job that asks for none; a printer that names none but one has only that.
    """

    is_cups: bool = False
    colour: bool | None = None
    rolls: dict[str, Roll] = field(default_factory=dict)
    default_media: View = field(default_factory=lambda: View(()))
    default_sides: str | None = None


def is_cups_queue(printer: View) -> bool:
    """Whether this is a queue of a CUPS server rather than a device."""
    return "printer-type" in printer or "cups-version" in printer


def traits(printer: View) -> Traits:
    """Reads the traits from printer attributes."""
    rolls: dict[str, Roll] = {}
    for ready in printer.views("media-col-ready"):
        source, roll = ready.text("media-source"), roll_from_collection(ready)
        if source and roll:
            rolls.setdefault(source, roll)
    return Traits(
        is_cups=is_cups_queue(printer),
        colour=printer.boolean("color-supported"),
        rolls=rolls,
        default_media=printer,
        default_sides=printer.text("sides-default") or (None if _duplex(printer) else ONE_SIDED),
    )


def _duplex(printer: View) -> bool:
    return any(sides != ONE_SIDED for sides in printer.texts("sides-supported"))


def state(printer: View) -> PrinterState:
    """What the printer does now."""
    told = printer.texts("printer-state-reasons")[:MAX_REASONS]
    reasons = tuple(reason[:MAX_FACT] for reason in told if reason != "none")
    return PrinterState(
        activity=_ACTIVITIES.get(printer.integer("printer-state")),
        reasons=reasons,
        message=(printer.text("printer-state-message") or "")[:MAX_MESSAGE] or None,
        queued_jobs=printer.integer("queued-job-count"),
        prints_on=_fact(printer.text("device-uri")) if is_cups_queue(printer) else None,
    )


def serial(printer: View) -> str | None:
    """The serial number: said outright (PWG 5100.13), or within the IEEE 1284 device id."""
    if outright := printer.text("printer-serial-number"):
        return outright
    found = _SERIAL.search(printer.text("printer-device-id") or "")
    return found.group(1).strip() or None if found else None


def facts(printer: View) -> PrinterFacts:
    """Who the printer is and what it can do."""
    cups = is_cups_queue(printer)
    uuid = _fact(printer.text("printer-uuid"))
    return PrinterFacts(
        kind="cups" if cups else "ipp",
        make_and_model=_fact(printer.text("printer-make-and-model")),
        serial=_fact(serial(printer)),
        uuid=uuid.removeprefix("urn:uuid:") if uuid else None,
        name=_fact(printer.text("printer-info") or printer.text("printer-name")),
        is_cups=cups,
        supports_colour=printer.boolean("color-supported"),
        media_sources=tuple(source[:MAX_FACT] for source in printer.texts("media-source-supported")),
        operations=frozenset(printer.integers("operations-supported")),
        state=state(printer),
        current_time=printer.moment("printer-current-time"),
    )


def _fact(text: str | None) -> str | None:
    return text[:MAX_FACT].strip() if text else None
