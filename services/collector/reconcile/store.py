"""Accounts of counters in PostgreSQL: each method is one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from services.collector.reconcile.balance import Account
from shared.postgres import Pool, classified
from shared.sqlfile import load

CONNECT_S: Final = 3.0
"""The reading of devices must not wait for a database that hangs."""


class AccountStore:
    """See reconciler.Accounts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = load("services.collector.reconcile", "queries.sql")

    async def load(self, device: str) -> Account | None:
        """The account of a device as it was written last.

        Raises:
            Retry: PostgreSQL is away.
        """
        return _account(await self._rows("account_of_device", {"device": device}))

    async def of_printer(self, printer_id: str) -> Account | None:
        """The account of the device that was read last under a printer's id.

        Raises:
            Retry: PostgreSQL is away.
        """
        return _account(await self._rows("account_of_printer", {"printer_id": printer_id}))

    async def keep(self, printer_id: str, device: str, account: Account) -> None:
        """Writes an account, unless a newer one is there.

        Raises:
            Retry: PostgreSQL is away.
        """
        state = Jsonb(msgspec.to_builtins(account))
        values = {"device": device, "printer_id": printer_id, "version": account.version, "state": state}
        await self._rows("keep_account", values)

    async def _rows(self, name: str, values: Mapping[str, Any]) -> list[TupleRow]:
        with classified():
            async with self._pool.connection(timeout=CONNECT_S) as connection:
                cursor = await connection.execute(self._sql[name], values)
                return await cursor.fetchall() if cursor.description else []


def _account(rows: list[TupleRow]) -> Account | None:
    return msgspec.convert(rows[0][0], Account) if rows else None
