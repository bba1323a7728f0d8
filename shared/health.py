"""Readiness: named probes, each answering nothing when fine or one sentence of what is down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

Probe = Callable[[], Awaitable[str | None]]
PROBE_TIMEOUT_S: Final = 3.0


class Finding(Struct, frozen=True):
    """What one probe found."""

    name: str
    ok: bool
    detail: str = ""


class Ready(Struct, frozen=True):
    """Whether a service can do its work, and what is down if not."""

    ready: bool
    service: str
    checks: list[Finding]


class Readiness:
    """The probes of one service, run side by side and each within PROBE_TIMEOUT_S."""

    def __init__(self) -> None:
        self._probes: dict[str, Probe] = {}

    def add(self, name: str, probe: Probe) -> None:
        """Adds a probe: it answers None when fine, else one sentence of what is down."""
        self._probes[name] = probe

    async def check(self, service: str) -> Ready:
        """Runs every probe once; a probe that raises or hangs counts as down."""
        found = await asyncio.gather(*(self._run(name, probe) for name, probe in self._probes.items()))
        return Ready(ready=all(finding.ok for finding in found), service=service, checks=list(found))

    async def _run(self, name: str, probe: Probe) -> Finding:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                detail = await probe()
        except TimeoutError:
            detail = f"no answer within {PROBE_TIMEOUT_S:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a probe dies of, the answer is "down", with the reason
            detail = f"{type(error).__name__}: {error}"
        return Finding(name=name, ok=detail is None, detail=detail or "")
