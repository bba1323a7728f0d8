"""Which registered printers tell of one job twice: a queue of a CUPS server, and the device it prints on.

What both tell of is read as one job, that of the device: so this is told, but nothing to be mended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from services.collector.registry.printers import Printer
from services.collector.sources.ipp.client import Address
from shared.errors import Reject

_IPP: Final = frozenset({"ipp", "ipps", "http", "https"})
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def device_behind(uri: str, printers: Sequence[Printer]) -> Printer | None:
    """The registered device that a queue with this device URI prints on; by names as they are written."""
    mark = _mark_of_uri(uri)
    found = (each for each in printers if each.kind != "cups" and mark in _marks_of_device(each))
    return next(found, None) if mark else None


def told_twice(printers: Sequence[Printer], prints_on: Callable[[Printer], str | None]) -> dict[str, str]:
    """For the ids of such printers one sentence that names the other one.

    `prints_on` gives the device URI of a queue. By names and addresses as they are written: one device that is
    called differently in both places is not found.
    """
    found: dict[str, str] = {}
    for queue, device in queues_of_devices(printers, prints_on):
        found[queue.id] = found[device.id] = (
            f"{queue.name} is a queue of a CUPS server that prints on {device.name}: "
            f"a job that both tell of is counted once, as one of {device.name}."
        )
    return found


def queues_of_devices(
    printers: Sequence[Printer], prints_on: Callable[[Printer], str | None]
) -> list[tuple[Printer, Printer]]:
    """Each queue that prints on a registered device, with that device; see told_twice."""
    read = [printer for printer in printers if printer.enabled]
    uris = {queue.id: uri for queue in read if queue.kind == "cups" and (uri := prints_on(queue))}
    if not uris:
        return []
    devices = {mark: each for each in read if each.kind != "cups" for mark in _marks_of_device(each)}
    found: list[tuple[Printer, Printer]] = []
    for queue in read:
        mark = _mark_of_uri(uris[queue.id]) if queue.id in uris else None
        device = devices.get(mark) if mark else None
        if device is not None:
            found.append((queue, device))
    return found


def _marks_of_device(printer: Printer) -> list[str]:
    try:
        parts = urlsplit(printer.address)
    except ValueError:
        return []
    host = _host(parts.hostname)
    return [host, f"{host}:{parts.port}", *([f"uuid:{printer.uuid.lower()}"] if printer.uuid else [])]


def _mark_of_uri(uri: str) -> str | None:
    """What a device URI of CUPS names: host and port of an IPP printer, the host of others, a UUID of DNS-SD."""
    try:
        parts = urlsplit(uri)
        if uuid := parse_qs(parts.query).get("uuid"):
            return f"uuid:{uuid[0].lower()}"
        if not parts.hostname:
            return None
        if parts.scheme not in _IPP:
            return _host(parts.hostname)
        return f"{_host(parts.hostname)}:{urlsplit(Address.parse(uri).url).port}"
    except (ValueError, Reject):
        return None


def _host(name: str | None) -> str:
    host = (name or "").lower().rstrip(".")
    return "localhost" if host in _HERE else host
