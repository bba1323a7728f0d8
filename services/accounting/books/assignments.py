"""Which price list counts for whom: a history of assignments, of which the newest of each place counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, Literal, get_args

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.accounting.books.loader import QUERIES as PRICE_QUERIES
from services.accounting.pricing.entries import Book
from shared import sqlfile
from shared.errors import Reject

Level = Literal["project", "customer", "department", "printer", "group", "model", "default"]
BOOKS: Final[tuple[Book, ...]] = get_args(Book)
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""In the order in which they are tried for a line."""
MAX_NO: Final = 2**63 - 1
QUERIES: Final = sqlfile.load("services.accounting.books", "queries_assignments.sql")
Connection = AsyncConnection[Any]


class Place(Struct, frozen=True):
    """Whom an assignment is for; the key is a code, an id or serial number, or a name, and "" at level default."""

    book: Book
    level: Level
    key: str


class Assigned(Struct, frozen=True, kw_only=True):
    """One row of the history; without name it takes the list away that was there before."""

    no: int
    book: Book
    level: Level
    key: str
    name: str | None
    assigned_at: datetime
    assigned_by: str

    @property
    def etag(self) -> str:
        """Names this very state of its place (RFC 9110, section 8.8.3)."""
        return f'"{self.no}"'


async def lock(connection: Connection) -> None:
    """Waits for imports, publications and assignments of others, until the end of the transaction."""
    await connection.execute(PRICE_QUERIES["lock_price_lists"])


async def wrong_lists(connection: Connection, book: Book, names: Collection[str]) -> dict[str, str]:
    """Of some names of lists those that can't be assigned in a book, each with the reason."""
    cursor = await connection.execute(QUERIES["books_of_lists"], {"names": sorted(set(names))})
    known = dict(await cursor.fetchall())
    return {
        name: f"price list {name} is of book {known[name]}, not of book {book}"
        if name in known
        else f"there is no price list {name!r}"
        for name in names
        if known.get(name) != book
    }


async def assign(connection: Connection, place: Place, name: str | None, *, by: str) -> bool:
    """Lets a list count for a place, or none any more; answers whether that is a change.

    Raises:
        Reject: there is no such list in that book.
    """
    return await assign_all(connection, place.book, place.level, {place.key: name}, by=by) > 0


async def assign_all(
    connection: Connection, book: Book, level: Level, names: Mapping[str, str | None], *, by: str
) -> int:
    """Lets lists count for many keys of one level at once; see assign.

    Args:
        connection: on which this is part of a transaction; it waits for imports and publications of others.
        book: of the lists.
        level: of the keys.
        names: the list by key, None for none any more.
        by: who does it.

    Returns:
        How many of them are a change.

    Raises:
        Reject: a list does not exist, or is of the other book.
    """
    await lock(connection)
    for reason in (await wrong_lists(connection, book, [name for name in names.values() if name])).values():
        raise Reject(f"{reason[0].upper()}{reason[1:]}.", pointer="/price_list")
    written = await connection.execute(
        QUERIES["assign"],
        {"book": book, "level": level, "keys": list(names), "names": list(names.values()), "by": by},
    )
    if written.rowcount:
        await connection.execute(PRICE_QUERIES["count_up_revision"])
    return written.rowcount


async def current(connection: Connection, book: Book, level: Level, keys: Collection[str]) -> dict[str, str]:
    """The list that counts for each of some keys; keys without one are left out."""
    cursor = await connection.execute(
        QUERIES["current_assignments"], {"book": book, "level": level, "keys": list(keys)}
    )
    return dict(await cursor.fetchall())


async def is_known(connection: Connection, place: Place) -> bool:
    """Whether there is such a project, printer, ... already; if not, its key may be misspelt."""
    row = await (
        await connection.execute(QUERIES["is_known"], {"level": place.level, "key": place.key})
    ).fetchone()
    return bool(row and row[0])


async def newest(connection: Connection, place: Place) -> Assigned | None:
    """The newest row of a place, which may be one that took its list away."""
    found = await history(connection, place, before=MAX_NO, limit=1)
    return found[0] if found else None


async def history(connection: Connection, place: Place, *, before: int, limit: int) -> list[Assigned]:
    """What was ever assigned in a place, the newest first, of what came before a number."""
    return await _read(
        connection, "assignment_history",
        book=place.book, level=place.level, key=place.key, before=before, limit=limit,
    )  # fmt: skip


async def page(
    connection: Connection,
    *,
    after: tuple[str, str, str] | None,
    limit: int,
    book: str | None = None,
    level: str | None = None,
    name: str | None = None,
) -> list[Assigned]:
    """What counts, by book, level and key, after (book, level, key)."""
    after_book, after_level, after_key = after or ("", "", "")
    return await _read(
        connection, "assignments",
        after_book=after_book, after_level=after_level, after_key=after_key,
        limit=limit, book=book, level=level, name=name,
    )  # fmt: skip


async def _read(connection: Connection, query: str, **parameters: Any) -> list[Assigned]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        return [Assigned(**row) for row in await cursor.fetchall()]
