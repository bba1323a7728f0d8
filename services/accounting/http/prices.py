"""`/v1/price-books`: list, import, show and delete price lists."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from msgspec import Struct

from services.accounting.books.store import Change, Imported, PriceBooks
from services.accounting.books.versions import Connection, Version, default_lists
from services.accounting.http.paging import Page, PageQuery, from_cursor, page_of
from services.accounting.http.price_items import PriceBookItem, VersionQuery, headers_of, invalid, shown
from services.accounting.idempotency import once
from services.accounting.pricelist.compare import Comparison, compare
from services.accounting.pricelist.csv_text import from_csv, to_csv
from services.accounting.pricelist.reader import WrongPriceList
from services.accounting.pricelist.toml_text import from_toml, to_toml
from services.accounting.pricing.entries import PriceListFile
from shared.http.body import read_json
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION
from shared.http.problems import BadRequest, FieldError, Invalid
from shared.http.routes import Answer, Call, Route

TOML: Final = "application/toml"
CSV: Final = "text/csv"
JSON: Final = "application/json"


class PriceBook(PriceBookItem, frozen=True, kw_only=True):
    """A version with all its rates, as the file has them."""

    definition: dict[str, Any]


class ImportedPriceBook(PriceBookItem, frozen=True, kw_only=True):
    """What an import did: created or replaced a draft, or found the same file there already.

    Attributes:
        dry_run: it did nothing, and would do this.
        compared_with: the version that was the newest before, of which `differences` are told; only on a dry run.
    """

    change: Change
    dry_run: bool = False
    compared_with: int | None = None
    differences: Comparison | None = None


class ImportQuery(Struct, frozen=True):
    """How to import; a dry run answers what an import would do, and does nothing."""

    dry_run: bool = False


class PriceBookText(Struct, frozen=True, forbid_unknown_fields=True):
    """A price list file inside JSON: exactly one of the two."""

    toml: str | None = None
    csv: str | None = None


class PriceBookApi:
    """The routes of price lists."""

    def __init__(self, store: PriceBooks, *, currency: str) -> None:
        self._store = store
        self._currency = currency

    def routes(self) -> list[Route]:
        """All of them."""
        one = "/v1/price-books/{name}"
        return [
            Route(method="GET", path="/v1/price-books", handler=self._list, query=PageQuery,
                  answer=Page[PriceBookItem], summary="List every version of every price list."),
            Route(method="POST", path="/v1/price-books", handler=self._import, parse=self._read, status=201,
                  query=ImportQuery, content_types=(JSON, TOML, CSV), body=PriceBookText,
                  answer=ImportedPriceBook, also=(200,), errors=(409,), takes=(IDEMPOTENCY_KEY,),
                  gives=(ETAG, LOCATION),
                  summary="Import a price list file as a draft; the same file again changes nothing."),
            Route(method="GET", path=one, handler=self._show, query=VersionQuery, answer=PriceBook, errors=(404,),
                  answers_with=(JSON, TOML, CSV), gives=(ETAG,),
                  summary="Show one version, the newest by default."),
            Route(method="DELETE", path=one, handler=self._delete, query=VersionQuery, status=204,
                  errors=(404, 409), takes=(IF_MATCH,),
                  summary="Delete a draft; what is published is kept for ever."),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Page[PriceBookItem]:
        limit = call.query.limit
        found = await self._store.page(after=from_cursor(call.query.cursor, tuple[str, int]), limit=limit + 1)
        defaults = await self._store.defaults()
        items = [PriceBookItem(**shown(each, defaults, self._store.zone)) for each in found]
        return page_of(found, items, limit, "name", "version")

    def _read(self, raw: bytes, content_type: str) -> PriceListFile:
        """A body in any of the content types."""
        text: str | bytes
        if content_type == JSON:
            given = read_json(raw, PriceBookText)
            if (given.toml is None) == (given.csv is None):
                raise Invalid([FieldError(pointer="", detail='needs exactly one of "toml" and "csv"')])
            text, kind = (given.csv, CSV) if given.csv is not None else (given.toml or "", TOML)
        else:
            text, kind = (raw, CSV) if content_type == CSV else (_utf8(raw), TOML)
        try:
            if kind == CSV:
                return from_csv(text, currency=self._currency)
            return from_toml(str(text), currency=self._currency)
        except WrongPriceList as wrong:
            raise invalid(wrong) from wrong

    async def _import(self, call: Call) -> Any:
        dry_run = call.query.dry_run

        async def make(connection: Connection) -> Answer:
            done = await self._store.put(connection, call.body, dry_run=dry_run)
            fields = shown(done.version, await default_lists(connection), self._store.zone)
            item = ImportedPriceBook(**fields, change=done.change, dry_run=dry_run)
            if dry_run:
                return Answer(await _with_differences(item, done, call.body), status=200)
            status = 201 if done.change == "created" else 200
            return Answer(item, status=status, headers=headers_of(done.version))

        return await once(self._store.pool, call, make)

    async def _show(self, call: Call) -> Answer:
        found = await self._store.get(call.path["name"], call.query.version)
        headers = {"ETag": found.etag}
        accepted = call.headers.get("Accept", "")
        if TOML in accepted:
            text = await asyncio.to_thread(lambda: to_toml(found.file()))
            return Answer(text, headers=headers, content_type=TOML)
        if CSV in accepted:
            text = await asyncio.to_thread(lambda: to_csv(found.file()))
            return Answer(text, headers=headers, content_type=CSV)
        item = await self._item(found)
        return Answer(PriceBook(**item, definition=found.definition), headers=headers)

    async def _delete(self, call: Call) -> None:
        await self._store.delete_draft(call.path["name"], call.query.version, if_match=call.if_match)

    async def _item(self, version: Version) -> dict[str, Any]:
        return shown(version, await self._store.defaults(), self._store.zone)


async def _with_differences(item: ImportedPriceBook, done: Imported, prices: PriceListFile) -> ImportedPriceBook:
    """What a dry run adds: how the file differs from the newest version there is."""
    before = done.before
    if before is None:
        return item
    differences = await asyncio.to_thread(lambda: compare(before.file(), prices))
    return msgspec.structs.replace(item, compared_with=before.version, differences=differences)


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The file is not UTF-8 text.") from error
