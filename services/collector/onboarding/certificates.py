"""Which certificate a device shows, and whether the system vouches for it: most devices sign their own."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from services.collector.addresses import AddressGuard
from services.collector.sources.outgoing import tls_of_any_device
from shared.errors import Retry

TIMEOUT_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a device shows.

    Attributes:
        sha256: of the whole certificate, 64 hexadecimal digits.
        trusted: whether the system vouches for it and it names the host.
        reason: why not, in the words of the library.
        expires_at: None when it can't be read.
    """

    sha256: str
    trusted: bool
    reason: str = ""
    expires_at: datetime | None = None


async def shown_certificate(address: str, guard: AddressGuard) -> Certificate:
    """Asks a device for its certificate, without saying anything else to it.

    Raises:
        Retry: it can't be reached by TLS.
        Reject: no printer may be there.
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 443
    guard.check_port(port, address)
    ip = str((await guard.allowed(host))[0])
    try:
        found = await _shake_hands(ip, port, host, ssl.create_default_context())
        return _certificate(found, trusted=True)
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message
    except ssl.SSLError as error:
        reason = str(error.reason or error)  # too old for the system, perhaps
    except (OSError, TimeoutError) as error:
        raise _unreached(address, error) from error
    try:
        return _certificate(await _shake_hands(ip, port, host, tls_of_any_device()), trusted=False, reason=reason)
    except (OSError, TimeoutError) as error:
        raise _unreached(address, error) from error


async def _shake_hands(ip: str, port: int, host: str, context: ssl.SSLContext) -> bytes:
    async with asyncio.timeout(TIMEOUT_S):
        _, writer = await asyncio.open_connection(ip, port, ssl=context, server_hostname=host)
    try:
        shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return shown or b""
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


def _certificate(octets: bytes, *, trusted: bool, reason: str = "") -> Certificate:
    expires_at: datetime | None = None
    with suppress(ValueError):
        expires_at = x509.load_der_x509_certificate(octets).not_valid_after_utc
    return Certificate(hashlib.sha256(octets).hexdigest(), trusted, reason, expires_at)


def _unreached(address: str, error: OSError) -> Retry:
    if isinstance(error, ssl.SSLError):
        return Retry(f"{address} can't be reached by TLS, does it speak it there? ({error.reason or error})")
    if isinstance(error, TimeoutError):
        return Retry(f"{address} can't be reached: no answer within {TIMEOUT_S:g} s")
    return Retry(f"{address} can't be reached: {error.strerror or error}")
