"""Groups of printers: named, renamed and removed as things of their own; removing one removes no printer.

A printer's row and its events hold the group's name, as price lists do. A printer that is put into a group that is
not there makes it (queries.sql), so that a group never has to be made first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import psycopg
from msgspec import Struct
from psycopg.rows import TupleRow

from shared.errors import Conflict, NotFound
from shared.http.idempotency import Creation, other_request
from shared.http.problems import PreconditionFailed
from shared.ids import uuid7
from shared.postgres import Pool, classified
from shared.sqlfile import load

Connection = psycopg.AsyncConnection[TupleRow]


class PrinterGroup(Struct, frozen=True, kw_only=True):
    """One group. `version` grows when it is renamed; `printers` counts its members."""

    id: str
    name: str
    added_at: datetime
    changed_at: datetime
    version: int
    printers: int

    @property
    def etag(self) -> str:
        """The HTTP entity tag of this state."""
        return f'"{self.version}"'


class GroupStore:
    """Each method is one transaction. All raise Retry when PostgreSQL is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = load("services.collector.registry", "queries_groups.sql")

    async def every(self) -> list[PrinterGroup]:
        """All groups, by name."""
        async with self._connection() as connection:
            rows = await connection.execute(self._sql["every_group"])
            return [_group(row) for row in await rows.fetchall()]

    async def get(self, group_id: str) -> PrinterGroup:
        """One group.

        Raises:
            NotFound: none has this id.
        """
        async with self._connection() as connection:
            return await self._get(connection, group_id)

    async def add(self, name: str, at: datetime, *, creation: Creation | None = None) -> PrinterGroup:
        """A new group without printers; the same key again answers the group that it made.

        Raises:
            Conflict: there is one of that name.
            Invalid: another request has used the key.
        """
        async with self._connection() as connection:
            key = {
                "idempotency_key": creation.key if creation else None,
                "idempotency_request": creation.request_sha256 if creation else None,
            }
            before = await (await connection.execute(self._sql["group_by_idempotency_key"], key)).fetchone()
            if before is not None and before[1] not in (None, key["idempotency_request"]):
                raise other_request()
            group_id = str(before[0]) if before else str(uuid7())
            if before is None:
                await connection.execute(self._sql["add_group"], {"id": group_id, "name": name, "at": at} | key)
            return await self._get(connection, group_id)

    async def rename(self, group: PrinterGroup, name: str, at: datetime) -> PrinterGroup:
        """Gives a group another name, and thereby all its printers.

        Raises:
            PreconditionFailed: somebody else was faster.
            Conflict: there is one of that name.
        """
        values = {"id": group.id, "version": group.version, "name": name, "at": at}
        async with self._connection() as connection:
            before = await (await connection.execute(self._sql["rename_group"], values)).fetchone()
            if before is None:
                raise _changed(group)
            moved = {"from": before[0], "to": name, "at": at}
            await connection.execute(self._sql["move_members"], moved)
            return await self._get(connection, group.id)

    async def remove(self, group: PrinterGroup, at: datetime) -> None:
        """Removes a group; its printers stay, without a group.

        Raises:
            PreconditionFailed: somebody else was faster.
        """
        async with self._connection() as connection:
            values = {"id": group.id, "version": group.version}
            before = await (await connection.execute(self._sql["remove_group"], values)).fetchone()
            if before is None:
                raise _changed(group)
            await connection.execute(self._sql["move_members"], {"from": before[0], "to": None, "at": at})

    async def _get(self, connection: Connection, group_id: str) -> PrinterGroup:
        row = await (await connection.execute(self._sql["one_group"], {"id": group_id})).fetchone()
        if row is None:
            raise NotFound(f"There is no group {group_id}.")
        return _group(row)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        with classified():
            try:
                async with self._pool.connection() as connection:
                    yield connection
            except psycopg.errors.UniqueViolation as error:
                raise Conflict("A group of that name is there already.", pointer="/name") from error


def _changed(group: PrinterGroup) -> PreconditionFailed:
    return PreconditionFailed(f"The group {group.name} was changed meanwhile: read it again.")


def _group(row: TupleRow) -> PrinterGroup:
    return PrinterGroup(
        id=row[0], name=row[1], added_at=row[2], changed_at=row[3], version=row[4], printers=row[5]
    )
