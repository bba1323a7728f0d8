"""The store of projects, customers and departments, which have one shape: searched, changed, and told to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, LiteralString

import structlog
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.accounting.books import assignments
from services.accounting.books.loader import QUERIES as PRICE_QUERIES
from shared import sqlfile
from shared.errors import Conflict, NotFound
from shared.http.conditions import require_match
from shared.http.headers import DEFAULT_ACTOR
from shared.postgres import Pool, classified

_log = structlog.get_logger()
Kind = Literal["project", "department", "customer"]
Sort = Literal["code", "name", "changed_at"]
QUERIES: Final = sqlfile.load("services.accounting.projects", "queries.sql")
MAX_CUSTOMERS_FOUND: Final = 1_000
"""Customers whose projects a search finds by the customer's name."""
DEFAULTS: Final[Mapping[str, Any]] = {
    "customer": None,
    "active": True,
    "billable": True,
    "people": [],
    "departments": [],
    "notes": "",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FEW: Final = 1_000
"""So many projects are put in order in a moment, wherever they lie."""
_ORDERS: Final[Mapping[Sort, tuple[LiteralString, LiteralString]]] = {
    "code": ("(code_folded, code) > (%(after)s, %(after_code)s)", "code_folded, code"),
    "name": ("(name_folded, code) > (%(after)s, %(after_code)s)", "name_folded, code"),
    "changed_at": ("(changed_at, code) < (%(after)s::timestamptz, %(after_code)s)", "changed_at DESC, code DESC"),
}
"""What comes after a key in each order, and the order itself."""


class Project(Struct, frozen=True, kw_only=True):
    """A project, customer or department as the store has it.

    Attributes:
        customer: whom a project is done for: a customer's code, or any other text.
        billable: what jobs of a project are that do not say it themselves.
        people: who may charge to it; empty is everyone.
        departments: whose people may charge to it; empty is all of them.
        code_folded, name_folded: as they are sorted by.
        price_list: the list of book price that is assigned to it.
    """

    kind: Kind
    code: str
    name: str
    customer: str | None
    active: bool
    billable: bool
    people: list[str]
    departments: list[str]
    notes: str
    changed_at: datetime
    revision: int
    code_folded: str
    name_folded: str
    price_list: str | None

    @property
    def etag(self) -> str:
        """Names this very state (RFC 9110, section 8.8.3), also beside one of an earlier owner of the code."""
        return f'"{self.revision}-{(self.changed_at - _EPOCH) // timedelta(microseconds=1):x}"'

    def sort_key(self, sort: Sort) -> tuple[str, str]:
        """Where it stands in an order; the next page begins after it."""
        first = {"code": self.code_folded, "name": self.name_folded, "changed_at": self.changed_at.isoformat()}
        return first[sort], self.code


class Removal(Struct, frozen=True):
    """A code that was deleted, and that Kafka has not been told of yet."""

    kind: Kind
    code: str
    gone_no: int


class Projects:
    """Projects, customers and departments in PostgreSQL; every method is one transaction."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.news = asyncio.Event()

    async def page(
        self,
        kind: Kind,
        *,
        limit: int,
        after: tuple[str, str] | None = None,
        sort: Sort = "code",
        search: str | None = None,
        active: bool | None = None,
        customer: str | None = None,
    ) -> list[Project]:
        """A page in an order, after the sort_key of the page before.

        A search finds the beginning of a code, or any part of a name or of a customer, without regard to case
        and accents.
        """
        key, code = after or ("infinity" if sort == "changed_at" else "", "")
        asked: dict[str, Any] = {"kind": kind, "limit": limit, "after": key, "after_code": code}
        searched = any(each is not None for each in (search, active, customer))
        query = _in_order(QUERIES["search_projects" if searched else "list_projects"], sort)
        with classified():
            async with self.pool.connection() as connection:
                if searched:
                    customers = await _customers(connection, search) if search and kind == "project" else []
                    asked |= {"q": search or None, "active": active, "customer": customer, "customers": customers}
                return await _projects(connection, query, {**asked, "few": FEW})

    async def get(self, kind: Kind, code: str) -> Project:
        """One of them.

        Raises:
            NotFound: there is none with that code.
        """
        with classified():
            async with self.pool.connection() as connection:
                return _one(await read_projects(connection, "get_project", kind=kind, code=code), kind, code)

    async def put(
        self,
        kind: Kind,
        code: str,
        values: Mapping[str, Any],
        *,
        by: str = DEFAULT_ACTOR,
        if_match: str | None = None,
    ) -> tuple[Project, bool]:
        """Creates or changes one, and answers it and whether it is new; what is not told has its default.

        Raises:
            PreconditionFailed: it is another by now than the one that was read.
        """
        with classified():
            async with self.pool.connection() as connection:
                before = await self._locked(connection, kind, code)
                require_match(if_match, before.etag if before else None, f"{kind} {code}")
                await self._assign(connection, kind, code, values, by)
                after = await self._put(connection, kind, code, {**DEFAULTS, **values}, before)
        self.news.set()
        return after, before is None

    async def patch(
        self,
        kind: Kind,
        code: str,
        changes: Mapping[str, Any],
        *,
        by: str = DEFAULT_ACTOR,
        if_match: str | None = None,
    ) -> Project:
        """Changes some fields of one.

        Raises:
            NotFound: there is none with that code.
            PreconditionFailed: it is another by now than the one that was read.
        """
        with classified():
            async with self.pool.connection() as connection:
                before = _one([each for each in [await self._locked(connection, kind, code)] if each], kind, code)
                require_match(if_match, before.etag, f"{kind} {code}")
                values = {name: getattr(before, name) for name in ("name", *DEFAULTS)}
                await self._assign(connection, kind, code, changes, by)
                after = await self._put(connection, kind, code, {**values, **changes}, before)
        self.news.set()
        return after

    async def delete(self, kind: Kind, code: str, *, by: str = DEFAULT_ACTOR, if_match: str | None = None) -> None:
        """Deletes one that nothing names.

        Raises:
            NotFound: there is none with that code.
            PreconditionFailed: it is another by now than the one that was read.
            Conflict: history names it.
        """
        place = {"kind": kind, "code": code}
        with classified():
            async with self.pool.connection() as connection:
                before = _one([each for each in [await self._locked(connection, kind, code)] if each], kind, code)
                require_match(if_match, before.etag, f"{kind} {code}")
                row = await (await connection.execute(QUERIES["ties_of_project"], place)).fetchone()
                if row and row[0]:
                    raise Conflict(
                        f"The {kind} {code} can't be deleted, as {row[0]}: set active to false, so that "
                        "nothing more is charged to it."
                    )
                if before.price_list:
                    await assignments.assign(connection, assignments.Place("price", kind, code), None, by=by)
                await connection.execute(QUERIES["delete_project"], place)
                if kind == "project":
                    await connection.execute(PRICE_QUERIES["count_up_revision"])
        self.news.set()

    async def settle(self) -> None:
        """Sorts many new names into the index of the search."""
        with classified():
            async with self.pool.connection() as connection:
                await connection.execute("SELECT accounting.settle_project_words()")

    async def index_search(self) -> None:
        """Makes the index of names if the server has become able to; says what to do if it has not."""
        with classified():
            async with self.pool.connection() as connection:
                row = await (await connection.execute("SELECT accounting.index_project_words()")).fetchone()
        if not row or not row[0]:
            remedy = "As the server's administrator: CREATE EXTENSION pg_trgm; then start accounting again."
            _log.warning("projects_searched_without_index", remedy=remedy)

    async def _locked(self, connection: AsyncConnection[Any], kind: Kind, code: str) -> Project | None:
        """Locked after the assignments, which lock what they are for: nobody waits in a circle."""
        await assignments.lock(connection)
        found = await read_projects(connection, "lock_project", kind=kind, code=code)
        return found[0] if found else None

    @staticmethod
    async def _assign(
        connection: AsyncConnection[Any], kind: Kind, code: str, values: Mapping[str, Any], by: str
    ) -> None:
        if "price_list" in values:
            place = assignments.Place("price", kind, code)
            await assignments.assign(connection, place, values["price_list"], by=by)

    async def _put(
        self,
        connection: AsyncConnection[Any],
        kind: Kind,
        code: str,
        values: Mapping[str, Any],
        before: Project | None,
    ) -> Project:
        place = {"kind": kind, "code": code}
        await connection.execute(QUERIES["put_project"], {**place, **values})
        if before is None:
            await connection.execute(QUERIES["here_again"], place)
        (after,) = await read_projects(connection, "get_project", **place)
        if kind == "project" and _charged_as(before) != _charged_as(after):
            await connection.execute(PRICE_QUERIES["count_up_revision"])
        return after


async def read_projects(connection: AsyncConnection[Any], query: str, **parameters: Any) -> list[Project]:
    """The projects that a named query answers."""
    return await _projects(connection, QUERIES[query], parameters)


async def _projects(
    connection: AsyncConnection[Any], statement: LiteralString, parameters: Mapping[str, Any]
) -> list[Project]:
    """Never prepared: which index serves depends on what is searched for."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, parameters, prepare=False)
        return [Project(**row) for row in await cursor.fetchall()]


async def _customers(connection: AsyncConnection[Any], search: str) -> list[str]:
    asked = {"q": search, "limit": MAX_CUSTOMERS_FOUND}
    cursor = await connection.execute(QUERIES["customers_found"], asked, prepare=False)
    return [row[0] for row in await cursor.fetchall()]


def _in_order(statement: LiteralString, sort: Sort) -> LiteralString:
    after, order = _ORDERS[sort]
    return statement.replace("/* after */", after).replace("/* order */", order)


def _charged_as(project: Project | None) -> tuple[bool, str | None]:
    """What of a project the ledger's writer must know."""
    return (project.billable, project.customer) if project else (True, None)


def _one(found: Sequence[Project], kind: Kind, code: str) -> Project:
    if not found:
        raise NotFound(f"There is no {kind} {code!r}.")
    return found[0]
