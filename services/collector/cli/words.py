"""How commands put a printer and its state into words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

KINDS: Final = {
    "ipp": "IPP printer",
    "cups": "queue of a CUPS server",
    "piws": "HP large-format printer, read by its job queue",
    "ews": "HP large-format printer, read by its accounting table",
    "snmp": "device read by SNMP",
}


def device_words(printer: dict[str, Any]) -> str:
    """What kind of device it is."""
    parts = [printer["model"] or "a printer that does not tell its model"]
    parts += [f"serial number {printer['serial']}"] if printer["serial"] else []
    parts += ["a queue of a CUPS server"] if printer["kind"] == "cups" else []
    return ", ".join(parts)


def state_words(printer: dict[str, Any]) -> str:
    """How reading it goes."""
    status = printer["status"]
    if not printer["enabled"]:
        return f"disabled: {printer['disabled_reason']}" if printer["disabled_reason"] else "disabled"
    if status["error"]:
        return f"failing ({status['consecutive_failures']}x): {status['error']}"
    return status["activity"] or ("read" if status["succeeded_at"] else "not read yet")


def printers_words(count: int) -> str:
    """So many printers."""
    return f"{count} printer{'' if count == 1 else 's'}"


def time_words(text: str | None) -> str | None:
    """A moment in UTC, to the second."""
    if not text:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def login_words(access: dict[str, Any]) -> str | None:
    """How the device itself is logged in to."""
    if access["fault"]:
        return str(access["fault"])
    if not access["username"] and not access["password_set"]:
        return None
    return f"user {access['username'] or '(none)'}, {'with' if access['password_set'] else 'without'} a password"


def snmp_words(snmp: dict[str, Any] | None, address: str) -> str | None:
    """How SNMP is spoken with it; a port in an address of SNMP counts."""
    if snmp is None:
        return None
    found = urlsplit(address)
    port = (found.port if found.scheme == "snmp" else None) or snmp["port"]
    parts = [f"version {snmp['version']}, port {port}"]
    if snmp["version"] == "3":
        parts += [f"user {snmp['user']}"]
        parts += [f"signed by {snmp['auth_protocol']}"] if snmp["auth_protocol"] else ["not signed"]
        parts += [f"encrypted by {snmp['priv_protocol']}"] if snmp["priv_protocol"] else ["not encrypted"]
    else:
        parts += ["not encrypted"]
    return ", ".join(parts)
