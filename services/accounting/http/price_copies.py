"""`/v1/price-books/{name}/copy` and `.../compare`: a draft made from a version, and two versions side by side."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from services.accounting.books.store import PriceBooks
from services.accounting.books.versions import Connection, Version, default_lists
from services.accounting.http.price_items import PriceBookItem, VersionNumber, headers_of, invalid, shown
from services.accounting.idempotency import once
from services.accounting.pricelist.compare import RateChange, SettingChange, compare
from services.accounting.pricelist.reader import WrongPriceList
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, LOCATION
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Answer, Call, Route

ListName = Annotated[str, Meta(min_length=1, max_length=200)]


class Copy(Struct, frozen=True, kw_only=True):
    """What a copy is to be.

    Attributes:
        name: of the list that it becomes the next draft of; may be the list's own.
        version: that is copied; the newest without.
        valid_from: a day or a time with zone; as before without.
        valid_until: likewise; null makes it count without end.
        change_percent: on every rate, exact, such as "2.5" or "-10".
    """

    name: ListName
    version: VersionNumber | None = None
    valid_from: str | UnsetType = UNSET
    valid_until: str | UnsetType | None = UNSET
    change_percent: str | UnsetType = UNSET


class CompareQuery(Struct, frozen=True, kw_only=True):
    """Which two versions.

    Attributes:
        version: of the list in the path; its newest without, or the one before where it is compared with itself.
        with_: the other list; the same one without.
        with_version: of the other list; its newest without.
    """

    version: VersionNumber | None = None
    with_: ListName | None = msgspec.field(name="with", default=None)
    with_version: VersionNumber | None = None


class Compared(Struct, frozen=True):
    """One side of a comparison."""

    name: str
    version: int
    state: str


class PriceBookComparison(Struct, frozen=True, kw_only=True):
    """All that differs between two versions, in the order of their files."""

    before: Compared
    after: Compared
    settings: list[SettingChange]
    rates: list[RateChange]
    same_rates: int


class PriceCopyApi:
    """The routes that make a list from another one, and that compare two."""

    def __init__(self, store: PriceBooks) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """Both of them."""
        one = "/v1/price-books/{name}"
        return [
            Route(method="POST", path=f"{one}/copy", handler=self._copy, body=Copy, answer=PriceBookItem,
                  status=201, errors=(404, 409), takes=(IDEMPOTENCY_KEY,), gives=(ETAG, LOCATION),
                  summary="Make a draft from a version, with its own name and dates, all rates raised if wanted."),
            Route(method="GET", path=f"{one}/compare", handler=self._compare, query=CompareQuery,
                  answer=PriceBookComparison, errors=(404,),
                  summary="Show what differs between two versions or two lists, rate by rate."),
        ]  # fmt: skip

    async def _copy(self, call: Call) -> Any:
        given = msgspec.structs.asdict(call.body)
        version = given.pop("version")
        changes = {key: value for key, value in given.items() if value is not UNSET}

        async def make(connection: Connection) -> Answer:
            try:
                made = await self._store.copy(connection, call.path["name"], version, changes)
            except WrongPriceList as wrong:
                raise invalid(wrong) from wrong
            item = PriceBookItem(**shown(made, await default_lists(connection), self._store.zone))
            return Answer(item, headers=headers_of(made))

        return await once(self._store.pool, call, make)

    async def _compare(self, call: Call) -> PriceBookComparison:
        before, after = await self._both(call.path["name"], call.query)
        found = await asyncio.to_thread(lambda: compare(before.file(), after.file()))
        return PriceBookComparison(
            before=Compared(before.name, before.version, before.state),
            after=Compared(after.name, after.version, after.state),
            settings=found.settings,
            rates=found.rates,
            same_rates=found.same_rates,
        )

    async def _both(self, name: str, query: CompareQuery) -> tuple[Version, Version]:
        after = await self._store.get(query.with_ or name, query.with_version)
        version = query.version
        if version is None and after.name == name:
            version = after.version - 1
            if not version:
                detail = f"{name} v1 is the first version: name the list or version to compare it with"
                raise Invalid([FieldError("with", detail)])
        return await self._store.get(name, version), after
