"""A registry in memory for tests: the same promises as RegistryStore, and it can be switched off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from services.collector.registry.printers import Printer
from shared.errors import Retry
from shared.http.idempotency import Creation, other_request
from shared.http.problems import PreconditionFailed

ADDED = datetime(2026, 11, 1, tzinfo=UTC)


def printer(number: int = 1, **changes: Any) -> Printer:
    """A printer, each number another device."""
    made = Printer(
        id=f"id-{number}",
        name=f"plotter-{number}",
        address=f"ipp://192.0.2.{number}:631/ipp/print",
        kind="ipp",
        serial=f"SN{number}",
        model="Example 36",
        added_at=ADDED,
        changed_at=ADDED,
    )
    return replace(made, **changes)


class MemoryRows:
    """Implements services.collector.registry.registry.Rows."""

    def __init__(self, *printers: Printer) -> None:
        self.rows = {each.id: each for each in printers}
        self.announced: dict[str, int] = {}
        self.creations: dict[str, tuple[bytes, str]] = {}
        self.away = False

    def _ask(self) -> None:
        if self.away:
            raise Retry("PostgreSQL: the connection is lost")

    async def every(self) -> list[Printer]:
        self._ask()
        return [each for each in self.rows.values() if each.removed_at is None]

    async def unannounced(self) -> list[Printer]:
        self._ask()
        return [each for each in self.rows.values() if self.announced.get(each.id, 0) < each.version]

    async def mark_announced(self, printer: Printer) -> None:
        self._ask()
        self.announced[printer.id] = printer.version

    async def id_before(self, *, serial: str | None, uuid: str | None) -> str | None:
        self._ask()
        return next((each.id for each in self.rows.values() if each.removed_at and each.serial == serial), None)

    async def add(self, printer: Printer, *, creation: Creation | None) -> Printer:
        self._ask()
        self.rows[printer.id] = printer
        if creation:
            self.creations[creation.key] = (creation.request_sha256, printer.id)
        return printer

    async def by_creation(self, creation: Creation) -> Printer | None:
        self._ask()
        request, printer_id = self.creations.get(creation.key, (creation.request_sha256, ""))
        if request != creation.request_sha256:
            raise other_request()
        return self.rows.get(printer_id)

    async def change(self, printer: Printer) -> Printer:
        self._ask()
        if self.rows[printer.id].version != printer.version:
            raise PreconditionFailed("changed meanwhile")
        self.rows[printer.id] = changed = replace(printer, version=printer.version + 1)
        return changed
