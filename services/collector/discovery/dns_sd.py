"""Listens for printers that announce themselves by DNS-SD (RFC 6763; Bonjour Printing Specification 1.2.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from services.collector.discovery.sightings import Sighting
from services.collector.networks import Network, may_be_printer, parse_ip, port_may_be_printers
from shared.errors import Retry
from shared.printable import without_controls

SERVICES: Final = {
    "_ipp._tcp.local.": "ipp",
    "_ipps._tcp.local.": "ipps",
    "_pdl-datastream._tcp.local.": None,
    "_printer._tcp.local.": None,
}
"""What is announced, and the scheme of the address by which it is read; the others only take print data."""
MAX_SERVICES: Final = 2_000
MAX_TEXT: Final = 200
RESOLVE_MS: Final = 3_000
_NO_PATH: Final = "ipp/print"


async def listen(seconds: float, networks: tuple[Network, ...], found: Callable[[Sighting], None]) -> None:
    """Listens for so long, and hands on each printer within the allowed networks.

    Raises:
        Retry: no socket can be opened for multicast here.
    """
    try:
        zeroconf = AsyncZeroconf()
    except OSError as error:
        raise Retry(f"DNS-SD can't be heard here: {error.strerror or error}") from error
    asking: set[asyncio.Task[None]] = set()
    seen: set[str] = set()

    async def resolve(kind: str, name: str) -> None:
        info = AsyncServiceInfo(kind, name)
        if await info.async_request(zeroconf.zeroconf, RESOLVE_MS):
            for sighting in sightings_of(info, networks):
                found(sighting)

    def heard(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        del zeroconf
        if state_change is ServiceStateChange.Removed or name in seen or len(seen) >= MAX_SERVICES:
            return
        seen.add(name)
        task = asyncio.create_task(resolve(service_type, name))
        asking.add(task)
        task.add_done_callback(asking.discard)

    browser = AsyncServiceBrowser(zeroconf.zeroconf, list(SERVICES), handlers=[heard])
    try:
        await asyncio.sleep(seconds)
    finally:
        await browser.async_cancel()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await zeroconf.async_close()


def sightings_of(info: AsyncServiceInfo, networks: tuple[Network, ...]) -> list[Sighting]:
    """What an announcement says; nothing when it names no address at which a printer may be."""
    addresses = [parse_ip(text) for text in info.parsed_addresses(IPVersion.All)]
    allowed = sorted(
        (ip for ip in addresses if ip is not None and may_be_printer(ip, networks)), key=lambda ip: ip.version
    )
    if not allowed or not port_may_be_printers(info.port or 0):
        return []
    ip = str(allowed[0])
    scheme = SERVICES.get(info.type)
    told = {name.lower(): value for name, value in info.decoded_properties.items() if value}
    address = None
    if scheme:
        path = quote(told.get("rp", _NO_PATH).strip("/")[:MAX_TEXT], safe="/-._~")
        address = f"{scheme}://{f'[{ip}]' if ':' in ip else ip}:{info.port}/{path}"
    return [
        Sighting(
            way="dns-sd",
            ip=ip,
            address=address,
            name=_text(info.name.removesuffix(f".{info.type}")),
            model=_text(told.get("ty")),
            uuid=_text(told.get("uuid")),
            location=_text(told.get("note")),
        )
    ]


def _text(value: str | None) -> str | None:
    return without_controls(value)[:MAX_TEXT].strip() or None if value else None
