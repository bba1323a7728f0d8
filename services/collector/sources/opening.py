"""Opens the source that can read an address: the one place that knows them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp.abc import AbstractResolver

from services.collector.access import Access
from services.collector.sources.ews.accounts import accounts_at
from services.collector.sources.ews.source import EwsSource
from services.collector.sources.ipp.client import Address, IppClient
from services.collector.sources.ipp.source import IppSource
from services.collector.sources.piws.source import PiwsSource
from services.collector.sources.snmp.source import SnmpSource
from services.collector.sources.source import PrinterSource
from shared.errors import Reject
from shared.events.jobs import PrinterRef

EWS_SCHEMES: Final = frozenset({"ews", "ews+http"})
Opener = Callable[[str, PrinterRef, Access, AbstractResolver], PrinterSource]


def open_source(
    address: str,
    ref: PrinterRef,
    access: Access,
    resolver: AbstractResolver,
    mappings: Path | None = None,
) -> PrinterSource:
    """A source for an address, chosen by its scheme.

    Args:
        address: as it is stored; see sources.schemes.
        ref: put into each job record as it is.
        access: how to log in to the device.
        resolver: looks host names up, and refuses those that lead where no printer may be.
        mappings: folder of the mapping files that addresses may name.

    Raises:
        Reject: nothing here reads such addresses.
    """
    scheme = address.partition("://")[0]
    if scheme in EWS_SCHEMES:
        return EwsSource.at(address, ref, access, resolver=resolver, accounts=accounts_at(address, ref, mappings))
    opener = _OPENERS.get(scheme)
    if opener is None:
        raise Reject(f"{address}: printers can't be read by {scheme}:// here", pointer="/address")
    return opener(address, ref, access, resolver)


def _ipp(address: str, ref: PrinterRef, access: Access, resolver: AbstractResolver) -> PrinterSource:
    return IppSource(ipp_client(address, access, resolver), ref)


def ipp_client(address: str, access: Access, resolver: AbstractResolver) -> IppClient:
    """A client that logs in to a device as the operator says.

    Raises:
        Reject: that is no printer's address.
    """
    login = (access.username, access.password) if access.username else None
    return IppClient(
        Address.parse(address), tls_fingerprint=fingerprint_of(access), resolver=resolver, login=login
    )


def _piws(address: str, ref: PrinterRef, access: Access, resolver: AbstractResolver) -> PrinterSource:
    return PiwsSource.at(address, ref, access, resolver=resolver)


def fingerprint_of(access: Access) -> bytes | None:
    """The SHA-256 of the certificate that a device is held to; None where it is verified as usual."""
    return bytes.fromhex(access.certificate_sha256) or None


def _snmp(address: str, ref: PrinterRef, access: Access, resolver: AbstractResolver) -> PrinterSource:
    return SnmpSource.at(address, access.snmp, resolver, ref)


_OPENERS: Final[dict[str, Opener]] = {
    "snmp": _snmp,
    "ipp": _ipp,
    "ipps": _ipp,
    "http": _ipp,
    "https": _ipp,
    "piws": _piws,
    "piws+http": _piws,
}
