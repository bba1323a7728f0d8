"""HTTP of discovery: /v1/discoveries. A discovery proposes devices; whoever wants one adds it as a printer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from services.collector.access import Secret, SnmpAccess
from services.collector.discovery.search import LISTEN_S, Phase, Search, State, Wanted
from services.collector.discovery.searches import Searches
from services.collector.discovery.sightings import Proposal, Registered
from services.collector.discovery.snmp_scan import RATE_PER_S
from services.collector.discovery.targets import MAX_RANGES, broadcasts, parse_ranges
from services.collector.http.access_bodies import checked
from shared.errors import Reject
from shared.http.headers import LOCATION
from shared.http.routes import Answer, Call, Route

MAX_LISTEN_S: Final = 60
MAX_RATE_PER_S: Final = 1_000


class SearchSnmp(Struct, frozen=True, kw_only=True):
    """How SNMP is spoken while searching; version 3 is spoken with a printer once it is added."""

    version: Literal["1", "2c"] = "2c"
    port: Annotated[int, Meta(ge=1, le=65_535)] = 161
    community: Secret = "public"


class NewDiscovery(Struct, frozen=True, kw_only=True):
    """What to search.

    Attributes:
        dns_sd: listen to what announces itself, for `listen_s` seconds.
        broadcast: ask all of this machine's networks at once.
        ranges: of IPv4 addresses to be asked one by one, such as 192.0.2.0/24 or 192.0.2.10-192.0.2.50.
        rate_per_s: questions per second at most.
    """

    dns_sd: bool = True
    listen_s: Annotated[int, Meta(ge=1, le=MAX_LISTEN_S)] = int(LISTEN_S)
    broadcast: bool = True
    ranges: Annotated[list[Annotated[str, Meta(min_length=1, max_length=60)]], Meta(max_length=MAX_RANGES)] = []
    snmp: SearchSnmp = SearchSnmp()
    rate_per_s: Annotated[int, Meta(ge=1, le=MAX_RATE_PER_S)] = RATE_PER_S


class Progress(Struct, frozen=True, kw_only=True):
    """How far a discovery is.

    Attributes:
        addresses_asked, addresses: by SNMP; a broadcast counts as one.
        answered: how many addresses speak SNMP, printers or not.
        devices_asked, devices: who they are; known once all that can be seen was seen.
    """

    phase: Phase
    addresses_asked: int
    addresses: int
    answered: int
    devices_asked: int
    devices: int


class DiscoveryView(Struct, frozen=True, kw_only=True):
    """A discovery and what it has found so far; nothing of it is registered by itself.

    Attributes:
        faults: ways of searching that did not work here, a sentence each.
        found: one for each device; those that are registered already come last.
    """

    id: str
    state: State
    started_at: datetime
    ended_at: datetime | None
    progress: Progress
    faults: list[str]
    found: list[Proposal]


class DiscoveryList(Struct, frozen=True):
    """The last discoveries, the newest first."""

    items: list[DiscoveryView]


class DiscoveriesApi:
    """Starts searches, and tells of them."""

    def __init__(self, searches: Searches) -> None:
        self._searches = searches

    def routes(self) -> list[Route]:
        """The routes to serve."""
        many, one = "/v1/discoveries", "/v1/discoveries/{id}"
        return [
            Route(method="GET", path=many, handler=self.every, answer=DiscoveryList,
                  summary="The last discoveries, the newest first."),
            Route(method="POST", path=many, handler=self.start, body=NewDiscovery, answer=DiscoveryView,
                  status=202, errors=(409,), gives=(LOCATION,),
                  summary="Search for printers in the allowed networks; answers at once, finds go on to come."),
            Route(method="GET", path=one, handler=self.one, answer=DiscoveryView, errors=(404,),
                  summary="How far a discovery is, and what it has found so far."),
            Route(method="POST", path=f"{one}/cancel", handler=self.cancel, answer=DiscoveryView, errors=(404,),
                  summary="Stop a discovery; what it has found stays. One that is over stays as it is."),
            Route(method="DELETE", path=one, handler=self.forget, status=204, errors=(404,),
                  summary="Stop a discovery and forget what it has found."),
        ]  # fmt: skip

    async def every(self, _: Call) -> DiscoveryList:
        """The last few."""
        registered = self._searches.registered()
        return DiscoveryList([self._view(search, registered) for search in self._searches.every()])

    async def start(self, call: Call) -> Answer:
        """Starts a search."""
        body: NewDiscovery = call.body
        networks = self._searches.networks
        snmp = SnmpAccess(version=body.snmp.version, port=body.snmp.port, community=body.snmp.community)
        checked(snmp, pointer="/snmp")
        wanted = Wanted(
            listen=body.dns_sd,
            listen_s=float(body.listen_s),
            broadcasts=tuple(broadcasts(self._searches.interfaces(), networks)) if body.broadcast else (),
            ranges=tuple(parse_ranges(body.ranges, networks)),
            snmp=snmp,
            rate_per_s=body.rate_per_s,
        )
        if not wanted.listen and not wanted.count():
            raise Reject("Nothing to search: listen for DNS-SD, broadcast, or name ranges.")
        search = self._searches.start(wanted)
        return Answer(self._view(search), status=202, headers={"Location": f"/v1/discoveries/{search.id}"})

    async def one(self, call: Call) -> DiscoveryView:
        """One discovery."""
        return self._view(self._searches.get(call.path["id"]))

    async def cancel(self, call: Call) -> DiscoveryView:
        """Stops one."""
        search = self._searches.get(call.path["id"])
        await search.cancel()
        return self._view(search)

    async def forget(self, call: Call) -> Answer:
        """Forgets one."""
        await self._searches.forget(call.path["id"])
        return Answer(status=204)

    def _view(self, search: Search, registered: Registered | None = None) -> DiscoveryView:
        registered = registered or self._searches.registered()
        scanned = search.scanned
        return DiscoveryView(
            id=search.id,
            state=search.state,
            started_at=search.started_at,
            ended_at=search.ended_at,
            progress=Progress(
                phase=search.phase,
                addresses_asked=scanned.asked,
                addresses=scanned.total,
                answered=len(scanned.answered),
                devices_asked=search.asked,
                devices=search.to_ask,
            ),
            faults=list(search.faults),
            found=search.found(registered),
        )
