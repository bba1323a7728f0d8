"""The printers that this collector reads: those of its share that no other collector reads at this moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Final, Protocol

import structlog

from services.collector import metrics
from services.collector.assignment.share import EVERYTHING, NOTHING, Share
from services.collector.registry.printers import Printer
from services.collector.registry.twice import queues_of_devices
from shared.errors import Retry

HANDOVER_S: Final = 5.0
"""How long a printer of ours waits for the collector that had it to let go; killed ones never do."""
SILENT_S: Final = 180.0
"""The same while Kafka has not told any shares: then only a collector that tells nothing for so long is gone."""
LOOK_AGAIN_S: Final = 0.5
_log = structlog.get_logger()


class Takes(Protocol):
    """Takes printers over and lets go of them; see Handover."""

    async def take(self, printer_ids: list[str], *, waited: bool) -> set[str]:
        """Takes those that are free."""
        ...

    def release(self, printer_ids: set[str]) -> None:
        """Lets go of printers."""
        ...


class Registered(Protocol):
    """All printers there are; see Registry."""

    changed: asyncio.Event

    def printers(self) -> list[Printer]:
        """All printers, by name."""
        ...


class OwnedPrinters:
    """Keeps what is read here in line with the registry and with the share.

    `prints_on` gives the device URI of a queue: a queue is read where its device is. `remember` keeps a share for
    a start without Kafka; it may raise Retry.
    """

    def __init__(
        self,
        registry: Registered,
        handover: Takes,
        prints_on: Callable[[Printer], str | None],
        remember: Callable[[Share], Awaitable[None]],
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._handover = handover
        self._prints_on = prints_on
        self._remember = remember
        self._now_s = now_s
        self._share = NOTHING
        self._told_by_kafka = False
        self._to_remember: Share | None = None
        self._owned: set[str] = set()
        self._wanted_since_s: dict[str, float] = {}
        self._unasked: set[str] = set()
        self._letting_go: set[str] = set()
        self._views: list[OwnedView] = []
        self._shown: list[Printer] = []

    def view(self) -> OwnedView:
        """The printers for one reader, with an event of its own."""
        made = OwnedView(self)
        self._views.append(made)
        return made

    def begin(self, share: Share | None, *, alone: bool) -> None:
        """The share until Kafka tells one: the last one, else all if no other collector is at work."""
        self._share = share or (EVERYTHING if alone else NOTHING)
        self._registry.changed.set()

    def set_share(self, share: Share) -> None:
        """Kafka has told a share."""
        if not self._told_by_kafka or share != self._share:
            self._share, self._told_by_kafka, self._to_remember = share, True, share
            # Whoever had what is new here learns of it in this moment, too.
            self._wanted_since_s.clear()
            self._registry.changed.set()

    def owns(self, printer_id: str) -> bool:
        """Whether a printer is read here."""
        return printer_id in self._owned

    def holds(self, key: str) -> bool:
        """Whether a key that is no printer's falls into this collector's share."""
        return self._share.holds(key)

    def owned_ids(self) -> frozenset[str]:
        """The ids of all that are read here."""
        return frozenset(self._owned)

    def printers(self) -> list[Printer]:
        """Those that are read here, by name."""
        return [printer for printer in self._registry.printers() if printer.id in self._owned]

    def aligned(self, read: Collection[str]) -> None:
        """The poller looks at these, and no longer at any other."""
        gone = {each for each in self._letting_go if each not in read}
        self._letting_go -= gone
        if gone:
            self._handover.release(gone)

    async def run(self) -> None:
        """Keeps in line until cancelled."""
        while True:
            self._registry.changed.clear()
            waiting = await self.align()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S if waiting else None):
                    await self._registry.changed.wait()

    async def align(self) -> bool:
        """Drops what is not of the share any more, takes what is; True while something is still to be done."""
        wanted = self._wanted()
        gone = self._owned - wanted
        self._owned -= gone
        self._unasked &= wanted
        self._letting_go = (self._letting_go | gone) - wanted
        missing = wanted - self._owned
        now_s = self._now_s()
        self._wanted_since_s = {each: self._wanted_since_s.get(each, now_s) for each in missing}
        got = await self._take(missing, now_s)
        self._owned |= got
        if gone or got:
            _log.info("printers_owned", printers=len(self._owned), more=len(got), fewer=len(gone))
        self._show()
        return bool(missing - got or self._unasked or not await self._remembered())

    def _show(self) -> None:
        if (now := self.printers()) != self._shown:
            self._shown = now
            metrics.PRINTERS_OWNED.set(len(now))
            for view in self._views:
                view.changed.set()

    async def _remembered(self) -> bool:
        if share := self._to_remember:
            try:
                await self._remember(share)
            except Retry:
                return False
            self._to_remember = None
        return True

    def _wanted(self) -> set[str]:
        printers = self._registry.printers()
        devices = {queue.id: device.id for queue, device in queues_of_devices(printers, self._prints_on)}
        return {each.id for each in printers if each.enabled and self._share.holds(devices.get(each.id, each.id))}

    async def _take(self, missing: set[str], now_s: float) -> set[str]:
        """Takes what is free, and what was waited for long enough."""
        patience_s = HANDOVER_S if self._told_by_kafka else SILENT_S
        late = {each for each in missing if now_s - self._wanted_since_s[each] >= patience_s}
        got = set[str]()
        try:
            for some, waited in ((missing - late, False), (late | self._unasked, True)):
                if some:
                    got |= await self._handover.take(sorted(some), waited=waited)
        except Retry as error:
            # Printers forget their jobs after a minute: better read by two than by none while nobody can be asked.
            unasked = (late if self._told_by_kafka else missing) - got
            if unasked:
                _log.warning("printers_read_unasked", printers=len(unasked), error=str(error))
            self._unasked |= unasked
            return got | unasked
        self._unasked -= got
        return got & missing


class OwnedView:
    """A PrinterSet of what is read here; see polling.poller."""

    def __init__(self, owned: OwnedPrinters) -> None:
        self._owned = owned
        self.changed = asyncio.Event()

    def printers(self) -> list[Printer]:
        """Those that are read here."""
        return self._owned.printers()
