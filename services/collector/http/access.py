"""HTTP of keys: POST /v1/access/reseal, once a new key was put before the old one."""

from __future__ import annotations

from msgspec import Struct

from services.collector.onboarding.reach import Reach
from services.collector.registry.registry import Registry
from shared.errors import Reject
from shared.http.problems import PreconditionFailed
from shared.http.routes import Call, Route


class Resealed(Struct, frozen=True, kw_only=True):
    """What became of the printers whose log-in is kept.

    Attributes:
        printers: how many there are.
        sealed_again: how many were sealed with another key than the one that seals now, and are with it now.
        unreadable: names of those that no known key opens; their log-in is to be given again.
    """

    printers: int
    sealed_again: int
    unreadable: list[str]


class AccessApi:
    """Seals again."""

    def __init__(self, registry: Registry, reach: Reach) -> None:
        self._registry = registry
        self._reach = reach

    def routes(self) -> list[Route]:
        """The routes to serve."""
        return [
            Route(
                method="POST",
                path="/v1/access/reseal",
                handler=self.reseal,
                answer=Resealed,
                summary="Encrypt how to log in to devices with the first key, so that older keys can be dropped.",
            )
        ]

    async def reseal(self, _: Call) -> Resealed:
        """Seals what older keys have sealed; a printer that is changed meanwhile was sealed by that change."""
        sealed_again = 0
        unreadable: list[str] = []
        kept = [printer for printer in self._registry.printers() if printer.sealed_access is not None]
        for printer in kept:
            try:
                access = self._reach.access(printer)
            except Reject:
                unreadable.append(printer.name)
                continue
            if self._reach.vault.is_current(printer.sealed_access):
                continue
            try:
                await self._registry.change(self._reach.with_access(printer, access))
            except PreconditionFailed:
                continue
            sealed_again += 1
        return Resealed(printers=len(kept), sealed_again=sealed_again, unreadable=unreadable)
