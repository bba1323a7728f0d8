"""Wires the reading of devices by SNMP: sessions, watchers, traps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

from services.collector import metrics
from services.collector.access import Access, SnmpAccess
from services.collector.addresses import AddressGuard, GuardedResolver
from services.collector.devices import mib
from services.collector.devices.reader import DeviceReader
from services.collector.journal import Journal
from services.collector.registry.printers import Printer
from services.collector.settings import CollectorSettings
from services.collector.snmp.gather import get
from services.collector.snmp.opening import Snmp
from services.collector.snmp.session import Session
from services.collector.snmp.text import text_of
from services.collector.snmp.traps import TrapListener
from services.collector.sources.snmp.resolved import ResolvedSession
from services.collector.watching.board import DeviceBoard
from services.collector.watching.observing import Observer
from services.collector.watching.poller import DevicePoller, DeviceRhythm, Printers
from services.collector.watching.reaching import snmp_access
from services.collector.watching.store import DeviceStore
from services.collector.watching.watcher import Watcher
from shared.clock import Clock
from shared.postgres import Pool


class Senders:
    """Which printers an IP address stands for: those whose host was last found there."""

    def __init__(self, wake: Callable[[str], object]) -> None:
        self._wake = wake
        self._printers: dict[str, set[str]] = {}

    def found(self, printer_id: str, ip: str) -> None:
        """A printer's host is at an address, and no longer where it was before."""
        for ids in self._printers.values():
            ids.discard(printer_id)
        self._printers.setdefault(ip, set()).add(printer_id)

    def heard(self, ip: str) -> bool:
        """Somebody sent a trap; whether it was a printer that is read here."""
        ids = self._printers.get(ip, set())
        for printer_id in ids:
            self._wake(printer_id)
        metrics.TRAPS.labels("printer" if ids else "stranger").inc()
        return bool(ids)


class Devices:
    """The reading of devices, ready to run."""

    def __init__(
        self,
        settings: CollectorSettings,
        printers: Printers,
        access: Callable[[Printer], Access],
        guard: AddressGuard,
        journal: Journal,
        *,
        pool: Pool,
        clock: Clock,
    ) -> None:
        self.snmp = Snmp()
        self.observers: list[Observer] = []
        """Called with each reading; whoever wants to know of them is put in here before `run`."""
        self._settings = settings
        self._access = access
        self._guard = guard
        self._resolver = GuardedResolver(guard)
        self._journal = journal
        self.board = DeviceBoard(DeviceStore(pool, collector_id=settings.collector_id))
        self._clock = clock
        rhythm = DeviceRhythm(settings.device_interval_s, settings.device_timeout_s, settings.device_concurrency)
        self.poller = DevicePoller(printers, self._watcher, rhythm, clock=clock)
        self.wakes: list[Callable[[str], object]] = [self.poller.nudge]
        """Called with a printer's id when a trap came from it."""
        self._senders = Senders(self._wake)

    def tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What is to be run, by name."""
        return {"devices": self._run, "device board": self.board.run}

    async def _run(self) -> None:
        """Reads devices, and hears traps if there is a port for them, until cancelled."""
        traps = TrapListener(self._senders.heard)
        try:
            if self._settings.trap_port:
                await traps.listen(self._settings.trap_host, self._settings.trap_port)
            await self.poller.run()
        finally:
            await traps.close()
            await self.snmp.close()

    async def about(self, ip: str, access: SnmpAccess) -> str:
        """What the agent at an address that was checked says of itself.

        Raises:
            Retry, Reject: why it says nothing.
        """
        session = self.snmp.session(ip, access)
        try:
            async with asyncio.timeout(self._settings.device_timeout_s):
                return text_of((await get(session, [mib.SYS_DESCR])).get(mib.SYS_DESCR)) or ""
        finally:
            await session.close()

    def _wake(self, printer_id: str) -> None:
        for wake in self.wakes:
            wake(printer_id)

    def _watcher(self, printer: Printer) -> Watcher | None:
        access = snmp_access(printer, self._access(printer))
        if access is None:
            return None
        host = urlsplit(printer.address).hostname or ""
        self._guard.check_port(access.port, host)
        found_at = partial(self._senders.found, printer.id)

        def open_session(login: SnmpAccess) -> Session:
            return ResolvedSession(self.snmp, host, login, self._resolver, found_at)

        return Watcher(
            printer,
            DeviceReader(open_session, access, clock=self._clock),
            self._journal,
            self.board,
            self._observing,
            collector_id=self._settings.collector_id,
            clock=self._clock,
        )

    def _observing(self) -> Sequence[Observer]:
        return self.observers
