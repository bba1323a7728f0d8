"""Reads pages of ledger lines for the relay, and makes sure that what their numbers stand for is known."""

from __future__ import annotations

from typing import Any, Final, LiteralString, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.accounting import dimensions as dim
from services.accounting.entries import OWN_TOPIC
from services.accounting.relay.texts import ChargeTexts
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting", "queries.sql")
Connection = AsyncConnection[TupleRow]
MAX_CHARGES: Final = 5_000
"""Charges told in one go; more than the lines of the largest job."""
_CHARGES: Final = QUERIES["relay_rows"].replace("{lines}", QUERIES["charges"])
_AMENDMENTS: Final = QUERIES["relay_rows"].replace("{lines}", QUERIES["amendments"])
_KEYS: Final = {dim.PRINTER: 7, dim.PERSON: 8, dim.PROJECT: 9, dim.DEPARTMENT: 10, dim.MEDIA: 14, dim.CATEGORY: 15}
"""Where a row has the numbers of a dimension."""
_COST_RULE: Final = 22
_PRICE_RULE: Final = 24
_CORRECTION: Final = 30


class Page(NamedTuple):
    """Keys and events of a range of a partition that ends before the offset `end`."""

    events: list[tuple[bytes, bytes]]
    end: int


class Pages:
    """Reads and encodes; remembers what numbers stand for as long as it is asked over one connection.

    A new connection may lead to another database, restored or promoted, where a number stands for something else.
    """

    def __init__(self, currency: str) -> None:
        self._texts = ChargeTexts(currency)
        self._asked: Connection | None = None

    async def read(self, connection: Connection, topic: str, *, first: int, begin: int, end: int) -> Page:
        """The next page of a partition from offset `begin` on, at most up to `end`.

        Args:
            connection: in a transaction that holds the partition's cursor.
            topic: '' for the ledger's own stream.
            first: the entry id of offset 0.
            begin: the first offset not told yet.
            end: the offset behind the last one posted.
        """
        if topic == OWN_TOPIC:
            # These ids have no gaps: a range of them bounds what one go reads, after a bulk change, too.
            end = min(end, begin + MAX_CHARGES - 1)
        bounds = {"first": first + begin, "end": first + end, "limit": MAX_CHARGES}
        query = _AMENDMENTS if topic == OWN_TOPIC else _CHARGES
        rows = await _fetch(connection, query, bounds)
        if len(rows) == MAX_CHARGES:
            # The last entry may go on behind the limit: leave it to the next go.
            end = rows[-1][0] - first
            rows = [row for row in rows if row[0] - first < end]
        await self._learn(connection, rows)
        return Page(self._texts.encoded(rows), end)

    async def _learn(self, connection: Connection, rows: list[TupleRow]) -> None:
        """Reads what numbers of these rows stand for, where that is not known."""
        texts = self._texts
        if connection is not self._asked:
            texts.forget()
            self._asked = connection
        texts.trim()
        if not texts.knows_codes:
            texts.learn_codes(await _fetch(connection, QUERIES["relay_codes"], {}))
        columns = list(zip(*rows, strict=True))
        if not columns:
            return
        for dimension, at in _KEYS.items():
            if missing := texts.missing(dimension.number, columns[at]):
                query = (
                    QUERIES["relay_keys"].replace("{number}", dimension.number).replace("{table}", dimension.table)
                )
                texts.learn_keys(dimension.number, await _fetch(connection, query, {"numbers": missing}))
        if missing := texts.missing("rule_no", columns[_COST_RULE] + columns[_PRICE_RULE]):
            texts.learn_rules(await _fetch(connection, QUERIES["relay_rules"], {"numbers": missing}))
        if missing := texts.missing("correction_no", columns[_CORRECTION]):
            texts.learn_corrections(await _fetch(connection, QUERIES["relay_corrections"], {"numbers": missing}))


async def _fetch(connection: Connection, query: LiteralString, values: dict[str, Any]) -> list[TupleRow]:
    """Rows in binary form, which costs both sides less."""
    return await (await connection.execute(query, values, binary=True)).fetchall()
