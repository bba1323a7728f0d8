"""What is kept of devices in PostgreSQL: each method is one statement, bounded in time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from psycopg.rows import TupleRow

from services.collector.devices.reading import DeviceReading
from shared.errors import Retry
from shared.postgres import Pool, classified
from shared.sqlfile import load

CONNECT_S: Final = 2.0
STATEMENT_S: Final = 10.0


class KeptDevice(NamedTuple):
    """What a collector has kept of a device, as JSON."""

    collector: str
    memory: str
    reading: str


class NewDevice(NamedTuple):
    """What is to be kept of a device."""

    memory: str
    reading: DeviceReading
    text: str


class DeviceStore:
    """Errors are Retry: what is kept here may come late."""

    def __init__(self, pool: Pool, *, collector_id: str) -> None:
        self._pool = pool
        self._me = collector_id
        self._sql = load("services.collector.watching", "queries.sql")

    async def load(self, printer_id: str) -> KeptDevice | None:
        """What is kept of a printer's device."""
        rows = await self._rows("load_device", {"id": printer_id})
        return KeptDevice(*rows[0]) if rows else None

    async def save(self, devices: Mapping[str, NewDevice]) -> None:
        """Keeps devices by printer id."""
        values = {
            "ids": list(devices),
            "memories": [each.memory for each in devices.values()],
            "readings": [each.text for each in devices.values()],
            "read_at": [each.reading.at for each in devices.values()],
        }
        await self._rows("save_devices", values)

    async def _rows(self, name: str, values: Mapping[str, Any]) -> list[TupleRow]:
        try:
            async with asyncio.timeout(STATEMENT_S):
                with classified():
                    async with self._pool.connection(CONNECT_S) as connection:
                        cursor = await connection.execute(self._sql[name], {**values, "me": self._me})
                        return await cursor.fetchall() if cursor.description else []
        except TimeoutError as error:
            raise Retry(f"PostgreSQL does not answer within {STATEMENT_S:g} s") from error
