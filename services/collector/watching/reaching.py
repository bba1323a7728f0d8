"""Which printers are read by SNMP, and how."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec.structs import replace

from services.collector.access import Access, SnmpAccess
from services.collector.registry.printers import Printer


def snmp_access(printer: Printer, access: Access) -> SnmpAccess | None:
    """How a printer is read by SNMP; None when it is not. A queue of a print server is no device."""
    if printer.kind == "cups":
        return None
    if printer.kind != "snmp":
        return access.snmp
    port = urlsplit(printer.address).port
    found = access.snmp or SnmpAccess()
    return found if port is None else replace(found, port=port)
