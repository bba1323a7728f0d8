"""Reads lines of the ledger in chunks of whole jobs, as packed columns."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting.filters import PLACE, Where
from services.accounting.partitions import first_day, month_number
from services.accounting.pricing import PrinterFacts
from services.accounting.rerate.columns import CHUNK, MAX_STEP, columns_of
from services.accounting.rerate.keys import Names, Needs
from services.accounting.rerate.lines import Lines, unpacked
from services.accounting.rerate.packing import Layout, whole
from services.accounting.rerate.pairs import EPOCH, MICROSECOND
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting.rerate", "queries.sql")
Connection = AsyncConnection[TupleRow]


async def load_names(connection: Connection) -> Names:
    """Reads what the numbers of printers, media, ... stand for."""

    async def rows(query: str) -> dict[Any, Any]:
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
        widths={name: (number or 0).bit_length() for name, number in (await rows("largest_numbers")).items()},
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
        self._everything = where.sql == "true"
        self._inks = max(map(len, names.ink_sets.values()), default=0) if needs.inks else 0
        self._layouts = {
            is_amended: Layout(
                columns_of(
                    needs,
                    names.widths,
                    states=states,
                    rules=rules,
                    is_amended=is_amended,
                    is_filtered=not self._everything,
                )
            )
            for is_amended in (False, True)
        }
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
            lines = await self._chunk({**span, "since": found[0], "upto": upto}, is_amended=found[1])
            if lines is not None:
                yield lines
                step = max(1, min(MAX_STEP, step * CHUNK // len(lines)))
            span["since"] = upto

    async def _chunk(self, span: dict[str, Any], *, is_amended: bool) -> Lines | None:
        layout = self._layouts[is_amended]
        async with self._connection.cursor(binary=True) as cursor:
            await cursor.execute(
                self._statement(layout, is_amended=is_amended), {**self._where.parameters, **span}
            )
            found = cursor.pgresult
            assert found is not None  # noqa: S101 - a query has a result
            told = [found.get_value(0, at) for at in range(found.nfields)]
        if told[0] is None:
            return None
        count = len(layout.aggregates)
        columns = layout.unpacked([raw for raw in told[:count] if raw is not None])
        inks = [None if raw is None else whole(raw) for raw in told[count:]]
        occurred_us = (span["start"] - EPOCH) // MICROSECOND
        return unpacked(columns, inks, since=span["since"], occurred_us=occurred_us)

    def _statement(self, layout: Layout, *, is_amended: bool) -> bytes:
        """Aggregates without an order: all columns come in the same one."""
        inks = [
            f"string_agg(int8send(coalesce(c.ink_ul[{place}], 0)), '') FILTER (WHERE c.ink_set_no <> 0)"
            for place in range(1, self._inks + 1)
        ]
        return (
            QUERIES["read_lines" if self._everything else "read_jobs"]
            .replace("{lines}", QUERIES["amended_lines" if is_amended else "posted_lines"])
            .replace("{columns}", ", ".join([*layout.aggregates, *inks]))
            .replace(PLACE, self._where.sql)
            .encode()
        )


def spans(start: datetime, end: datetime, changes: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """A stretch of time, cut where other price lists begin to count."""
    moments = [start, *(each for each in changes if start < each < end), end]
    yield from pairwise(moments)
