"""A connection as re-rating takes it, over one that a test holds; and what the plain pricing says of jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Self

from psycopg import Connection

from services.accounting.books.loader import Pricing
from services.accounting.filters import LineFilters, where
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.posting import Posting
from services.accounting.pricing import price_job
from services.accounting.pricing.entries import Book
from services.accounting.pricing.quantities import facts_of
from services.accounting.rerate.keys import AREAS
from services.accounting.rerate.prices import BOTH, Repricer
from services.accounting.rerate.read import Reader, load_names, months

EVERYTHING: Final[dict[str, Any]] = {"inks": True, "areas": frozenset(AREAS), "more": True, "cancelled": True}
Row = tuple[int | None, int | None, str, str]


class Awaited:
    """A connection whose calls are awaited, so that what a transaction has not committed yet can be read."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    async def execute(self, query: Any, parameters: Any = None) -> Any:
        return AwaitedCursor(self._connection.execute(query, parameters))

    def cursor(self, *, binary: bool = False) -> Any:
        return AwaitedCursor(self._connection.cursor(binary=binary))


class AwaitedCursor:
    """A cursor whose calls are awaited."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self._cursor.close()

    async def execute(self, query: Any, parameters: Any = None) -> AwaitedCursor:
        self._cursor.execute(query, parameters)
        return self

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchall(self) -> Any:
        return self._cursor.fetchall()

    @property
    def pgresult(self) -> Any:
        return self._cursor.pgresult


async def rerated(
    connection: Connection[Any],
    prices: Pricing,
    start: datetime,
    end: datetime,
    filters: LineFilters | None = None,
    *,
    books: frozenset[Book] = BOTH,
    reads_all: bool = False,
) -> dict[tuple[int, int], Row]:
    """Every line priced again, by entry and line; the minimum that a job lacks comes as its line -1.

    `reads_all` reads what the lists of these books do not ask for as well.
    """
    awaited: Any = Awaited(connection)
    names = await load_names(awaited)
    repricer = Repricer(prices.book, names, prices.customers, books=books)
    needs = replace(repricer.needs, **EVERYTHING) if reads_all else repricer.needs
    reader = Reader(awaited, where(filters or LineFilters()), names, needs)
    found: dict[tuple[int, int], Row] = {}
    for first, last in months(start, end):
        async for lines in reader.read(first, last):
            priced = repricer.price(lines)
            for at in range(len(priced.lines)):
                cost_rule, price_rule = repricer.rules[priced.rules[at]]
                found[int(priced.lines.entry_id[at]), int(priced.lines.line[at])] = (
                    _amount(priced.cost_micro[at]),
                    _amount(priced.price_micro[at]),
                    cost_rule.text,
                    price_rule.text,
                )
            for each in priced.missing:
                cost_rule, price_rule = repricer.rules[each.rules]
                key = int(priced.lines.entry_id[each.at]), -1
                found[key] = each.cost_micro, each.price_micro, cost_rule.text, price_rule.text
    return found


def plainly(postings: Iterable[Posting], prices: Pricing) -> dict[tuple[int, int], Row]:
    """The same by the plain pricing, job by job; a minimum without a line in the ledger is line -1 of its job."""
    found: dict[tuple[int, int], Row] = {}
    for posting in postings:
        has_one = posting.lines[-1].entry_kind == "minimum"
        payer, printer = prices.payer_of(posting.job), prices.printers.get(posting.job.printer.id or "")
        charges = price_job(posting.job, prices.book, printer, payer=payer)
        for charge in charges:
            line = -1 if charge.entry_kind == "minimum" and not has_one else charge.line
            row = (charge.cost.amount_micro, charge.price.amount_micro, charge.cost.rule, charge.price.rule)
            found[posting.entry_id, line] = row
        if has_one and charges[-1].entry_kind != "minimum":
            cost_rule, price_rule = prices.book.pair_for(
                posting.job.completed_at, payer, facts_of(posting.job, printer)
            ).minimum_rules()
            found[posting.entry_id, len(posting.job.lines)] = (0, 0, cost_rule, price_rule)
    return found


def _amount(value: Any) -> int | None:
    return None if value == NULL64 else int(value)
