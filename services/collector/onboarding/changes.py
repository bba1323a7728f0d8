"""Adds printers, moves them to another address and puts another device in their place: the device is asked first."""

from __future__ import annotations

from msgspec.structs import replace

from services.collector.access import Access
from services.collector.addresses import AddressGuard
from services.collector.onboarding.checks import Open, identify
from services.collector.registry.printers import Printer, other_device, serial_of
from services.collector.registry.registry import Registry
from services.collector.sources.source import PrinterFacts
from services.collector.vault import NO_ACCESS, Vault
from shared.clock import Clock
from shared.errors import Conflict, Reject

MAX_FORMER_SERIALS = 100


class PrinterChanges:
    """Changes that need an answer of the device."""

    def __init__(
        self, registry: Registry, guard: AddressGuard, open_source: Open, vault: Vault, *, clock: Clock
    ) -> None:
        self._registry = registry
        self._guard = guard
        self._open_source = open_source
        self._vault = vault
        self._clock = clock

    def access(self, printer: Printer) -> Access:
        """What an edit of a printer's access starts from; what can't be decrypted any more is given anew."""
        try:
            return self._vault.open(printer.id, printer.sealed_access)
        except Reject:
            return NO_ACCESS

    def with_access(self, printer: Printer, access: Access) -> Printer:
        """The printer with another access.

        Raises:
            Reject: no key is set.
        """
        return replace(printer, sealed_access=self._vault.seal(printer.id, access))

    async def new(
        self, address: str, access: Access, *, name: str | None, group: str | None
    ) -> tuple[Printer, PrinterFacts]:
        """A printer that is still to be added, and what the device says of itself.

        Raises:
            Unanswered, Reject: see identify.
            Conflict: its name or address is taken.
        """
        self._refuse_taken(name, address)
        facts = await identify(address, access, self._guard, self._open_source)
        if name is None:
            name = own_name(facts, address)
            self._refuse_taken(name, address)
        printer_id = await self._registry.id_for(serial=serial_of(facts), uuid=facts.uuid)
        now = self._clock.now()
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
        return self.with_access(printer, access), facts

    async def moved(self, printer: Printer, address: str) -> Printer:
        """The same device at another address.

        Raises:
            Conflict: another device answers there.
            Unanswered, Reject: see identify.
        """
        if address == printer.address:
            return printer
        access = self._vault.open(printer.id, printer.sealed_access)
        facts = await identify(address, access, self._guard, self._open_source)
        if wrong := other_device(printer, facts):
            remedy = "add it as a printer of its own, or put it in this one's place with `inkmeter printers replace`"
            raise Conflict(f"{address}: {wrong}: {remedy}.", pointer="/address")
        return replace(
            printer,
            address=address,
            kind=facts.kind,
            serial=serial_of(facts) or printer.serial,
            uuid=facts.uuid or printer.uuid,
            model=facts.make_and_model or printer.model,
        )

    async def replaced(self, printer: Printer, address: str, access: Access) -> Printer:
        """Another device at the printer's place: it keeps id, name, group and history, its jobs are the new device's.

        Raises:
            Conflict: it is the same device, or it is another printer's.
            Unanswered, Reject: see identify.
        """
        facts = await identify(address, access, self._guard, self._open_source)
        serial = serial_of(facts)
        if serial == printer.serial and (serial is not None or facts.uuid == printer.uuid):
            mark = f"serial number {serial}" if serial else f"UUID {facts.uuid}" if facts.uuid else "no serial number"
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
            device_since=self._clock.now(),
            former_serials=tuple(dict.fromkeys(former))[-MAX_FORMER_SERIALS:],
        )
        return self.with_access(changed, access)

    def _refuse_taken(self, name: str | None, address: str) -> None:
        """Says so before the device is asked; the registry's own check has the last word."""
        for printer in self._registry.printers():
            if name is not None and printer.name.lower() == name.lower():
                raise Conflict(f"A printer named {printer.name} is registered already.", pointer="/name")
            if printer.address == address:
                raise Conflict(f"{address} is registered already, as {printer.name}.", pointer="/address")
