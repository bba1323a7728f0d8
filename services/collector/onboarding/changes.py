"""Adds printers, moves them, and puts another device in their place: the device is asked first, always."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from services.collector.access import Access
from services.collector.onboarding.reach import Reach
from services.collector.registry.printers import Printer, other_device, serial_of
from services.collector.registry.registry import Registry
from services.collector.sources.source import PrinterFacts
from shared.errors import Conflict

MAX_FORMER_SERIALS: Final = 100


class PrinterChanges:
    """Changes that need an answer of the device."""

    def __init__(self, registry: Registry, reach: Reach) -> None:
        self._registry = registry
        self._reach = reach

    async def new(
        self, address: str, access: Access, *, name: str | None, group: str | None
    ) -> tuple[Printer, PrinterFacts]:
        """A printer that is still to be added, and what the device says of itself.

        Raises:
            Unanswered, Reject: see identify.
            Conflict: its name or address is taken.
        """
        self._refuse_taken(name, address)
        facts, access = await self._reach.identify(address, access)
        if name is None:
            name = own_name(facts, address)
            self._refuse_taken(name, address)
        printer_id = await self._registry.id_for(serial=serial_of(facts), uuid=facts.uuid)
        now = self._reach.clock.now()
        printer = Printer(
            id=printer_id,
            name=name,
            address=address,
            kind=facts.kind,
            serial=serial_of(facts),
            uuid=facts.uuid,
            model=facts.make_and_model,
            group=group,
            added_at=now,
            changed_at=now,
        )
        return self._reach.with_access(printer, access), facts

    async def moved(self, printer: Printer, address: str) -> Printer:
        """The same device at another address.

        Raises:
            Conflict: another device answers there.
            Unanswered, Reject: see identify.
        """
        if address == printer.address:
            return printer
        access = self._reach.access(printer)
        facts, access = await self._reach.identify(address, access)
        if wrong := other_device(printer, facts):
            remedy = "add it as a printer of its own, or use `inkmeter printers replace` if it took its place"
            raise Conflict(f"{address}: {wrong}: {remedy}.", pointer="/address")
        changed = replace(
            printer,
            address=address,
            kind=facts.kind,
            serial=serial_of(facts) or printer.serial,
            uuid=facts.uuid or printer.uuid,
            model=facts.make_and_model or printer.model,
        )
        return self._reach.with_access(changed, access)

    async def replaced(self, printer: Printer, address: str, access: Access) -> Printer:
        """Another device at the printer's place, under the same id, name and group: its history stays.

        Raises:
            Conflict: it is the same device, or it is another printer's.
            Unanswered, Reject: see identify.
        """
        facts, access = await self._reach.identify(address, access)
        serial = serial_of(facts)
        if serial == printer.serial and (serial is not None or facts.uuid == printer.uuid):
            mark = f"serial number {serial}" if serial else f"UUID {facts.uuid or 'unknown'}"
            raise Conflict(
                f"The device at {address} is the same as before ({mark}); for a new address of it use "
                f"`inkmeter printers edit {printer.name} --address ...`.",
                pointer="/address",
            )
        gone = (printer.serial,) if printer.serial else ()
        former = [each for each in (*printer.former_serials, *gone) if each != serial]
        changed = replace(
            printer,
            address=address,
            kind=facts.kind,
            serial=serial,
            uuid=facts.uuid,
            model=facts.make_and_model,
            device_since=self._reach.clock.now(),
            former_serials=tuple(dict.fromkeys(former))[-MAX_FORMER_SERIALS:],
        )
        return self._reach.with_access(changed, access)

    def _refuse_taken(self, name: str | None, address: str) -> None:
        """Says so before the device is asked; the registry's own check has the last word."""
        for printer in self._registry.printers():
            if name is not None and printer.name.lower() == name.lower():
                raise Conflict(f"A printer named {printer.name} is registered already.", pointer="/name")
            if printer.address == address:
                raise Conflict(f"{address} is registered already, as {printer.name}.", pointer="/address")


def own_name(facts: PrinterFacts, address: str) -> str:
    """What a device calls itself, else its host."""
    return (facts.name or "")[:100].strip() or urlsplit(address).hostname or address
