"""A printer as the registry knows it, and the event that tells others of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from services.collector.journal import Entry
from services.collector.sources.source import PrinterFacts, SourceKind
from shared.events.envelope import encode, new_event
from shared.events.jobs import PrinterRef
from shared.events.printers import PRINTER_CHANGED, PrinterChanged
from shared.ids import uuid7

PRINTERS_TOPIC: Final = "printers.v1"
_NO_SERIALS: Final = frozenset({"unknown", "none", "n/a", "not available", "invalid", "default"})


class Printer(Struct, frozen=True, kw_only=True):
    """One printer. `version` grows with each change; `removed_at` is set once it is taken out.

    Attributes:
        sealed_access: how to log in to it, as the vault has sealed it: nothing else can read it.
        device_since: when the present device took the place of another; None for the first one.
        former_serials: of earlier devices at this place; jobs that still name them are of this printer.
    """

    id: str
    name: str
    address: str
    kind: SourceKind
    serial: str | None = None
    uuid: str | None = None
    model: str | None = None
    group: str | None = None
    enabled: bool = True
    disabled_reason: str | None = None
    added_at: datetime
    changed_at: datetime
    removed_at: datetime | None = None
    version: int = 1
    sealed_access: str | None = None
    device_since: datetime | None = None
    former_serials: tuple[str, ...] = ()

    @property
    def ref(self) -> PrinterRef:
        """How job records name it."""
        return PrinterRef(id=self.id, serial=self.serial, model=self.model)

    @property
    def reading_id(self) -> str:
        """Whose place in its history is kept: another device, or another way to read it, starts anew."""
        kind = "" if self.kind in ("ipp", "cups") else f"/{self.kind}"
        since = f"@{self.device_since.isoformat()}" if self.device_since else ""
        return f"{self.id}{kind}{since}"

    @property
    def etag(self) -> str:
        """The HTTP entity tag of this state."""
        return f'"{self.version}"'


def serial_of(facts: PrinterFacts) -> str | None:
    """The serial number, unless it is a maker's way of saying that there is none."""
    serial = (facts.serial or "").strip()
    return None if serial.lower() in _NO_SERIALS or not serial.strip("0-. ") else serial


def other_device(printer: Printer, facts: PrinterFacts) -> str | None:
    """Why a device is not this printer, as one sentence; None when it may well be.

    A different UUID counts only where no serial number can be compared: some devices make a new one when they
    are reset.
    """
    serial = serial_of(facts)
    if printer.serial and serial:
        if printer.serial == serial:
            return None
        return f"another device answers there: its serial number is {serial}, not {printer.serial}"
    if printer.uuid and facts.uuid and printer.uuid != facts.uuid:
        return f"another device answers there: its UUID is {facts.uuid}, not {printer.uuid}"
    return None


def printer_entry(printer: Printer, *, collector_id: str) -> Entry:
    """The journal entry that tells of a printer's state."""
    data = PrinterChanged(
        id=printer.id,
        name=printer.name,
        model=printer.model,
        serial=printer.serial,
        uuid=printer.uuid,
        address=printer.address,
        source="cups" if printer.kind == "cups" else "ipp",
        kind=printer.kind,
        group=printer.group,
        enabled=printer.enabled,
        removed=printer.removed_at is not None,
    )
    event_id = str(uuid7())
    event = new_event(
        PRINTER_CHANGED,
        data,
        event_id=event_id,
        source=f"/collector/{collector_id}/registry",
        time=printer.changed_at,
        subject=printer.id,
    )
    return Entry(PRINTERS_TOPIC, printer.id, event_id, encode(event))
