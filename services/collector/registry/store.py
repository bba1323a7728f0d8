"""The registry's rows in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from services.collector.registry.printers import Printer
from shared.errors import Conflict
from shared.http.idempotency import Creation, other_request
from shared.http.problems import PreconditionFailed
from shared.ids import uuid7
from shared.postgres import Pool, classified
from shared.sqlfile import load

_SENTENCES: Final = {
    "printer_name": ("/name", "A printer of that name is registered already."),
    "printer_address": ("/address", "A printer at that address is registered already."),
    "printer_serial": ("/address", "The device with that serial number is registered already."),
    "printer_uuid": ("/address", "The device with that UUID is registered already."),
    "printer_idempotency_key": ("", "That Idempotency-Key was used before, for a printer that was removed."),
}


class RegistryStore:
    """Each method is one statement in one transaction; errors are Retry, Conflict or PreconditionFailed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = load("services.collector.registry", "queries.sql")

    async def every(self) -> list[Printer]:
        """All printers that were not removed."""
        return [_printer(row) for row in await self._rows("every_printer", {})]

    async def unannounced(self) -> list[Printer]:
        """Printers whose newest state was not told yet."""
        return [_printer(row) for row in await self._rows("unannounced", {})]

    async def mark_announced(self, printer: Printer) -> None:
        """Notes that a printer's state was told."""
        await self._rows("mark_announced", {"id": printer.id, "version": printer.version})

    async def id_before(self, *, serial: str | None, uuid: str | None) -> str | None:
        """The id of a device that was registered and removed; None for one that never was."""
        rows = await self._rows("id_before", {"serial": serial, "uuid": uuid})
        return str(rows[0][0]) if rows else None

    async def add(self, printer: Printer, *, creation: Creation | None) -> Printer:
        """Adds a printer, or one that was removed again.

        Raises:
            Conflict: its name, address or device is taken.
        """
        return _printer((await self._rows("add_printer", _values(printer, creation)))[0])

    async def by_creation(self, creation: Creation) -> Printer | None:
        """The printer that an equal request has added.

        Raises:
            Invalid: another request has used its key.
        """
        rows = await self._rows("printer_by_idempotency_key", {"idempotency_key": creation.key})
        if not rows:
            return None
        if rows[0][-1] not in (None, creation.request_sha256):
            raise other_request()
        return _printer(rows[0])

    async def change(self, printer: Printer) -> Printer:
        """Stores a printer's new state, if its version is still the stored one.

        Raises:
            PreconditionFailed: it is not.
            Conflict: its new name, address or device is taken.
        """
        rows = await self._rows("change_printer", _values(printer, None) | {"version": printer.version})
        if not rows:
            raise PreconditionFailed(f"The printer {printer.name} was changed meanwhile: read it again.")
        return _printer(rows[0])

    async def _rows(self, name: str, values: Mapping[str, Any]) -> list[TupleRow]:
        async with self._connection() as connection:
            cursor = await connection.execute(self._sql[name], values)
            return await cursor.fetchall() if cursor.description else []

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[TupleRow]]:
        with classified():
            try:
                async with self._pool.connection() as connection:
                    yield connection
            except psycopg.errors.UniqueViolation as error:
                pointer, sentence = _SENTENCES.get(error.diag.constraint_name or "", ("", "It is there already."))
                raise Conflict(sentence, pointer=pointer) from error


def _values(printer: Printer, creation: Creation | None) -> dict[str, Any]:
    return {
        "id": printer.id,
        "name": printer.name,
        "address": printer.address,
        "kind": printer.kind,
        "serial": printer.serial,
        "uuid": printer.uuid,
        "model": printer.model,
        "group": printer.group,
        "enabled": printer.enabled,
        "disabled_reason": printer.disabled_reason,
        "at": printer.changed_at,
        "removed_at": printer.removed_at,
        "idempotency_key": creation.key if creation else None,
        "idempotency_request": creation.request_sha256 if creation else None,
        "sealed_access": printer.sealed_access,
        "device_since": printer.device_since,
        "former_serials": list(printer.former_serials),
        "group_id": str(uuid7()),
    }


def _printer(row: TupleRow) -> Printer:
    moments: tuple[datetime, datetime, datetime | None] = (row[10], row[11], row[12])
    return Printer(
        id=row[0],
        name=row[1],
        address=row[2],
        kind=row[3],
        serial=row[4],
        uuid=row[5],
        model=row[6],
        group=row[7],
        enabled=row[8],
        disabled_reason=row[9],
        added_at=moments[0],
        changed_at=moments[1],
        removed_at=moments[2],
        version=row[13],
        sealed_access=row[14],
        device_since=row[15],
        former_serials=tuple(row[16]),
    )
