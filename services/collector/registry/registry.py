"""The registry of printers: PostgreSQL holds it, memory serves it, and every change is told by an event.

Reading goes on from memory while PostgreSQL is away; a collector that is started meanwhile reads the printers that
its journal remembers, as they forget their jobs after a minute. A change is committed first and told after; what
could not be told yet is marked in its row and told later, so that no change stays a secret.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from shlex import quote
from typing import Final, Protocol

import msgspec
import structlog
from msgspec.structs import replace

from services.collector.journal import Journal
from services.collector.registry.printers import Printer, printer_entry
from shared.clock import Clock
from shared.errors import Conflict, NotFound, Retry
from shared.http.idempotency import Creation
from shared.ids import uuid7

REFRESH_S: Final = 5.0
"""How soon changes made elsewhere are seen at the latest, and how soon a lost PostgreSQL is noticed."""
REFRESH_AT_LEAST_S: Final = 1.0
"""The pause before what was told elsewhere is read: many changes in a row are read at once."""
MAX_PRINTERS: Final = 10_000
REMEMBERED: Final = "registry"
"""The cursor of the journal that holds the printers as they were last known."""

_log = structlog.get_logger()
_printers = msgspec.json.Decoder(list[Printer])


class Rows(Protocol):
    """Where the registry is kept; see RegistryStore for what each method does and raises."""

    async def every(self) -> list[Printer]:
        """All printers that were not removed."""
        ...

    async def unannounced(self) -> list[Printer]:
        """Printers whose newest state was not told yet."""
        ...

    async def mark_announced(self, printer: Printer) -> None:
        """Notes that a printer's state was told."""
        ...

    async def id_before(self, *, serial: str | None, uuid: str | None) -> str | None:
        """The id of a device that was registered and removed."""
        ...

    async def add(self, printer: Printer, *, creation: Creation | None) -> Printer:
        """Adds a printer, or one that was removed again."""
        ...

    async def by_creation(self, creation: Creation) -> Printer | None:
        """The printer that an equal request has added; Invalid where another request has used its key."""
        ...

    async def change(self, printer: Printer) -> Printer:
        """Stores a new state, if its version is still the stored one."""
        ...


class Registry:
    """All that the collector knows of its printers."""

    def __init__(self, rows: Rows, journal: Journal, *, collector_id: str, clock: Clock) -> None:
        self._rows = rows
        self._journal = journal
        self._collector_id = collector_id
        self._clock = clock
        self._by_id: dict[str, Printer] = {}
        self._by_serial: dict[str, Printer] = {}
        self._telling = asyncio.Lock()
        self._refreshing = asyncio.Lock()
        self._remembered = ""
        self._told = asyncio.Event()
        self.changed = asyncio.Event()
        """Set after each change of what is known; the poller clears it."""
        self.fault: str | None = None
        """Why PostgreSQL was not read the last time; None when it was."""

    # --- reading, from memory ----------------------------------------------------------------------------

    def printers(self) -> list[Printer]:
        """All printers, by name."""
        return sorted(self._by_id.values(), key=lambda printer: (printer.name.lower(), printer.id))

    def get(self, printer_id: str) -> Printer:
        """One printer.

        Raises:
            NotFound: none has this id.
        """
        try:
            return self._by_id[printer_id]
        except KeyError:
            raise NotFound(f"There is no printer {printer_id}.") from None

    def find(self, *, printer_id: str | None = None, serial: str | None = None) -> Printer | None:
        """The printer with this id, else the one whose device has this serial number, or had it."""
        found = self._by_id.get(printer_id) if printer_id else None
        return found or (self._by_serial.get(serial) if serial and not printer_id else None)

    def named(self, name: str) -> Printer | None:
        """The printer with this name in any case, else the one with this id or serial number."""
        wanted = name.strip().lower()
        by_name = next((each for each in self._by_id.values() if each.name.lower() == wanted), None)
        return by_name or self._by_id.get(name.strip()) or self._by_serial.get(name.strip())

    def same_device(self, *, serial: str | None, uuid: str | None, but: str = "") -> Printer | None:
        """The printer that is this device; `but` leaves one out."""
        for printer in self._by_id.values():
            if printer.id == but:
                continue
            if serial and printer.serial:
                if serial == printer.serial:
                    return printer
            elif uuid and printer.uuid == uuid:
                return printer
        return None

    # --- changing ----------------------------------------------------------------------------------------

    async def id_for(self, *, serial: str | None, uuid: str | None) -> str:
        """The id for a device that is to be added: its old one, if it was registered and removed."""
        return await self._rows.id_before(serial=serial, uuid=uuid) or str(uuid7())

    async def add(self, printer: Printer, *, creation: Creation | None = None) -> Printer:
        """Adds a printer.

        Raises:
            Conflict: its name, its address or the device is registered already.
            Retry: PostgreSQL is away.
        """
        self._refuse_same(printer)
        if len(self._by_id) >= MAX_PRINTERS:
            raise Conflict(f"More than {MAX_PRINTERS} printers need a second collector.")
        added = await self._rows.add(printer, creation=creation)
        _log.info("printer_added", printer=added.name, printer_id=added.id, address=added.address)
        await self._note(added)
        return added

    async def added_before(self, creation: Creation) -> Printer | None:
        """The printer that an equal request has added.

        Raises:
            Invalid: another request has used its key.
        """
        return await self._rows.by_creation(creation)

    async def change(self, printer: Printer) -> Printer:
        """Stores a new state; `printer.version` is the one it was made from.

        Raises:
            PreconditionFailed: somebody else was faster.
            Conflict: the new name, address or device is another printer's.
            Retry: PostgreSQL is away.
        """
        if printer.removed_at is None:
            self._refuse_same(printer)
        changed = await self._rows.change(replace(printer, changed_at=self._clock.now()))
        _log.info("printer_changed", printer=changed.name, printer_id=changed.id, enabled=changed.enabled)
        await self._note(changed)
        return changed

    async def remove(self, printer: Printer) -> None:
        """Takes a printer out; what it printed stays, how to log in to it does not.

        Raises:
            PreconditionFailed: somebody else was faster.
            Retry: PostgreSQL is away.
        """
        await self.change(replace(printer, removed_at=self._clock.now(), sealed_access=None))

    def _refuse_same(self, printer: Printer) -> None:
        if same := self.same_device(serial=printer.serial, uuid=printer.uuid, but=printer.id):
            mark = f"serial number {same.serial}" if same.serial else f"UUID {same.uuid}"
            raise Conflict(
                f"This device ({mark}) is registered already, as {same.name} at {same.address}: "
                f"to give it another address, use `inkmeter printers edit {quote(same.name)} --address ...`.",
                pointer="/address",
            )

    # --- without PostgreSQL ------------------------------------------------------------------------------

    async def recall(self) -> bool:
        """Takes the printers that the journal remembers; False when it remembers none, as at a first start.

        Raises:
            Retry: the journal can't be read.
        """
        try:
            printers = _printers.decode(await self._journal.cursor(REMEMBERED))
        except msgspec.DecodeError:
            return False
        self._replace({printer.id: printer for printer in printers})
        self.fault = "PostgreSQL was away at the start; the printers of the last run are read."
        return True

    async def _remember(self) -> None:
        """Stores what is known now, if it differs from what is stored."""
        text = msgspec.json.encode(self.printers()).decode()
        if text != self._remembered:
            await self._journal.append([], cursor=(REMEMBERED, text))
            self._remembered = text

    # --- keeping up --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Reads the registry again and again, and tells what is still to be told, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_AT_LEAST_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_S - REFRESH_AT_LEAST_S):
                    await self._told.wait()
            self._told.clear()
            try:
                await self.refresh()
            except Retry as error:
                if self.fault is None:
                    _log.warning("registry_unreachable", error=str(error))
                self.fault = f"The registry can't be read, polling goes on from memory: {error}"

    def look_now(self) -> None:
        """Another collector has told of a change: it is read soon."""
        self._told.set()

    async def refresh(self) -> None:
        """Reads all printers, and tells of changes that were not told yet.

        Raises:
            Retry: PostgreSQL or the journal is away.
        """
        async with self._refreshing:
            known = {printer.id: printer for printer in await self._rows.every()}
            # A change that was made while the rows were read is newer than what they say.
            for printer_id, printer in self._by_id.items():
                if printer_id in known and known[printer_id].version < printer.version:
                    known[printer_id] = printer
            self._replace(known)
        if self.fault is not None:
            _log.info("registry_reachable")
            self.fault = None
        await self._remember()
        await self._tell()

    async def _note(self, printer: Printer) -> None:
        async with self._refreshing:
            known = dict(self._by_id)
            if printer.removed_at is None:
                known[printer.id] = printer
            else:
                known.pop(printer.id, None)
            self._replace(known)
        try:
            await self._remember()
            await self._tell()
        except Retry as error:
            _log.warning("printer_change_told_later", printer=printer.name, error=str(error))

    def _replace(self, known: dict[str, Printer]) -> None:
        if known != self._by_id:
            self._by_id = known
            former = {serial: printer for printer in known.values() for serial in printer.former_serials}
            present = {printer.serial: printer for printer in known.values() if printer.serial}
            self._by_serial = former | present
            self.changed.set()

    async def _tell(self) -> None:
        async with self._telling:
            for printer in await self._rows.unannounced():
                await self._journal.append([printer_entry(printer, collector_id=self._collector_id)])
                await self._rows.mark_announced(printer)
