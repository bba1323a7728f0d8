"""Which addresses the collector may connect to: a printer's address must not lead it anywhere else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from services.collector.sources.schemes import stored_address
from shared.errors import Reject, Retry

MAX_ADDRESS: Final = 500
RESOLVE_TIMEOUT_S: Final = 5.0

Network = IPv4Network | IPv6Network
Ip = IPv4Address | IPv6Address
Resolve = Callable[[str], Awaitable[Sequence[str]]]


def parse_networks(text: str) -> tuple[Network, ...]:
    """Reads comma-separated networks such as 10.0.0.0/8.

    Raises:
        Reject: one of them is none.
    """
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise Reject(f"{error}, write networks as 10.0.0.0/8, several with commas between") from error


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
        """Checks every address that the host name of a printer's address stands for.

        Raises:
            Retry, Reject: see allowed.
        """
        await self.allowed(urlsplit(address).hostname or "")

    async def allowed(self, host: str) -> list[Ip]:
        """The addresses that a host name stands for, each of them checked.

        Raises:
            Retry: the name can't be resolved now.
            Reject: one of them is not within the allowed networks.
        """
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                found = [_ip(host)] if _is_ip(host) else [_ip(each) for each in await self._resolve(host)]
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Retry(f"the host name {host} is not known here") from error
        for each in found:
            if not any(each in network for network in self._networks):
                where = host if _is_ip(host) else f"{host} is {each}, which"
                raise Reject(f"{where} is outside the networks of INKMETER_PRINTER_NETWORKS.", pointer="/address")
        return found


class GuardedResolver(AbstractResolver):
    """Looks names up for an HTTP client, which connects to the very addresses that were checked.

    A name that was checked first and looked up again for the connection might stand for another address by then.
    """

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """See AddressGuard.allowed for what it raises."""
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

    async def close(self) -> None:
        """There is nothing to let go of."""


def _family(ip: Ip) -> socket.AddressFamily:
    return socket.AF_INET6 if isinstance(ip, IPv6Address) else socket.AF_INET


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _ip(text: str) -> Ip:
    """An IPv4 address dressed as IPv6 counts as what it is."""
    found = ip_address(text)
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
