"""The store of price lists: import makes or replaces a draft, publishing makes it count and unchangeable."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from psycopg.types.json import Jsonb

from services.accounting.books.assignments import Place, assign, page
from services.accounting.books.publishing import check_draft, require_accepted
from services.accounting.books.versions import (
    QUERIES,
    Connection,
    Version,
    default_lists,
    fingerprint,
    newest_version,
    read_versions,
    valid_moment,
)
from services.accounting.pricelist.coverage import Finding
from services.accounting.pricelist.document import to_document
from services.accounting.pricelist.revise import revised
from services.accounting.pricing.entries import PriceListFile
from shared.clock import Clock, SystemClock
from shared.errors import ConfigError, Conflict, NotFound, Reject
from shared.events.jobs import EARLIEST, LATEST
from shared.http.conditions import require_match
from shared.postgres import Pool, classified

Change = Literal["created", "replaced", "unchanged"]


class Imported(Struct, frozen=True):
    """What an import did, and the version that was the newest before it, if any."""

    change: Change
    version: Version
    before: Version | None


class Checked(Struct, frozen=True):
    """A version, and what there is to say of its publication; nothing of one that is published."""

    version: Version
    findings: list[Finding]


class PriceBooks:
    """Price lists in PostgreSQL; every method is one transaction."""

    def __init__(self, pool: Pool, zone: ZoneInfo, clock: Clock | None = None) -> None:
        self.pool = pool
        self.zone = zone
        self._clock = clock or SystemClock()

    async def page(self, *, after: tuple[str, int] | None, limit: int) -> list[Version]:
        """Versions by name, the newest of each first, after (name, version)."""
        name, version = after or ("", -1)
        with classified():
            async with self.pool.connection() as connection:
                return await read_versions(
                    connection, "list_price_lists", after_name=name, after_version=-version, limit=limit
                )

    async def get(self, name: str, version: int | None = None) -> Version:
        """One version, or the newest one of any state.

        Raises:
            NotFound: there is no such list, or not in that version.
        """
        with classified():
            async with self.pool.connection() as connection:
                return await _required(connection, name, version)

    async def defaults(self) -> dict[str, str]:
        """The default list of each book that has one."""
        with classified():
            async with self.pool.connection() as connection:
                return await default_lists(connection)

    async def require_currency(self, currency: str) -> None:
        """Makes sure at a start that what was published, and so the ledger, is in this currency.

        Raises:
            ConfigError: amounts of two currencies would be added up.
        """
        with classified():
            async with self.pool.connection() as connection:
                cursor = await connection.execute(QUERIES["published_in_another_currency"], {"currency": currency})
                found = await cursor.fetchone()
        if found:
            raise ConfigError(
                f"INKMETER_CURRENCY is {currency}, but the published price list {found[0]} is in {found[1]}.",
                remedy=f"Set it to {found[1]}: an installation counts in one currency for good.",
            )

    async def put_draft(self, prices: PriceListFile) -> Imported:
        """Makes a file the draft of its list's next version; see `put`."""
        with classified():
            async with self.pool.connection() as connection:
                return await self.put(connection, prices)

    async def put(self, connection: Connection, prices: PriceListFile, *, dry_run: bool = False) -> Imported:
        """Makes a file the draft of its list's next version; the very same file again changes nothing.

        Args:
            connection: on which this is one transaction, or part of one.
            prices: the file.
            dry_run: answers the very same, and then takes it back.

        Raises:
            Conflict: the list is of the other book.
        """
        async with connection.transaction(force_rollback=dry_run):
            await connection.execute(QUERIES["lock_price_lists"])
            newest = await newest_version(connection, prices.name)
            content = self._content(prices)
            if newest and newest.sha256 == content["sha256"]:
                return Imported("unchanged", newest, newest)
            _require_book(newest, prices)
            if newest and newest.state == "draft":
                (replaced,) = await read_versions(connection, "replace_draft", id=newest.id, **content)
                return Imported("replaced", replaced, newest)
            number = newest.version + 1 if newest else 1
            (created,) = await read_versions(connection, "add_draft", version=number, **content)
            return Imported("created", created, newest)

    async def copy(
        self, connection: Connection, name: str, version: int | None, changes: Mapping[str, Any]
    ) -> Version:
        """Makes a draft that says what a version says, but for some changes (see pricelist.revise).

        A copy is always a draft of its own, also where it says the very same: it is there to be changed.

        Raises:
            NotFound: no such version. WrongPriceList: a change makes no sense.
            Conflict: the list that it would be a version of has a draft already, or is of the other book.
        """
        source = await _required(connection, name, version)
        prices = await asyncio.to_thread(lambda: revised(source.file(), changes))
        await connection.execute(QUERIES["lock_price_lists"])
        newest = await newest_version(connection, prices.name)
        if newest and newest.state == "draft":
            raise Conflict(
                f"{newest.name} v{newest.version} is a draft already: publish or delete it first.",
                pointer="/name",
            )
        _require_book(newest, prices)
        number = newest.version + 1 if newest else 1
        (made,) = await read_versions(connection, "add_draft", version=number, **self._content(prices))
        return made

    async def delete_draft(self, name: str, version: int | None = None, *, if_match: str | None = None) -> Version:
        """Deletes a draft, of which nothing was ever charged, and answers what it was.

        Raises:
            NotFound: no such version. Conflict: it is published, or its list is assigned.
            PreconditionFailed: it is another by now.
        """
        with classified():
            async with self.pool.connection() as connection:
                await connection.execute(QUERIES["lock_price_lists"])
                found = await _required(connection, name, version)
                require_match(if_match, found.etag, f"price list {name}")
                if found.state == "published":
                    raise Conflict(
                        f"{name} v{found.version} is published, and what is published is kept: charges name it."
                    )
                if found.version == 1 and (used := await page(connection, after=None, limit=1, name=name)):
                    whom = f"{used[0].level} {used[0].key}".strip()
                    raise Conflict(f"{name} is assigned to {whom}: assign another list first.")
                await connection.execute(QUERIES["delete_draft"], {"id": found.id})
                return found

    async def check(self, name: str, version: int | None = None, *, make_default: bool = False) -> Checked:
        """What is to be said of a version before it is published, errors first.

        Raises:
            NotFound: there is no such list, or not in that version.
        """
        with classified():
            async with self.pool.connection() as connection:
                found = await _required(connection, name, version)
                return Checked(found, await self._findings(connection, found, make_default=make_default))

    async def publish(
        self,
        name: str,
        *,
        by: str,
        make_default: bool = False,
        accept: Sequence[str] = (),
        if_match: str | None = None,
    ) -> tuple[Version, bool]:
        """Publishes the draft of a list, and answers it and whether it is now the default of its book.

        The first list published in a book becomes its default. A list without a draft stays as it is, so that
        publishing twice is publishing once; it may still become the default.

        Args:
            name: of the list.
            by: who publishes it.
            make_default: whether it is to become the default of its book.
            accept: codes of the errors that do not stop it.
            if_match: publishes it only as it was read.

        Raises:
            NotFound: no such list. PreconditionFailed: the draft is another by now.
            RefusedPublication: the checks found an error that was not accepted.
        """
        with classified():
            async with self.pool.connection() as connection:
                await connection.execute(QUERIES["lock_price_lists"])
                newest = await _required(connection, name)
                require_match(if_match, newest.etag, f"price list {name}")
                if newest.state == "draft":
                    findings = await self._findings(connection, newest, make_default=make_default)
                    require_accepted(newest, findings, accept)
                    (newest,) = await read_versions(connection, "publish_draft", id=newest.id, published_by=by)
                defaults = await default_lists(connection)
                if defaults.get(newest.book) != name and (make_default or newest.book not in defaults):
                    await assign(connection, Place(newest.book, "default", ""), name, by=by)
                    defaults[newest.book] = name
                await connection.execute(QUERIES["count_up_revision"])
                return newest, defaults[newest.book] == name

    async def _findings(self, connection: Connection, draft: Version, *, make_default: bool) -> list[Finding]:
        if draft.state == "published":
            return []
        return await check_draft(
            connection, draft, make_default=make_default, now=self._clock.now(), zone=self.zone
        )

    def _content(self, prices: PriceListFile) -> dict[str, Any]:
        start = valid_moment(prices.valid_from, self.zone)
        end = valid_moment(prices.valid_until, self.zone) if prices.valid_until else None
        for key, moment in (("valid_from", start), ("valid_until", end)):
            if moment is not None and not EARLIEST.year <= moment.year <= LATEST.year:
                years = f"{EARLIEST.year} to {LATEST.year}"
                raise Reject(f"{key} must lie in the years {years}, as jobs do.", pointer=f"/{key}")
        if end is not None and end <= start:
            raise Reject(f"{prices.name} would end before it starts.", pointer="/valid_until")
        return {
            "name": prices.name,
            "book": prices.book,
            "valid_from": start,
            "valid_until": end,
            "definition": Jsonb(to_document(prices)),
            "sha256": fingerprint(prices),
        }


def _require_book(newest: Version | None, prices: PriceListFile) -> None:
    """A list stays in its book, unless all there is of it is its first draft."""
    may_change_book = newest is None or (newest.state == "draft" and newest.version == 1)
    if newest and newest.book != prices.book and not may_change_book:
        raise Conflict(
            f"{prices.name} is a list of book {newest.book}, so no version of it can be of book "
            f"{prices.book}: give the file another name.",
            pointer="/book",
        )


async def _required(connection: Connection, name: str, version: int | None = None) -> Version:
    found = await newest_version(connection, name, version)
    if found is None:
        known = version is not None and await newest_version(connection, name)
        raise NotFound(f"There is no price list {name!r}" + (f" in version {version}." if known else "."))
    return found
