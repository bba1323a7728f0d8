"""Loads the price lists that lines are priced again by."""

from __future__ import annotations

import asyncio

from services.accounting.books.loader import QUERIES, load_customers, load_price_book
from services.accounting.books.versions import Version
from services.accounting.pricing import Assignment, PriceList
from services.accounting.rerate.question import Lists
from shared.postgres import connect


async def load_lists(url: str) -> Lists:
    """Reads every published list and what each is assigned to.

    Raises:
        Unreachable: no database answers.
    """
    return await asyncio.to_thread(_load, url)


def _load(url: str) -> Lists:
    with connect(url, name="inkmeter-rerate") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        lists = load_price_book(connection).lists
        assignments = tuple(Assignment(*row) for row in connection.execute(QUERIES["assignments"]))
        return Lists(lists, assignments, load_customers(connection))


def compiled(version: Version) -> PriceList:
    """A version of the store, draft or published, ready to price by."""
    return PriceList(
        list_id=version.id,
        version=version.version,
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        file=version.file(),
    )
