"""What a device does, and what of it is wrong, from the host resources MIB (RFC 2790) and the alert table.

hrPrinterStatus, hrDeviceStatus and hrPrinterDetectedErrorState together say one thing (RFC 3805, section
2.2.13.2): what stops a printer wins over what it does.
"""

from __future__ import annotations

from typing import Final

from services.collector.devices import mib
from services.collector.devices.view import View, number_of, octets_of
from shared.events.devices import DeviceCondition

Bits = frozenset[int]

_IDLE, _PRINTING, _WARMUP = 3, 4, 5
_DOWN: Final = 5
"""hrDeviceStatus."""
LOW_PAPER, NO_PAPER, LOW_TONER, NO_TONER, DOOR_OPEN, JAMMED, OFFLINE, SERVICE = range(8)
TRAY_MISSING, OUTPUT_MISSING, SUPPLY_MISSING, OUTPUT_NEAR_FULL, OUTPUT_FULL, TRAY_EMPTY, OVERDUE = range(8, 15)

MEANINGS: Final[dict[int, tuple[str, str, str]]] = {
    LOW_PAPER: ("paper_low", "warning", "Paper is low"),
    NO_PAPER: ("paper_out", "critical", "No paper"),
    LOW_TONER: ("supply_low", "warning", "A supply is low"),
    NO_TONER: ("supply_empty", "critical", "A supply is empty"),
    DOOR_OPEN: ("cover_open", "critical", "A cover is open"),
    JAMMED: ("jam", "critical", "Paper jam"),
    OFFLINE: ("offline", "critical", "Off line"),
    SERVICE: ("attention", "warning", "Service is requested"),
    TRAY_MISSING: ("attention", "warning", "A tray is missing"),
    OUTPUT_MISSING: ("attention", "warning", "An output tray is missing"),
    SUPPLY_MISSING: ("supply_empty", "warning", "A supply is missing"),
    OUTPUT_NEAR_FULL: ("output_full", "warning", "An output tray is nearly full"),
    OUTPUT_FULL: ("output_full", "warning", "An output tray is full"),
    TRAY_EMPTY: ("paper_out", "warning", "A tray is empty"),
    OVERDUE: ("attention", "warning", "Maintenance is overdue"),
}
"""Bit of hrPrinterDetectedErrorState -> kind, severity, words; critical are those that RFC 2790 calls down."""
_STOPPING: Final = frozenset({NO_PAPER, NO_TONER, DOOR_OPEN, JAMMED})


def error_bits(octets: bytes | None) -> Bits:
    """The bits that are set; bit 0 is the highest of the first octet, and octets may be missing (RFC 2790)."""
    if not octets:
        return frozenset()
    return frozenset(
        at * 8 + bit for at, octet in enumerate(octets[:2]) for bit in range(8) if octet & (0x80 >> bit)
    )


def printer_index(view: View) -> int | None:
    """Which host device the printer is: that of type printer, else the one with a printer's status or tables.

    Devices of another type, such as the processors of a print server, are never it.
    """
    types = {index[0]: row.get(mib.HR_DEVICE_TYPE) for index, row in view.rows(mib.HR_DEVICE).items()}
    for index, kind in types.items():
        if kind is not None and kind.value == mib.HR_DEVICE_PRINTER:
            return index
    untyped = [index for index, kind in types.items() if kind is None]
    for entry in (mib.HR_PRINTER, mib.SUPPLY, mib.MARKER, mib.GENERAL):
        if rows := view.rows(entry):
            first = min(index[0] for index in rows)
            return first if first in untyped or not untyped else untyped[0]
    return untyped[0] if untyped else None


def status_of(view: View, printer: int | None) -> str | None:
    """idle, printing, warmup, standby, stopped, offline or unknown; None when the device says nothing of it."""
    row = view.rows(mib.HR_PRINTER).get((printer,), {}) if printer is not None else {}
    doing = number_of(row.get(mib.HR_PRINTER_STATUS))
    errors = error_bits(octets_of(row.get(mib.HR_PRINTER_ERRORS)))
    device = view.number((*mib.HR_DEVICE, mib.HR_DEVICE_STATUS, printer)) if printer is not None else None
    if OFFLINE in errors:
        return "offline"
    active = {_PRINTING: "printing", _WARMUP: "warmup"}.get(doing or 0)
    # A device that comes on line is down and warms up (RFC 3805, section 2.2.13.2).
    if (device == _DOWN and doing != _WARMUP) or (errors & _STOPPING and not active):
        return "stopped"
    if active:
        return active
    if doing == _IDLE:
        return "idle"
    if doing is None:
        return None
    # hrPrinterStatus other(1) of a device that runs means that it sleeps.
    return "standby" if doing == 1 and device in (2, 3) else "unknown"


def detected(view: View, printer: int | None) -> list[DeviceCondition]:
    """What the error bits say."""
    row = view.rows(mib.HR_PRINTER).get((printer,), {}) if printer is not None else {}
    return [
        DeviceCondition(kind=kind, severity=severity, words=words)
        for bit in sorted(error_bits(octets_of(row.get(mib.HR_PRINTER_ERRORS))))
        if bit in MEANINGS
        for kind, severity, words in [MEANINGS[bit]]
    ]
