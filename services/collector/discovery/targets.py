"""Which addresses a search asks: the ranges that were named, all within the allowed networks, and not too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, ip_network
from typing import Final

from services.collector.networks import Network, may_be_printer
from shared.errors import Reject

MAX_ADDRESSES: Final = 65_536
"""Of one search, all ranges together: a /16."""
MAX_RANGES: Final = 64


class Range:
    """Addresses in a row, both ends included."""

    def __init__(self, first: IPv4Address, last: IPv4Address) -> None:
        self.first = first
        self.last = last

    def __len__(self) -> int:
        return int(self.last) - int(self.first) + 1

    def __iter__(self) -> Iterator[str]:
        return (str(IPv4Address(number)) for number in range(int(self.first), int(self.last) + 1))


def parse_range(text: str) -> Range:
    """Reads 192.0.2.0/24, 192.0.2.10-192.0.2.50, 192.0.2.10-50 or one address; of a network its hosts.

    Raises:
        Reject: it is none.
    """
    wrong = f"{text[:60]!r} is no range of IPv4 addresses: 192.0.2.0/24, 192.0.2.10-192.0.2.50 and 192.0.2.7 are"
    first, dash, last = (part.strip() for part in text.partition("-"))
    try:
        if not dash:
            network = ip_network(first, strict=False)
            if not isinstance(network, IPv4Network):
                raise Reject(wrong)
            is_small = network.prefixlen >= 31  # noqa: PLR2004 - RFC 3021: both addresses are hosts
            edge = 0 if is_small else 1
            return Range(network.network_address + edge, network.broadcast_address - edge)
        start = IPv4Address(first)
        end = IPv4Address(last if "." in last else f"{first.rpartition('.')[0]}.{last}")
    except ValueError as error:
        raise Reject(wrong) from error
    if end < start:
        raise Reject(f"{text[:60]!r} ends before it begins")
    return Range(start, end)


def parse_ranges(texts: Sequence[str], networks: Sequence[Network]) -> list[Range]:
    """Reads ranges; see parse_range.

    Raises:
        Reject: one is none, lies outside the allowed networks, or they are too many addresses together.
    """
    found: list[Range] = []
    for place, text in enumerate(texts):
        pointer = f"/ranges/{place}"
        try:
            found.append(parse_range(text))
        except Reject as error:
            raise Reject(error.reason, pointer=pointer) from error
        # Networks are without gaps: both ends in one and the same network is all of it.
        ends = found[-1].first, found[-1].last
        if not any(all(end in network for end in ends) for network in networks):
            raise Reject(f"{text} is outside the networks of INKMETER_PRINTER_NETWORKS", pointer=pointer)
    total = sum(len(each) for each in found)
    if total > MAX_ADDRESSES:
        raise Reject(f"{total} addresses are too many for one search: {MAX_ADDRESSES} at most", pointer="/ranges")
    return found


def broadcasts(interfaces: Sequence[str], networks: Sequence[Network]) -> list[str]:
    """The broadcast addresses of this machine's networks (each as 192.0.2.5/24), as far as they are allowed."""
    found: list[str] = []
    for text in interfaces:
        interface = IPv4Interface(text)
        broadcast = interface.network.broadcast_address
        is_net = interface.network.prefixlen < 31  # noqa: PLR2004 - RFC 3021: no broadcast there
        if is_net and may_be_printer(interface.ip, networks) and may_be_printer(broadcast, networks):
            found.append(str(broadcast))
    return list(dict.fromkeys(found))
