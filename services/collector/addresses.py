"""Which addresses the collector may connect to: a printer's address must not lead it anywhere else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import AddrInfoType
from aiohttp.abc import ResolveResult

from services.collector.networks import (
    PRINTERS_OWN_PORTS,
    WELL_KNOWN,
    Ip,
    Network,
    may_be_printer,
    parse_ip,
    port_may_be_printers,
)
from services.collector.sources.outgoing import Gate
from services.collector.sources.schemes import NO_SCHEME, SCHEMES, stored_address
from shared.errors import Reject, Retry

MAX_ADDRESS: Final = 500
RESOLVE_TIMEOUT_S: Final = 5.0

Resolve = Callable[[str], Awaitable[Sequence[str]]]


def normal_address(text: str) -> str:
    """A printer's address as it is stored.

    Raises:
        Reject: it is none; see sources.schemes.
    """
    if len(text) > MAX_ADDRESS or any(character.isspace() or not character.isprintable() for character in text):
        reason = (
            f"{text[:100]!r} is not a printer's address: blanks, control characters or more than 500 characters"
        )
        raise Reject(reason, pointer="/address")
    try:
        return stored_address(text)
    except Reject as error:
        raise Reject(error.reason, pointer="/address") from error


async def resolved(host: str) -> Sequence[str]:
    """The addresses that a host name stands for.

    Raises:
        OSError: it is not known.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class AddressGuard:
    """Refuses addresses outside the networks that the operator named."""

    def __init__(self, networks: Sequence[Network], resolve: Resolve = resolved) -> None:
        self._networks = networks
        self._resolve = resolve

    async def check(self, address: str) -> None:
        """Checks the port of a printer's address, and every address that its host name stands for.

        Raises:
            Retry, Reject: see allowed.
        """
        parts = urlsplit(address)
        self.check_port(parts.port or SCHEMES.get(parts.scheme, NO_SCHEME).port, address)
        await self.allowed(parts.hostname or "")

    async def allowed(self, host: str) -> list[Ip]:
        """The addresses that a host name stands for, each of them checked.

        Raises:
            Retry: the name can't be resolved now.
            Reject: one of them is not within the allowed networks.
        """
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                names = [host] if parse_ip(host) else await self._resolve(host)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Retry(f"the host name {host} is not known here") from error
        return [self.check_ip(each, host) for each in names]

    def check_ip(self, text: str, host: str = "") -> Ip:
        """Checks one address; `host` is the name that stands for it.

        Raises:
            Reject: no printer may be there.
        """
        ip = parse_ip(text)
        if ip is None or not may_be_printer(ip, self._networks):
            where = f"{host} is {text}, which" if host not in ("", text) and not parse_ip(host) else host or text
            raise Reject(f"{where} is outside the networks of INKMETER_PRINTER_NETWORKS.", pointer="/address")
        return ip

    def check_port(self, port: int, where: str) -> None:
        """Checks a port.

        Raises:
            Reject: it is another service's.
        """
        if not port_may_be_printers(port):
            own = ", ".join(str(each) for each in sorted(PRINTERS_OWN_PORTS))
            raise Reject(f"{where}: below {WELL_KNOWN} printers are read at {own} only.", pointer="/address")


class GuardedResolver(Gate):
    """Looks names up for a client, which connects to the very addresses that were checked.

    A name that was checked first and looked up again for the connection might stand for another address by then.
    """

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """See AddressGuard.allowed for what it raises; also for hosts that are written as digits."""
        return [
            ResolveResult(
                hostname=host,
                host=str(each),
                port=port,
                family=_family(each),
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in await self._guard.allowed(host)
            if family in (socket.AF_UNSPEC, _family(each))
        ]

    def socket_to(self, where: AddrInfoType) -> socket.socket:
        """A socket for a connection; what is not an allowed address and port gets none."""
        family, kind, protocol, _, address = where
        host, port = str(address[0]), int(address[1])
        self._guard.check_ip(host)
        self._guard.check_port(port, f"{host}:{port}")
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """There is nothing to let go of."""


def _family(ip: Ip) -> socket.AddressFamily:
    return socket.AF_INET6 if isinstance(ip, IPv6Address) else socket.AF_INET
