"""The work list of lines that lack a cost or a price: what they lack, in groups, and the lines of a group."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import Struct
from psycopg.rows import dict_row

from services.accounting.filters import LineFilters, bounds, where
from shared import sqlfile
from shared.periods import Period, find_zone
from shared.postgres import Pool, classified

QUERIES: Final = sqlfile.load("services.accounting.browse", "queries_unpriced.sql")
MAX_GROUPS: Final = 500
"""Groups told at most, those with most lines: whoever has more has one or two rates to add first."""
_GROUPS: Final = QUERIES["unpriced_groups"].replace("{lines}", QUERIES["unpriced_lines"])
_LINES: Final = QUERIES["unpriced_of_group"].replace("{lines}", QUERIES["unpriced_lines"])


class Place(Struct, frozen=True, kw_only=True):
    """What the lines of one group have in common, by number."""

    book: Literal["cost", "price"]
    rule_no: int
    media_no: int
    category_no: int
    model: str


class Group(Struct, frozen=True, kw_only=True):
    """Lines that lack the same."""

    place: Place
    reason: str
    media: str
    category: str
    lines: int
    jobs: int
    used_area_m2: Decimal
    printed_area_m2: Decimal
    first_seen: datetime
    last_seen: datetime


class UnpricedLine(Struct, frozen=True, kw_only=True):
    """One line of a group."""

    entry_id: int
    line: int
    charge_id: str
    job_id: UUID
    completed_at: datetime
    printer: str
    person: str
    project: str
    used_area_m2: Decimal | None
    printed_area_m2: Decimal | None


class UnpricedList:
    """Reads the work list."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def groups(self, filters: LineFilters, period: Period | None) -> tuple[list[Group], bool]:
        """The groups of the wanted lines, those with most lines first, and whether there are even more."""
        wanted = where(filters)
        start, end = bounds(period)
        parameters = {**wanted.parameters, "start": start, "end": end, "limit": MAX_GROUPS + 1}
        rows = await self._rows(wanted.into(_GROUPS), parameters)
        groups = [Group(place=_place(row), **row) for row in rows[:MAX_GROUPS]]
        return groups, len(rows) > MAX_GROUPS

    async def lines(
        self, place: Place, period: Period | None, *, after: tuple[int, int] | None, limit: int
    ) -> list[UnpricedLine]:
        """A page of the lines of a group, in the order of their entries."""
        start, end = bounds(period)
        entry, line = after or (-1, -1)
        parameters = {
            "book": place.book,
            "rule_no": place.rule_no,
            "media_no": place.media_no,
            "category_no": place.category_no,
            "model": place.model,
            "start": start,
            "end": end,
            "after_entry": entry,
            "after_line": line,
            "limit": limit,
        }
        return [UnpricedLine(**row) for row in await self._rows(_LINES, parameters)]

    async def days(self, timezone: str) -> tuple[date, date] | None:
        """The days, in a time zone, of the first and the last line that was ever unpriced, if any was."""
        with classified():
            async with self._pool.connection() as connection:
                row = await (await connection.execute(QUERIES["unpriced_span"])).fetchone()
        if row is None or row[0] is None:
            return None
        zone = find_zone(timezone)
        return row[0].astimezone(zone).date(), row[1].astimezone(zone).date()

    async def _rows(self, statement: Any, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        with classified():
            async with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(statement, parameters)
                return await cursor.fetchall()


def _place(row: dict[str, Any]) -> Place:
    names = ("book", "rule_no", "media_no", "category_no", "model")
    return Place(**{name: row.pop(name) for name in names})
