"""Who reads which printer, in PostgreSQL: each method is one statement, bounded in time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import TupleRow

from shared.errors import Retry
from shared.postgres import Pool, classified
from shared.sqlfile import load

CONNECT_S: Final = 2.0
PATIENT_S: Final = 8.0
"""The same for what may come late: at a start a fleet's changes keep all connections busy."""
STATEMENT_S: Final = 10.0
"""A server that hangs must not hold up the reading of printers for ever."""


class Kept(NamedTuple):
    """How far a printer was read.

    Attributes:
        reading_id: whose history the cursor is a place in; see Printer.reading_id.
        cursor: made by the source; "" where nothing was read yet.
        job_ids: jobs that Kafka has and the printer still shows.
    """

    reading_id: str
    cursor: str
    job_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A printer that is this collector's now; `was_mine` if it was the last to read it before."""

    printer_id: str
    kept: Kept
    was_mine: bool


class ToldStatus(NamedTuple):
    """What a collector has found of a printer, as JSON."""

    printer_id: str
    collector: str
    status: str
    written_at: datetime


class AssignmentStore:
    """Errors are Retry: what is kept here may come late."""

    def __init__(self, pool: Pool, *, collector_id: str) -> None:
        self._pool = pool
        self._me = collector_id
        self._sql = load("services.collector.assignment", "queries.sql")

    async def take(self, printer_ids: Sequence[str], *, waited: bool) -> list[Taken]:
        """Takes those printers that are free; `waited` takes those of others, too."""
        rows = await self._rows("take_printers", {"ids": list(printer_ids), "waited": waited})
        return [Taken(row[0], Kept(row[1], row[2], tuple(row[3].split())), bool(row[4])) for row in rows]

    async def keep(self, cursors: Mapping[str, Kept]) -> None:
        """Stores cursors by printer id; those of printers that another collector has taken are passed over."""
        values = {
            "ids": list(cursors),
            "reading_ids": [each.reading_id for each in cursors.values()],
            "values": [each.cursor for each in cursors.values()],
            "job_ids": [" ".join(each.job_ids) for each in cursors.values()],
        }
        await self._rows("keep_cursors", values, connect_s=PATIENT_S)

    async def keep_first(self, printer_id: str, reading_id: str, cursor: str) -> None:
        """Stores a device's first cursor, if there is none yet."""
        await self._rows("keep_first_cursor", {"id": printer_id, "reading_id": reading_id, "value": cursor})

    async def release(self, printer_ids: Sequence[str]) -> None:
        """Lets go of printers."""
        await self._rows("release_printers", {"ids": list(printer_ids)}, connect_s=PATIENT_S)

    async def others_reading(self, *, within_s: float) -> bool:
        """Whether another collector was at work a moment ago."""
        return bool((await self._rows("others_reading", {"within_s": within_s}))[0][0])

    async def write_statuses(self, statuses: Mapping[str, str]) -> None:
        """Stores what polling has found, as JSON by printer id."""
        await self._rows(
            "write_statuses", {"ids": list(statuses), "statuses": list(statuses.values())}, connect_s=PATIENT_S
        )

    async def statuses_since(self, since: datetime, *, own: bool) -> list[ToldStatus]:
        """What other collectors have written after a moment, with `own` this one as well; oldest first."""
        return [ToldStatus(*row) for row in await self._rows("statuses_since", {"since": since, "own": own})]

    async def _rows(self, name: str, values: Mapping[str, Any], *, connect_s: float = CONNECT_S) -> list[TupleRow]:
        try:
            async with asyncio.timeout(STATEMENT_S):
                with classified():
                    async with self._pool.connection(connect_s) as connection:
                        cursor = await connection.execute(self._sql[name], {**values, "me": self._me})
                        return await cursor.fetchall() if cursor.description else []
        except TimeoutError as error:
            raise Retry(f"PostgreSQL does not answer within {STATEMENT_S:g} s") from error
