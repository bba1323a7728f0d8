"""`printer.changed.v1`: a printer as the registry knows it, on a compacted topic; a tombstone removes it."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from shared.events.envelope import CloudEvent
from shared.events.jobs import Code, Text

PRINTER_CHANGED: Final = "printer.changed.v1"


class PrinterChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole state of one printer: consumers keep the newest per id."""

    id: Code
    name: Text
    model: Text | None = None
    serial: Text | None = None
    uuid: Text | None = None
    address: Text | None = None
    source: Literal["ipp", "cups"] = "ipp"
    """A queue of a print server, or a device."""
    kind: Code | None = None
    """What it is read by: ipp, cups, piws, ews or snmp; more may come."""
    group: Text | None = None
    enabled: bool = True
    removed: bool = False
    """True for a printer taken out of the registry: its history stays, it is no longer read."""


PrinterChangedEvent = CloudEvent[PrinterChanged]
