"""What the worker reads of the ledger and keeps in PostgreSQL: generations, alerts, repeated documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from services.accounting.aggregates.alerts import Limits, Repeat
from shared import sqlfile
from shared.events import ALERT_RAISED, AlertRaised
from shared.events.envelope import encode, new_event
from shared.ids import first_job_id
from shared.postgres import Pool, classified

QUERIES: Final = sqlfile.load("services.accounting.aggregates", "queries.sql")
SOURCE: Final = "/accounting/aggregates"
TELL_BATCH: Final = 500


class Generation(Struct, frozen=True):
    """One rebuild: what was counted by SQL up to which entry of each partition of the ledger."""

    no: int
    base: Mapping[str, int]
    told: bool


class UntoldAlert(Struct, frozen=True):
    """An alert that Kafka may not have yet."""

    id: str
    subject: str
    event: bytes


class AggregateStore:
    """PostgreSQL as the worker uses it; each method is one transaction.

    Raises:
        Retry: the database is not there, from every method.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def generation(self) -> Generation | None:
        """The newest one, None before the first."""
        rows = await self._rows("newest_generation", {})
        return Generation(*rows[0]) if rows else None

    async def next_generation(self) -> int:
        """A number that no generation ever had."""
        return int((await self._rows("next_generation", {}))[0][0])

    async def add_generation(self, no: int, *, cells: int, base: Mapping[str, int]) -> None:
        """From now on this is the one that counts."""
        await self._run("add_generation", {"no": no, "cells": cells, "base": Jsonb(base)})

    async def generation_told(self, no: int) -> None:
        """All of its windows were told once."""
        await self._run("generation_told", {"no": no})

    async def repeats(self, jobs: Mapping[str, datetime], limits: Limits) -> list[Repeat]:
        """Those of some jobs whose person printed the same document before; `jobs` says when each was done."""
        if not jobs:
            return []
        first = first_job_id(min(jobs.values()) - timedelta(seconds=limits.repeat_within_s))
        asked = {"jobs": [UUID(each) for each in jobs], "first": first, "least": limits.repeats}
        rows = await self._rows("repeats", {**asked, "within_s": limits.repeat_within_s})
        return [Repeat(*row) for row in rows]

    async def raise_alerts(self, alerts: Sequence[AlertRaised]) -> None:
        """Notes alerts; one that was raised before is not raised again."""
        if not alerts:
            return
        rows = [
            {"id": UUID(each.id), "kind": each.kind, "subject": each.subject, "event": encode(_event(each))}
            for each in alerts
        ]
        with classified():
            async with self.pool.connection() as connection, connection.cursor() as cursor:
                await cursor.executemany(QUERIES["raise_alerts"], rows)

    async def untold_alerts(self) -> list[UntoldAlert]:
        """The oldest that were not told yet."""
        return [UntoldAlert(*row) for row in await self._rows("untold_alerts", {"limit": TELL_BATCH})]

    async def alerts_told(self, alerts: Sequence[UntoldAlert]) -> None:
        """Kafka has these."""
        await self._run("alerts_told", {"ids": [UUID(each.id) for each in alerts]})

    async def _rows(self, query: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with classified():
            async with self.pool.connection() as connection:
                return await (await connection.execute(QUERIES[query], parameters)).fetchall()

    async def _run(self, query: str, parameters: Mapping[str, Any]) -> None:
        with classified():
            async with self.pool.connection() as connection:
                await connection.execute(QUERIES[query], parameters)


def _event(alert: AlertRaised) -> Any:
    """The alert's event; its id is that of the alert, so it is one however often it is told."""
    return new_event(
        ALERT_RAISED, alert, event_id=alert.id, source=SOURCE, time=alert.occurred_at, subject=alert.subject
    )
