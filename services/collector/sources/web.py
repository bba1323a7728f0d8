"""Asks a device's own web server for pages: every failure is Retry or Reject, in words that name the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from services.collector.access import Access
from services.collector.sources.outgoing import AccessRefused, device_session, read_answer, telling, tls_of
from services.collector.sources.schemes import SCHEMES
from shared.errors import NotFound, Reject, Retry

TIMEOUT_S: Final = 15.0
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
MAX_PATH: Final = 500


@dataclass(frozen=True, slots=True)
class Page:
    """What a web server answered: HTTP status, media type, octets."""

    status: int
    content_type: str
    body: bytes


def web_url(address: str) -> str:
    """The URL of the web server at an address such as piws://plotter.example:443.

    Raises:
        Reject: that is no such address.
    """
    parts = urlsplit(address)
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None or scheme.udp or not parts.hostname:
        raise Reject(f"{address} is not the address of a device's web server")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{'https' if scheme.tls else 'http'}://{host}:{parts.port or scheme.port}"


class WebClient:
    """Asks one device; a certificate that the device signed itself is held to the one in `access`."""

    def __init__(
        self,
        address: str,
        access: Access | None = None,
        *,
        resolver: AbstractResolver | None = None,
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self.address = address.partition("?")[0]
        self._url = web_url(address)
        self._access = access or Access()
        self._pinned = bytes.fromhex(self._access.certificate_sha256) or None
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, *, accept: str) -> Page:
        """Fetches a page that must be there.

        Raises:
            Retry: the device can't be reached, is too slow, or answers HTTP 5xx.
            NotFound: there is no such page (HTTP 404).
            AccessRefused: it asks for another user name and password.
            Reject: it leads elsewhere, or answers too much.
        """
        page = await self.ask("GET", path, accept=accept)
        self.check(page, path)
        return page

    async def ask(self, method: str, path: str, *, accept: str, form: Mapping[str, str] | None = None) -> Page:
        """Sends one request and gives whatever is answered; a redirect is an answer, and never followed.

        Raises:
            Retry, Reject: see get; the status is left to the caller.
        """
        if not path.startswith("/") or path.startswith("//") or len(path) > MAX_PATH:
            raise Reject(f"{self.address} names a page that can't be on it: {path[:100]!r}")
        with telling(self.address, self._timeout_s):
            async with self._open().request(
                method,
                self._url + path,
                data=form,
                headers={"Accept": accept},
                allow_redirects=False,
                ssl=tls_of(self._pinned),
            ) as answer:
                body = await read_answer(answer, self.address, self._max_bytes)
                return Page(answer.status, answer.content_type, body)

    async def close(self) -> None:
        """Closes the connection; safe to call twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            access = self._access
            headers = {}
            if access.username:
                headers["Authorization"] = aiohttp.encode_basic_auth(access.username, access.password)
            self._session = device_session(
                self._resolver, timeout_s=self._timeout_s, headers=headers, pinned=self._pinned
            )
        return self._session

    def check(self, page: Page, path: str) -> None:
        """Says what an answer's HTTP status means.

        Raises:
            Retry, NotFound, Reject: it is not that of success; see get.
        """
        where, status, path = self.address, page.status, path.partition("?")[0]
        if status >= 500:  # noqa: PLR2004 - HTTP's own classes
            asleep = ", as it does while it sleeps" if status == 503 else ""  # noqa: PLR2004
            raise Retry(f"{where} answers HTTP {status}{asleep}")
        if status in (401, 403):
            told = "refuses this user name and password" if self._access.username else "asks for a password"
            raise AccessRefused(f"{where} {told} (HTTP {status})")
        if status == 404:  # noqa: PLR2004
            raise NotFound(f"{where} has no page {path} (HTTP 404)")
        if 300 <= status < 400:  # noqa: PLR2004
            raise Reject(f"{where} leads elsewhere (HTTP {status}), which is never followed")
        if status != 200:  # noqa: PLR2004
            raise Reject(f"{where} refuses {path} (HTTP {status})")
