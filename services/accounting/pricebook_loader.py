"""Loads the published price lists for the ledger's writer, by its own synchronous connection."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from services.accounting.pricelist import read_document
from services.accounting.pricing import PriceBook, PriceList
from services.accounting.pricing.entries import Book
from shared import sqlfile

QUERIES = sqlfile.load("services.accounting", "queries_prices.sql")


def price_revision(connection: Connection[Any]) -> int:
    """Counts up with every publication and every change of a default list; cheap enough to ask each batch."""
    row = connection.execute(QUERIES["price_revision"]).fetchone()
    return int(row[0]) if row else 0


def load_price_book(connection: Connection[Any]) -> PriceBook:
    """Reads and compiles every published version."""
    lists = [
        PriceList(
            list_id=list_id,
            version=version,
            valid_from=valid_from,
            # What is published was checked on import; a currency that changed since is the history it came from.
            file=read_document(definition, currency=definition["currency"]),
        )
        for list_id, version, valid_from, definition in connection.execute(QUERIES["published_price_lists"])
    ]
    defaults: dict[Book, list[str]] = {"cost": [], "price": []}
    for book, name in connection.execute(QUERIES["default_names"]):
        defaults[book].append(name)
    return PriceBook(lists, defaults)
