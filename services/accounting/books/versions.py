"""Versions of price lists as the store has them, and how they are read: what stores of prices share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.accounting.pricelist.check import read_document
from services.accounting.pricelist.document import Document, to_document
from services.accounting.pricing.entries import PriceListFile
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting.books", "queries.sql")
Connection = AsyncConnection[Any]


class Version(Struct, frozen=True, kw_only=True):
    """One version of a price list as the store has it."""

    id: int
    name: str
    version: int
    book: Literal["cost", "price"]
    state: Literal["draft", "published"]
    valid_from: datetime
    valid_until: datetime | None
    definition: Document
    sha256: bytes
    created_at: datetime
    published_at: datetime | None
    published_by: str | None

    @property
    def etag(self) -> str:
        """Names this very content and state (RFC 9110, section 8.8.3)."""
        return f'"{self.sha256.hex()[:32]}-{self.version}-{self.state}"'

    def file(self) -> PriceListFile:
        """The list as a checked value."""
        return read_document(self.definition, currency=self.definition["currency"])


def valid_moment(day: date | datetime, zone: ZoneInfo) -> datetime:
    """The moment a list counts from, or up to: a day begins at midnight of the installation's time zone."""
    return day if isinstance(day, datetime) else datetime.combine(day, time.min, tzinfo=zone)


def fingerprint(prices: PriceListFile) -> bytes:
    """The same for files that say the same, however they are written."""
    return hashlib.sha256(msgspec.json.encode(to_document(prices), order="sorted")).digest()


async def read_versions(connection: Connection, query: str, **parameters: Any) -> list[Version]:
    """The versions that a named query answers."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        return [Version(**row) for row in await cursor.fetchall()]


async def newest_version(connection: Connection, name: str, version: int | None = None) -> Version | None:
    """One version of a list, or its newest one of any state; None where there is none."""
    found: Sequence[Version] = await read_versions(connection, "newest_price_list", name=name, version=version)
    return found[0] if found else None


async def default_names(connection: Connection) -> dict[str, list[str]]:
    """The lists that were named the default of each book, the last one named last."""
    names: dict[str, list[str]] = {}
    for book, name in await (await connection.execute(QUERIES["default_names"])).fetchall():
        names.setdefault(book, []).append(name)
    return names


async def default_lists(connection: Connection) -> dict[str, str]:
    """The default list of each book that has one: the last one named."""
    return {book: names[-1] for book, names in (await default_names(connection)).items()}
