"""The store of price lists: import makes or replaces a draft, publishing makes it count and unchangeable."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services.accounting.pricelist.check import read_document
from services.accounting.pricelist.document import Document, to_document
from services.accounting.pricing.entries import PriceListFile
from shared import sqlfile
from shared.errors import ConfigError, Conflict, NotFound
from shared.http.conditions import require_match
from shared.postgres import Pool, classified

QUERIES: Final = sqlfile.load("services.accounting", "queries_prices.sql")
Change = Literal["created", "replaced", "unchanged"]


class Version(Struct, frozen=True, kw_only=True):
    """One version of a price list as the store has it."""

    id: int
    name: str
    version: int
    book: Literal["cost", "price"]
    state: Literal["draft", "published"]
    valid_from: datetime
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


class Imported(Struct, frozen=True):
    """What an import did."""

    change: Change
    version: Version


def valid_moment(valid_from: date | datetime, zone: ZoneInfo) -> datetime:
    """The moment a list counts from: a day begins at midnight of the installation's time zone."""
    if isinstance(valid_from, datetime):
        return valid_from
    return datetime.combine(valid_from, time.min, tzinfo=zone)


def fingerprint(prices: PriceListFile) -> bytes:
    """The same for files that say the same, however they are written."""
    return hashlib.sha256(msgspec.json.encode(to_document(prices), order="sorted")).digest()


class PriceBooks:
    """Price lists in PostgreSQL; every method is one transaction."""

    def __init__(self, pool: Pool, zone: ZoneInfo) -> None:
        self._pool = pool
        self.zone = zone

    async def page(self, *, after: tuple[str, int] | None, limit: int) -> list[Version]:
        """Versions by name, the newest of each first, after (name, version)."""
        name, version = after or ("", -1)
        with classified():
            async with self._pool.connection() as connection:
                return await _all(
                    connection, "list_price_lists", after_name=name, after_version=-version, limit=limit
                )

    async def get(self, name: str, version: int | None = None) -> Version:
        """One version, or the newest one of any state.

        Raises:
            NotFound: there is no such list, or not in that version.
        """
        with classified():
            async with self._pool.connection() as connection:
                found = await _newest(connection, name, version)
                if found is None:
                    known = await _newest(connection, name) if version is not None else None
        if found is None:
            raise NotFound(f"There is no price list {name!r}" + (f" in version {version}." if known else "."))
        return found

    async def defaults(self) -> dict[str, str]:
        """The default list of each book that has one."""
        with classified():
            async with self._pool.connection() as connection:
                return await _defaults(connection)

    async def require_currency(self, currency: str) -> None:
        """Makes sure at a start that what was published, and so the ledger, is in this currency.

        Raises:
            ConfigError: amounts of two currencies would be added up.
        """
        with classified():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(QUERIES["published_in_another_currency"], {"currency": currency})
                found = await cursor.fetchone()
        if found:
            raise ConfigError(
                f"INKMETER_CURRENCY is {currency}, but the published price list {found[0]} is in {found[1]}.",
                remedy=f"Set it to {found[1]}: an installation counts in one currency for good.",
            )

    async def put_draft(self, prices: PriceListFile) -> Imported:
        """Makes a file the draft of its list's next version; the very same file again changes nothing.

        Raises:
            Conflict: the list is of the other book.
        """
        content = {
            "name": prices.name,
            "book": prices.book,
            "valid_from": valid_moment(prices.valid_from, self.zone),
            "definition": Jsonb(to_document(prices)),
            "sha256": fingerprint(prices),
        }
        with classified():
            async with self._pool.connection() as connection:
                await connection.execute(QUERIES["lock_price_lists"])
                newest = await _newest(connection, prices.name)
                if newest and newest.sha256 == content["sha256"]:
                    return Imported("unchanged", newest)
                may_change_book = newest is None or (newest.state == "draft" and newest.version == 1)
                if newest and newest.book != prices.book and not may_change_book:
                    raise Conflict(
                        f"{prices.name} is a list of book {newest.book}, so no version of it can be of book "
                        f"{prices.book}: give the file another name.",
                        pointer="/book",
                    )
                if newest and newest.state == "draft":
                    return Imported(
                        "replaced", (await _all(connection, "replace_draft", id=newest.id, **content))[0]
                    )
                number = newest.version + 1 if newest else 1
                return Imported("created", (await _all(connection, "add_draft", version=number, **content))[0])

    async def publish(
        self, name: str, *, by: str, make_default: bool = False, if_match: str | None = None
    ) -> tuple[Version, bool]:
        """Publishes the draft of a list, and answers it and whether it is now the default of its book.

        The first list published in a book becomes its default. A list without a draft stays as it is, so that
        publishing twice is publishing once; it may still become the default.

        Raises:
            NotFound: no such list. PreconditionFailed: the draft is another by now.
        """
        with classified():
            async with self._pool.connection() as connection:
                await connection.execute(QUERIES["lock_price_lists"])
                newest = await _newest(connection, name)
                if newest is None:
                    raise NotFound(f"There is no price list {name!r}.")
                require_match(if_match, newest.etag, f"price list {name}")
                if newest.state == "draft":
                    newest = (await _all(connection, "publish_draft", id=newest.id, published_by=by))[0]
                defaults = await _defaults(connection)
                if defaults.get(newest.book) != name and (make_default or newest.book not in defaults):
                    await connection.execute(QUERIES["name_default"], {"book": newest.book, "name": name})
                    defaults[newest.book] = name
                await connection.execute(QUERIES["count_up_revision"])
                return newest, defaults[newest.book] == name


async def _all(connection: AsyncConnection[Any], query: str, **parameters: Any) -> list[Version]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        return [_version(row) for row in await cursor.fetchall()]


async def _newest(connection: AsyncConnection[Any], name: str, version: int | None = None) -> Version | None:
    found: Sequence[Version] = await _all(connection, "newest_price_list", name=name, version=version)
    return found[0] if found else None


async def _defaults(connection: AsyncConnection[Any]) -> dict[str, str]:
    cursor = await connection.execute(QUERIES["default_names"])
    return dict(await cursor.fetchall())


def _version(row: Mapping[str, Any]) -> Version:
    return Version(**row)
