"""Reads lines of the ledger in chunks of whole jobs, as packed columns."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.filters import PLACE, Where
from services.accounting.partitions import first_day, month_number
from services.accounting.pricing import PrinterFacts
from services.accounting.rerate.keys import Names, Needs
from services.accounting.rerate.lines import COLUMNS, INKS, MORE, RULES, STATE, Lines, unpacked
from services.accounting.rerate.pairs import EPOCH, MICROSECOND
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting.rerate", "queries.sql")
Connection = AsyncConnection[TupleRow]
CHUNK: Final = 50_000
"""Lines taken at once, give or take a job: some tens of megabytes."""
MAX_STEP: Final = 4 * CHUNK
"""Ids looked through at once; they are offsets of Kafka, so nearly each of them has a job of about this time."""
_NULL: LiteralString = "-9223372036854775808"
_PACKED: Final[dict[str, LiteralString]] = {
    "entry_id": "c.entry_id",
    "printed_area_mm2": "coalesce(c.printed_area_mm2, -1)",
    "used_area_mm2": "coalesce(c.used_area_mm2, -1)",
    "cost_micro": f"coalesce(c.cost_micro, {_NULL})",
    "price_micro": f"coalesce(c.price_micro, {_NULL})",
    "printer_person": "(c.printer_no::bigint << 32) | c.person_no",
    "project_department": "(c.project_no::bigint << 32) | c.department_no",
    "media_category": "(c.media_no::bigint << 32) | c.category_no",
    "small": "((coalesce(c.counted, -1) + 1)::bigint << 59) | (c.revision::bigint << 27) "
    "| ((c.voided::integer << 26) | (({wanted})::integer << 25) "
    "| (c.billable::integer << 24) | ((c.entry_kind = 2)::integer << 23) | (coalesce(c.colour_mode, 0) << 21) "
    "| (c.outcome::integer << 18) | (c.kind::integer << 15) | c.line)",
    "occurred_us": "c.occurred_at",
    "last_entry_id": "c.last_entry_id",
    "rule_nos": "(c.cost_rule_no::bigint << 32) | c.price_rule_no",
    "day": "(c.day - date '2000-01-01')::bigint",
    "scan_area_mm2": "coalesce(c.scan_area_mm2, -1)",
    "roll_width_um": "coalesce(c.roll_width_um, -1)",
    "width_um": "coalesce(c.width_um, -1)",
    "length_um": "coalesce(c.length_um, -1)",
    "impressions_sheets": "((coalesce(c.impressions, -1)::bigint + 1) << 32) "
    "| (coalesce(c.sheets, -1)::bigint + 1)",
    "finishing_no": "c.finishing_no::bigint",
    "ink_set_no": "c.ink_set_no::bigint",
}
"""Each column as a bigint (or a time, which is sent as one) that is never NULL. `<<` and `|` bind alike."""
_PLACES: Final[tuple[LiteralString, ...]] = (
    *("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"),
    *("13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24"),
)
"""As many colours as an event may name."""


async def load_names(connection: Connection) -> Names:
    """Reads what the numbers of printers, media, ... stand for."""

    async def rows(query: str) -> dict[int, Any]:
        return dict(await (await connection.execute(QUERIES[query])).fetchall())

    printers = await (await connection.execute(QUERIES["name_printers"])).fetchall()
    return Names(
        printers={row[0]: PrinterFacts(*row[1:]) for row in printers},
        media=await rows("name_media"),
        categories=await rows("name_categories"),
        ink_sets={no: _codes(key) for no, key in (await rows("name_ink_sets")).items()},
        finishings={no: _codes(key) for no, key in (await rows("name_finishings")).items()},
        projects=await rows("name_projects"),
        departments=await rows("name_departments"),
    )


def _codes(key: str) -> tuple[str, ...]:
    return tuple(json.loads(key)) if key else ()


def months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The parts of a stretch of time that lie in one partition of the ledger each."""
    for number in range(month_number(start.astimezone(UTC).date()), month_number(end.astimezone(UTC).date()) + 1):
        first, last = (_moment(each) for each in (number, number + 1))
        if max(start, first) < min(end, last):
            yield max(start, first), min(end, last)


def _moment(number: int) -> datetime:
    day = first_day(number)
    return datetime(day.year, day.month, 1, tzinfo=UTC)


class Reader:
    """Reads what one question needs of lines.

    Args:
        connection: in a transaction that sees one state of the ledger, so that `names` holds for all of it.
        where: which jobs: those of which it lets any line pass. Those lines are `wanted`.
        names: with the ink sets.
        needs: what of a line is needed for its price.
        states: whether other states are going to be posted.
        rules: whether some of what is booked may stay.
    """

    def __init__(
        self,
        connection: Connection,
        where: Where,
        names: Names,
        needs: Needs,
        *,
        states: bool = False,
        rules: bool = False,
    ) -> None:
        self._connection = connection
        self._where = where
        booked = (*(STATE if states else ()), *(RULES if rules else ()))
        more = (*booked, *(MORE if needs.more else ()), *(INKS if needs.inks else ()))
        self._columns = (*COLUMNS, *more)
        self._inks = max(map(len, names.ink_sets.values()), default=0) if needs.inks else 0
        self.changes = needs.changes

    async def read(self, start: datetime, end: datetime, since: int = 0) -> AsyncIterator[Lines]:
        """Lines completed in a stretch of time within one month (UTC), in whole jobs, from an entry on."""
        for first, last in spans(start, end, self.changes):
            async for lines in self._read(first, last, since):
                yield lines

    async def _read(self, start: datetime, end: datetime, since: int) -> AsyncIterator[Lines]:
        span: dict[str, Any] = {"start": start, "end": end, "since": since}
        step = CHUNK // 4
        while True:
            cursor = await self._connection.execute(QUERIES["next_entry"], {**span, "step": step})
            found = await cursor.fetchone()
            if found is None:
                return
            upto = found[0] + step
            statement = self._statement(is_amended=found[1])
            lines = await self._chunk(statement, {**span, "since": found[0], "upto": upto})
            if lines is not None:
                yield lines
                step = max(1, min(MAX_STEP, step * CHUNK // len(lines)))
            span["since"] = upto

    async def _chunk(self, statement: LiteralString, span: dict[str, Any]) -> Lines | None:
        async with self._connection.cursor(binary=True) as cursor:
            await cursor.execute(statement, {**self._where.parameters, **span})
            found = cursor.pgresult
            assert found is not None  # noqa: S101 - a query has a result
            told = [found.get_value(0, at) for at in range(found.nfields)]
        columns = {name: raw for name, raw in zip(self._columns, told, strict=False) if raw is not None}
        if not columns:
            return None
        return unpacked(columns, told[len(columns) :], occurred_us=(span["start"] - EPOCH) // MICROSECOND)

    def _statement(self, *, is_amended: bool) -> LiteralString:
        packed: list[LiteralString] = [f"{_PACKED[name]} AS c{at}" for at, name in enumerate(self._columns)]
        has_ink: LiteralString = f"c{len(self._columns) - 1} <> 0"
        packed += [f"c.ink_ul[{place}] AS i{place}" for place in _PLACES[: self._inks]]
        columns: list[LiteralString] = [f"array_agg(c{at})" for at in range(len(self._columns))]
        columns += [
            f"array_agg(coalesce(i{place}, 0)) FILTER (WHERE {has_ink})" for place in _PLACES[: self._inks]
        ]
        everything = self._where.sql == "true"
        return (
            QUERIES["read_lines" if everything else "read_jobs"]
            .replace("{lines}", QUERIES["amended_lines" if is_amended else "posted_lines"])
            .replace("{columns}", ", ".join(columns))
            .replace(
                "{packed}", ", ".join(packed).replace("{wanted}", "NOT c.voided" if everything else "c.wanted")
            )
            .replace(PLACE, self._where.sql)
        )


def spans(start: datetime, end: datetime, changes: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """A stretch of time, cut where other price lists begin to count."""
    moments = [start, *(each for each in changes if start < each < end), end]
    yield from pairwise(moments)
