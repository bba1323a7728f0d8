"""Every connection to a device starts here: checked, bounded in time and size, never led elsewhere.

Whoever names a printer's address makes the collector connect to it. Thus a session looks host names up through a
resolver that refuses what is outside the allowed networks, opens its sockets through the same gate (so that the
address that was checked is the one that is connected to, also where it was written as digits), takes no proxy from
the environment, and sends no cookie. Redirects are for the caller not to follow: `allow_redirects=False`.
"""

from __future__ import annotations

import os
import socket
import ssl
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver

from shared.errors import Reject, Retry

TIMEOUT_S: Final = 10.0
CONNECT_TIMEOUT_S: Final = 4.0
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
_CHUNK_BYTES: Final = 65_536


class AccessRefused(Reject):
    """The device wants another user name and password, or any at all."""


class Gate(AbstractResolver):
    """Looks host names up and opens sockets, only to where printers may be."""

    @abstractmethod
    def socket_to(self, where: aiohttp.AddrInfoType) -> socket.socket:
        """A socket for a connection to an address.

        Raises:
            Reject: no printer may be there.
        """


def device_session(
    resolver: AbstractResolver | None,
    *,
    timeout_s: float = TIMEOUT_S,
    headers: Mapping[str, str] | None = None,
    connections: int = 1,
    pinned: bytes | None = None,
) -> aiohttp.ClientSession:
    """A session with one device; its answers are to be read by read_answer, its requests made within `telling`.

    `pinned` is the SHA-256 of the one certificate to accept; requests are then made with `ssl=tls_of(pinned)`.

    Connections are closed after each answer: printers have few, and drop idle ones without a word.
    """
    gate = resolver.socket_to if isinstance(resolver, Gate) else None
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections,
            force_close=True,
            resolver=resolver,
            socket_factory=gate,
            ssl=aiohttp.Fingerprint(pinned) if pinned else True,
        ),
        timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"} | dict(headers or {}),
        # A small answer must not grow a thousandfold in memory: compressed ones are refused.
        auto_decompress=False,
        trust_env=False,
    )


def tls_of(pinned: bytes | None) -> ssl.SSLContext | bool:
    """What `ssl=` of a request is to be.

    A device that is held to one certificate is recognised by that alone; and as devices which sign their own often
    speak nothing newer, old versions of TLS and short keys are taken from them.
    """
    return tls_of_any_device() if pinned else True


@cache
def tls_of_any_device() -> ssl.SSLContext:
    """Takes any certificate: whoever uses it looks at which one it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


async def read_answer(answer: aiohttp.ClientResponse, where: str, max_bytes: int = MAX_ANSWER_BYTES) -> bytes:
    """The body of an answer.

    Raises:
        Reject: it is compressed, or larger than allowed.
    """
    if (coding := answer.headers.get("Content-Encoding", "identity").lower()) != "identity":
        raise Reject(f"{where} compresses its answer ({coding[:40]}), though it was not asked to")
    octets = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        octets += chunk
        if len(octets) > max_bytes:
            raise Reject(f"{where} answers more than {max_bytes} octets")
    return bytes(octets)


@contextmanager
def telling(where: str, timeout_s: float = TIMEOUT_S) -> Iterator[None]:
    """Puts whatever goes wrong with a request into one sentence that starts with the device's address.

    Raises:
        Retry: it can't be reached or is too slow.
        Reject: its certificate is not the pinned one, or is not trusted.
    """
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise Retry(f"{where} can't be reached: no connection within {CONNECT_TIMEOUT_S:g} s") from error
    except TimeoutError as error:
        raise Retry(f"{where} does not answer within {timeout_s:g} s") from error
    except aiohttp.ServerFingerprintMismatch as error:
        raise Reject(f"{where} shows another TLS certificate than the pinned one: {error.got.hex()}") from error
    except aiohttp.ClientConnectorCertificateError as error:
        wrong = getattr(error.certificate_error, "verify_message", None) or error.certificate_error
        raise Reject(f"{where} shows a TLS certificate that is not trusted: {wrong}") from error
    except aiohttp.ClientSSLError as error:
        raise Retry(f"{where} can't be reached by TLS, does it speak it there? ({error.os_error})") from error
    except aiohttp.ClientConnectorError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.os_error)
        raise Retry(f"{where} can't be reached: {reason}") from error
    except (aiohttp.ClientError, ssl.SSLError, OSError, ValueError) as error:
        raise Retry(f"{where} can't be reached: {error or type(error).__name__}") from error
