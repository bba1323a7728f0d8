"""The demo's way to the services: their public HTTP, asked again while they are still waking up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import msgspec

from shared.errors import Conflict, NotFound, Reject, Retry
from shared.stack import Stack

TIMEOUT_S: Final = 30.0
ATTEMPTS: Final = 20
PAUSE_S: Final = 0.5


class Api:
    """Calls the services of one stack."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self._stack = stack
        self._session = session

    async def get(self, service: str, path: str, *, params: Mapping[str, str] | None = None) -> Any:
        """Reads JSON."""
        return msgspec.json.decode(await self.call(service, "GET", path, params=params))

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """Calls a service; what may pass is tried again for some seconds.

        Raises:
            Retry: the service does not answer, or is not ready, for too long.
            NotFound, Conflict, Reject: in the service's own words.
        """
        raw = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        for attempt in range(ATTEMPTS):
            try:
                return await self._once(service, method, path, raw, params=params, content_type=content_type)
            except Retry:
                if attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(PAUSE_S)
        raise Retry(f"{service} does not answer")

    async def _once(
        self,
        service: str,
        method: str,
        path: str,
        body: bytes | None,
        *,
        params: Mapping[str, str] | None,
        content_type: str,
    ) -> bytes:
        url = self._stack.services[service].url.rstrip("/") + path
        headers = {"Authorization": f"Bearer {self._stack.token}"}
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                params=params,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ) as answer:
                raw = await answer.read()
                if answer.ok:
                    return raw
                words = f"{service} answers {method} {path} with HTTP {answer.status}: {_detail(raw)}"
                raise _error(answer.status)(words)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Retry(f"{service} can't be reached: {error or type(error).__name__}") from error


def _error(status: int) -> type[Reject | Retry]:
    if status >= 500 or status == 429:  # noqa: PLR2004 - may pass
        return Retry
    return {404: NotFound, 409: Conflict}.get(status, Reject)


def _detail(raw: bytes) -> str:
    """The problem's own words (RFC 9457)."""
    try:
        problem = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return raw[:200].decode(errors="replace")
    if not isinstance(problem, dict):
        return str(problem)[:200]
    return f"{problem.get('detail') or problem.get('title')} {problem.get('errors') or ''}".strip()
