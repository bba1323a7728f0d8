"""One search: listens and asks around, then asks each device who it is; it may be stopped at any time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Final, Literal

from services.collector.access import Access, SnmpAccess
from services.collector.discovery import dns_sd
from services.collector.discovery.sightings import Asked, Proposal, Registered, Sighting, proposals
from services.collector.discovery.snmp_scan import RATE_PER_S, Scan, ScanProgress
from services.collector.discovery.targets import Range
from services.collector.networks import Network
from services.collector.onboarding.reach import Reach
from services.collector.registry.printers import serial_of
from services.collector.vault import NO_ACCESS
from shared.errors import Reject, Retry

LISTEN_S: Final = 5.0
ASK_AT_ONCE: Final = 16
ASK_TIMEOUT_S: Final = 15.0
MAX_SIGHTINGS: Final = 10_000
IPP_PORT: Final = 631
MAX_S: Final = 1_800.0
CANCEL_AGAIN_S: Final = 0.5
"""No search takes longer."""

State = Literal["running", "done", "cancelled", "failed"]
Phase = Literal["listening", "asking", "over"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to search.

    Attributes:
        listen: whether to listen for DNS-SD, for `listen_s`.
        broadcasts: addresses that whole networks hear.
        ranges: addresses that are asked one by one.
        snmp: how SNMP is spoken while searching.
    """

    listen: bool = True
    listen_s: float = LISTEN_S
    broadcasts: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()
    snmp: SnmpAccess = field(default_factory=SnmpAccess)
    rate_per_s: int = RATE_PER_S

    def targets(self) -> Iterator[str]:
        """All addresses that are asked by SNMP."""
        return chain(self.broadcasts, *self.ranges)

    def count(self) -> int:
        """How many they are."""
        return len(self.broadcasts) + sum(len(each) for each in self.ranges)


class Search:
    """A search under way or over; what it has found so far can be read at any time."""

    def __init__(self, search_id: str, wanted: Wanted, networks: Sequence[Network], reach: Reach) -> None:
        self.id = search_id
        self.wanted = wanted
        self.started_at: datetime = reach.clock.now()
        self.ended_at: datetime | None = None
        self.state: State = "running"
        self.phase: Phase = "listening"
        self.faults: list[str] = []
        self.scanned = ScanProgress(total=wanted.count())
        self.asked = 0
        self.to_ask = 0
        self._networks = tuple(networks)
        self._reach = reach
        self._seen: list[Sighting] = []
        self._answers: list[Asked] = []
        self._task: asyncio.Task[None] | None = None

    def found(self, registered: Registered) -> list[Proposal]:
        """The devices found so far; such as are registered already come last."""
        return proposals(self._seen, self._answers, registered)

    def start(self) -> None:
        """Begins."""
        self._task = asyncio.create_task(self._run(), name=f"search {self.id}")

    async def cancel(self) -> None:
        """Stops it, and waits until it has stopped; what was found stays."""
        if self._task is not None:
            while not self._task.done():
                # A cancellation may be passed over, in the very moment in which something else ends a wait.
                self._task.cancel()
                await asyncio.wait([self._task], timeout=CANCEL_AGAIN_S)

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(MAX_S):
                await self._look_around()
                self.phase = "asking"
                await self._ask_devices()
            self.state = "done"
        except asyncio.CancelledError:
            self.state = "cancelled"
            raise
        except TimeoutError:
            self.state = "failed"
            self.faults.append(f"It took longer than {MAX_S:g} s and was stopped.")
        except BaseException as error:
            self.state = "failed"
            self.faults.append(f"A fault of ours: {type(error).__name__}: {error}")
            raise
        finally:
            self.phase = "over"
            self.ended_at = self._reach.clock.now()

    # --- listening and asking around ----------------------------------------------------------------------

    async def _look_around(self) -> None:
        wanted = self.wanted
        ways = []
        if wanted.listen:
            ways.append(dns_sd.listen(wanted.listen_s, self._networks, self._take))
        if self.scanned.total:
            scan = Scan(wanted.snmp, self._networks, self.scanned, self._take)
            ways.append(scan.run(wanted.targets(), rate_per_s=wanted.rate_per_s))
        async with asyncio.TaskGroup() as group:
            for way in ways:
                group.create_task(self._told(way))

    async def _told(self, way: Coroutine[Any, Any, None]) -> None:
        """One way that does not work here must not stop the others."""
        try:
            await way
        except Retry as error:
            self.faults.append(str(error))

    def _take(self, sighting: Sighting) -> None:
        if len(self._seen) < MAX_SIGHTINGS and sighting not in self._seen:
            self._seen.append(sighting)

    # --- asking devices -----------------------------------------------------------------------------------

    async def _ask_devices(self) -> None:
        """Asks at each address that was seen, and for IPP where only SNMP was heard."""
        heard_ipp = {each.ip for each in self._seen if each.way == "dns-sd" and each.address}
        addresses = list(dict.fromkeys(each.address for each in self._seen if each.address))
        guesses = [
            Sighting(way="snmp", ip=each.ip, address=f"ipp://{each.ip}:{IPP_PORT}/ipp/print")
            for each in self._seen
            if each.way == "snmp" and each.ip not in heard_ipp
        ]
        self.to_ask = len(addresses) + len(guesses)
        slots = asyncio.Semaphore(ASK_AT_ONCE)

        async def ask(address: str, guess: Sighting | None = None) -> None:
            async with slots:
                answer = await self._asked(address)
            self.asked += 1
            if guess is None or answer.fault is None:
                self._answers.append(answer)
            if guess is not None and answer.fault is None:
                self._take(guess)

        async with asyncio.TaskGroup() as group:
            for address in addresses:
                group.create_task(ask(address))
            for guess in guesses:
                group.create_task(ask(guess.address or "", guess))

    async def _asked(self, address: str) -> Asked:
        by_snmp = address.startswith("snmp://")
        access = Access(snmp=self.wanted.snmp) if by_snmp else NO_ACCESS
        fault = f"no answer within {ASK_TIMEOUT_S:g} s"
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_TIMEOUT_S):
                try:
                    facts, _ = await self._reach.identify(address, access)
                except (Retry, Reject) as error:
                    fault = str(error)
                else:
                    return Asked(
                        address=address,
                        kind=facts.kind,
                        name=facts.name,
                        model=facts.make_and_model,
                        serial=serial_of(facts),
                        uuid=facts.uuid,
                    )
        # By SNMP it has answered before: what more it says may come later.
        return Asked(address=address, kind="snmp") if by_snmp else Asked(address=address, fault=fault)
