"""What it takes to ask a device something: where it may be, what reads it, how to log in to it, and the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from msgspec.structs import replace

from services.collector.access import Access, SnmpAccess
from services.collector.addresses import AddressGuard
from services.collector.onboarding.certificates import shown_certificate
from services.collector.registry.printers import Printer
from services.collector.sources.outgoing import AccessRefused
from services.collector.sources.schemes import NO_SCHEME, SCHEMES
from services.collector.sources.source import PrinterFacts, PrinterSource
from services.collector.vault import NO_ACCESS, Vault
from shared.clock import Clock
from shared.errors import Reject, Retry, Unanswered
from shared.events.jobs import PrinterRef

SILENT_BY_SNMP = "Is SNMP switched on there, and the community or user right?"
"""An agent says nothing to who asks with another community."""
Open = Callable[[str, PrinterRef, Access], PrinterSource]
AskSnmp = Callable[[str, SnmpAccess], Awaitable[str]]
"""What the agent at an address that was checked says of itself; Retry and Reject say why it does not."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The way to devices; everything that asks one goes by it."""

    guard: AddressGuard
    open_source: Open
    vault: Vault
    clock: Clock
    ask_snmp: AskSnmp | None = None

    def access(self, printer: Printer) -> Access:
        """How to log in to a printer.

        Raises:
            Reject: it can't be decrypted.
        """
        return self.vault.open(printer.id, printer.sealed_access)

    def access_to_edit(self, printer: Printer) -> Access:
        """What an edit starts from: what can't be decrypted any more is given anew."""
        try:
            return self.access(printer)
        except Reject:
            return NO_ACCESS

    def with_access(self, printer: Printer, access: Access) -> Printer:
        """The printer with another access.

        Raises:
            Reject: no key is set.
        """
        return replace(printer, sealed_access=self.vault.seal(printer.id, access))

    async def pinned(self, address: str, access: Access) -> Access:
        """The access, held to the certificate that the device shows now if nobody vouches for that.

        Raises:
            Retry, Reject: it can't be reached by TLS, or may not be.
        """
        if not SCHEMES.get(address.partition("://")[0], NO_SCHEME).tls or access.certificate_sha256:
            return access
        shown = await shown_certificate(address, self.guard)
        return access if shown.trusted else replace(access, certificate_sha256=shown.sha256)

    async def identify(self, address: str, access: Access) -> tuple[PrinterFacts, Access]:
        """Asks the device at an address who it is; the access may be held to its certificate from now on.

        Raises:
            Unanswered: it can't be reached.
            Reject: it is no printer that can be read, or is outside the allowed networks.
        """
        try:
            await self.guard.check(address)
            access = await self.pinned(address, access)
            source = self.open_source(address, PrinterRef(), access)
            try:
                return await source.probe(), access
            finally:
                await source.close()
        except Retry as error:
            if isinstance(error.__cause__, aiohttp.ClientResponseError):
                raise _no_printer(address, "what it answers is not HTTP") from error
            hint = f" {SILENT_BY_SNMP}" if address.startswith("snmp://") and "by SNMP" in str(error) else ""
            raise Unanswered(f"{error}.{hint}", pointer="/address") from error
        except AccessRefused as error:
            raise Reject(f"{error.reason}: say how to log in to it.", pointer="/access") from error
        except Reject as error:
            if error.pointer:
                raise
            raise _no_printer(address, error.reason) from error


def _no_printer(address: str, reason: str) -> Reject:
    told = f"it{reason.removeprefix(address)}" if reason.startswith(f"{address} ") else reason
    kind = "an IPP printer" if address.startswith("ipp") else "a printer"
    return Reject(f"{address} answers, but not as {kind} that can be read: {told}.", pointer="/address")
