"""Speaks IPP over HTTP: bounded in time and size, and every failure is either Retry or Reject."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from services.collector.sources.ipp.decode import decode
from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.message import Message
from services.collector.sources.ipp.tags import CLIENT_ERRORS, SERVER_ERRORS, GroupTag, Status
from services.collector.sources.ipp.view import View
from services.collector.sources.outgoing import (
    TIMEOUT_S,
    AccessRefused,
    device_session,
    read_answer,
    telling,
    tls_of,
)
from shared.errors import NotFound, Reject, Retry

CONTENT_TYPE: Final = "application/ipp"
IPP_PORT: Final = 631
LONG_ANSWER_BYTES: Final = 64 * 1024
_HTTP_SCHEMES: Final = {"ipp": "http", "ipps": "https", "http": "http", "https": "https"}
_NAMES: Final = {int(status): status.name.lower().replace("_", " ") for status in Status}
_PORTS: Final = {"ipp": IPP_PORT, "ipps": IPP_PORT, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A printer's address: the URI that IPP speaks of and the URL that HTTP posts to."""

    uri: str
    url: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads ipp://, ipps://, http:// or https:// (a bare host name means ipp:// and /ipp/print).

        Raises:
            Reject: not such an address.
        """
        whole = text if "://" in text else f"ipp://{text}"
        try:
            parts = urlsplit(whole)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise Reject(f"{text!r} is not a printer's address: {error}") from error
        if parts.scheme not in _HTTP_SCHEMES or not parts.hostname:
            raise Reject(f"{text!r} is not a printer's address: ipp://HOST[:PORT]/PATH or ipps:// is one")
        if parts.username or parts.password:
            raise Reject("a printer's address must not hold a user name or password")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        path = parts.path if parts.path not in ("", "/") or "://" in text else "/ipp/print"
        secure = parts.scheme in ("ipps", "https")
        uri = f"{'ipps' if secure else 'ipp'}://{host}:{port}{path or '/'}"
        return cls(uri, f"{_HTTP_SCHEMES[parts.scheme]}://{host}:{port}{path or '/'}")


class IppClient:
    """Sends messages to one address.

    `tls_fingerprint` is the SHA-256 of the one certificate to accept, for printers that sign their own;
    without it certificates are verified as usual. `resolver` looks names up; it may refuse where they lead to.
    `login` is a user name and a password, which are sent with every request.
    """

    def __init__(
        self,
        address: Address,
        *,
        tls_fingerprint: bytes | None = None,
        timeout_s: float = TIMEOUT_S,
        resolver: AbstractResolver | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._pinned = tls_fingerprint
        self._resolver = resolver
        self._login = login
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Message) -> Message:
        """Sends one message and gives the answer, whose status is one of success.

        Raises:
            Retry: unreachable, too slow, HTTP 5xx, or an IPP server error that may pass.
            NotFound: there is no such queue or job.
            Reject: it does not speak IPP here, or refuses.
        """
        return await self.read(await self.ask(encode(message)), message.request_id)

    async def ask(self, octets: bytes) -> bytes:
        """Sends an encoded message and gives the answer as it came.

        Raises:
            Retry, Reject: see send.
        """
        return await self._post(octets)

    async def read(self, octets: bytes, request_id: int) -> Message:
        """An answer, whose status is one of success.

        Raises:
            Retry, NotFound, Reject: see send.
        """
        # A long answer takes a second to read: the other printers must not wait for that.
        answer = await asyncio.to_thread(decode, octets) if len(octets) > LONG_ANSWER_BYTES else decode(octets)
        if answer.request_id != request_id:
            raise Reject(f"{self.address.uri} answered another request than the one that was sent")
        self._check(answer)
        return answer

    def beside(self, uri: str) -> IppClient:
        """A client to another address through the same gate; it gets no password of this one.

        Raises:
            Reject: that is no printer's address.
        """
        return IppClient(Address.parse(uri), timeout_s=self._timeout_s / 2, resolver=self._resolver)

    async def close(self) -> None:
        """Closes the connection; safe to call twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"Content-Type": CONTENT_TYPE, "Accept": CONTENT_TYPE}
            if self._login:
                headers["Authorization"] = aiohttp.encode_basic_auth(*self._login)
            self._session = device_session(
                self._resolver, timeout_s=self._timeout_s, headers=headers, pinned=self._pinned
            )
        return self._session

    async def _post(self, body: bytes) -> bytes:
        where = self.address.uri
        with telling(where, self._timeout_s):
            async with self._open().post(
                self.address.url, data=body, allow_redirects=False, ssl=tls_of(self._pinned)
            ) as answer:
                self._check_http(answer)
                return await read_answer(answer, where)

    def _check_http(self, answer: aiohttp.ClientResponse) -> None:
        where, status = self.address.uri, answer.status
        if status >= 500:  # noqa: PLR2004 - HTTP's own classes
            raise Retry(f"{where} answers HTTP {status} {answer.reason}")
        if status in (401, 403):
            refusal = "refuses the password" if self._login else "asks for a password"
            raise AccessRefused(f"{where} {refusal} (HTTP {status})")
        if status == 426:  # noqa: PLR2004 - Upgrade Required
            raise Reject(f"{where} wants TLS: use ipps:// instead of ipp://")
        if status != 200:  # noqa: PLR2004 - the only success of a POST in RFC 8010, section 3.4.3
            raise Reject(f"{where} is not a printer's IPP address (HTTP {status} {answer.reason})")
        if answer.content_type != CONTENT_TYPE:
            raise Reject(f"{where} does not speak IPP: it answers {answer.content_type}")

    def _check(self, answer: Message) -> None:
        code = answer.code
        if code not in CLIENT_ERRORS and code not in SERVER_ERRORS:
            return
        said = View(answer.first(GroupTag.OPERATION)).text("status-message")
        reason = f"{self.address.uri} answers IPP status 0x{code:04x} ({said or _NAMES.get(code, 'error')})"
        if code == Status.NOT_FOUND:
            raise NotFound(reason)
        lasting = code in (Status.OPERATION_NOT_SUPPORTED, Status.VERSION_NOT_SUPPORTED)
        raise Retry(reason) if code in SERVER_ERRORS and not lasting else Reject(reason)
