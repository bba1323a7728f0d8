"""Where printers may be: the operator's networks, less what no printer ever is, in whatever form it is written."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from shared.errors import Reject

Network = IPv4Network | IPv6Network
Ip = IPv4Address | IPv6Address

NO_PRINTERS: Final = frozenset(
    ip_address(each)
    for each in (
        "169.254.169.254",  # the metadata service of most clouds
        "169.254.170.2",  # credentials of containers at one of them
        "fd00:ec2::254",  # the same over IPv6, in a network that is private by default
        "fd20:ce::254",
        "100.100.100.200",
        "255.255.255.255",
    )
)
"""Services that hand out credentials to whoever asks, and broadcast: never a printer, whatever is allowed."""
WELL_KNOWN: Final = 1024
PRINTERS_OWN_PORTS: Final = frozenset({80, 161, 443, 515, 631})
"""The only ports below 1024 that printers are read by; others belong to mail, shells and directories."""
_TRANSLATED: Final = ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last 32 bits are an IPv4 address."""
_COMPATIBLE: Final = ip_network("::/96")


def parse_networks(text: str) -> tuple[Network, ...]:
    """Reads comma-separated networks such as 10.0.0.0/8.

    Raises:
        Reject: one of them is none.
    """
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise Reject(f"{error}, write networks as 10.0.0.0/8, several with commas between") from error


def parse_ip(text: str) -> Ip | None:
    """An address written as digits; None for a name. An IPv4 address dressed as IPv6 counts as what it is."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def may_be_printer(ip: Ip, networks: Sequence[Network]) -> bool:
    """Whether a printer may be at an address: it is within the networks, and so is what it carries within it."""
    within = [ip, *_carried(ip)]
    return all(
        any(each in network for network in networks)
        and each not in NO_PRINTERS
        and not each.is_multicast
        and not each.is_unspecified
        for each in within
    )


def port_may_be_printers(port: int) -> bool:
    """Whether a printer may be read at a port."""
    return port in PRINTERS_OWN_PORTS or port >= WELL_KNOWN


def _carried(ip: Ip) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 one leads to by translation or through a tunnel."""
    if isinstance(ip, IPv4Address):
        return []
    found = [ip.sixtofour, *(ip.teredo or ())]
    if ip in _TRANSLATED or (ip in _COMPATIBLE and int(ip) > 1):
        found.append(IPv4Address(int(ip) & 0xFFFF_FFFF))
    return [each for each in found if each is not None]
