"""The searches of this collector: one at a time, the last few kept in memory for whoever asks what they found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import ifaddr
import structlog

from services.collector.discovery.search import Search, Wanted
from services.collector.discovery.sightings import Proposal, Registered, RegisteredAs
from services.collector.networks import Network
from services.collector.onboarding.reach import Reach
from services.collector.registry.registry import Registry
from shared.errors import Conflict, NotFound
from shared.ids import uuid7

MAX_KEPT: Final = 20
_log = structlog.get_logger()


def own_interfaces() -> list[str]:
    """This machine's IPv4 addresses with their networks, such as 192.0.2.5/24."""
    return [
        f"{ip.ip}/{ip.network_prefix}" for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4
    ]


class Searches:
    """Starts, finds and stops searches."""

    def __init__(
        self,
        registry: Registry,
        reach: Reach,
        networks: Sequence[Network],
        interfaces: Callable[[], list[str]] = own_interfaces,
    ) -> None:
        self._registry = registry
        self._reach = reach
        self._interfaces = interfaces
        self._searches: dict[str, Search] = {}
        self.networks = networks

    def interfaces(self) -> list[str]:
        """See own_interfaces."""
        return self._interfaces()

    def every(self) -> list[Search]:
        """The searches that are known, the newest first."""
        return list(reversed(self._searches.values()))

    def get(self, search_id: str) -> Search:
        """One search.

        Raises:
            NotFound: none has this id, or it was forgotten: only the last few are kept.
        """
        try:
            return self._searches[search_id]
        except KeyError:
            raise NotFound(f"There is no discovery {search_id}, or not any more.") from None

    def start(self, wanted: Wanted) -> Search:
        """Starts a search.

        Raises:
            Conflict: one is under way.
        """
        for search in self._searches.values():
            if search.state == "running":
                raise Conflict(f"The discovery {search.id} is under way: wait for it, or stop it.")
        search = Search(str(uuid7()), wanted, self.networks, self._reach)
        self._searches[search.id] = search
        for old in list(self._searches)[:-MAX_KEPT]:
            del self._searches[old]
        _log.info("discovery_started", discovery=search.id, addresses=wanted.count())
        search.start()
        return search

    async def forget(self, search_id: str) -> None:
        """Stops a search if it is under way, and forgets what it found.

        Raises:
            NotFound: see get.
        """
        await self.get(search_id).cancel()
        self._searches.pop(search_id, None)

    async def close(self) -> None:
        """Stops whatever is under way."""
        for search in self._searches.values():
            await search.cancel()

    def registered(self) -> Registered:
        """Tells which printer a found device is already: by serial number or UUID, else by address.

        Made anew for each list of devices, as it looks printers up by tables of its own.
        """
        printers = self._registry.printers()
        serials = {each.serial: each for each in printers if each.serial}
        uuids = {each.uuid.lower(): each for each in printers if each.uuid}
        addresses = {each.address: each for each in printers}

        def find(proposal: Proposal) -> RegisteredAs | None:
            known = serials.get(proposal.serial or "")
            if known is None and proposal.uuid:
                known = uuids.get(proposal.uuid.lower())
                if known and known.serial and proposal.serial:
                    known = None  # another device: its serial number is another one
            known = known or next((addresses[each] for each in proposal.addresses if each in addresses), None)
            return RegisteredAs(known.id, known.name) if known else None

        return find
