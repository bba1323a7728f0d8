"""`/v1/corrections`: changes what was charged, a line or many at once, by new entries; tells what was changed."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from services.accounting.amend.corrections import Connection, Corrections
from services.accounting.amend.post import CorrectionKind
from services.accounting.amend.request import CorrectionRequest
from services.accounting.http.correction_items import (
    CorrectionDetail,
    CorrectionItem,
    CorrectionResult,
    entry_of,
    item_of,
    result_of,
)
from services.accounting.http.paging import Limit, Page, PageQuery, from_cursor, to_cursor
from services.accounting.idempotency import once
from shared.clock import Clock
from shared.errors import NotFound
from shared.http.headers import IDEMPOTENCY_KEY, LOCATION
from shared.http.routes import DEFAULT_LIMIT, Answer, Call, Route
from shared.periods import parse_period
from shared.postgres import Pool, classified

MAX_NUMBER_DIGITS = 18


class CorrectionQuery(PageQuery, frozen=True, kw_only=True):
    """Which corrections; `period` is of when they were made."""

    actor: Annotated[str, Meta(max_length=200)] | None = None
    kind: CorrectionKind | None = None
    period: Annotated[str, Meta(max_length=100)] | None = None


class EntryQuery(Struct, frozen=True, kw_only=True):
    """Which of a correction's entries."""

    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None


class CorrectionApi:
    """The routes of corrections."""

    def __init__(
        self, corrections: Corrections, pool: Pool, clock: Clock, *, timezone: str, currency: str
    ) -> None:
        self._corrections = corrections
        self._pool = pool
        self._clock = clock
        self._timezone = timezone
        self._currency = currency

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(method="GET", path="/v1/corrections", handler=self._list, query=CorrectionQuery,
                  answer=Page[CorrectionItem], summary="List corrections, the newest first."),
            Route(method="POST", path="/v1/corrections", handler=self._make, body=CorrectionRequest, status=201,
                  also=(200,), answer=CorrectionResult, errors=(404, 409), takes=(IDEMPOTENCY_KEY,),
                  gives=(LOCATION,),
                  summary="Correct, void or undo: whom lines count for, what is billable, single or by filter.",
                  description="Nothing that was charged is rewritten: each line gets entries that take it back "
                              "and count it anew, in its own month, or in the first open one if that is closed."),
            Route(method="GET", path="/v1/corrections/{id}", handler=self._show, query=EntryQuery,
                  answer=CorrectionDetail, errors=(404,), summary="Show a correction with its entries."),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Page[CorrectionItem]:
        query: CorrectionQuery = call.query
        after = from_cursor(query.cursor, tuple[int])
        period = (
            parse_period(query.period, now=self._clock.now(), timezone=self._timezone) if query.period else None
        )
        rows = await self._corrections.page(
            before=after[0] if after else None,
            kind=query.kind,
            actor=query.actor,
            start=period.start if period else None,
            end=period.end if period else None,
            limit=query.limit + 1,
        )
        items = [CorrectionItem(**item_of(row)) for row in rows[: query.limit]]
        last = rows[query.limit - 1]["correction_no"] if len(rows) > query.limit else None
        return Page(items, None if last is None else to_cursor(last))

    async def _make(self, call: Call) -> Any:
        request: CorrectionRequest = call.body

        async def make(connection: Connection) -> Answer:
            done = await self._corrections.make(connection, request, actor=call.actor)
            result = result_of(
                done,
                actor=call.actor,
                reason=request.reason.strip(),
                currency=self._currency,
                dry_run=request.dry_run,
            )
            where = {} if result.id is None else {LOCATION.name: f"/v1/corrections/{result.id}"}
            return Answer(result, status=200 if result.id is None else 201, headers=where)

        if not request.dry_run:
            return await once(self._pool, call, make)
        with classified():
            async with self._pool.connection() as connection:
                told = await make(connection)
                await connection.rollback()
        return told

    async def _show(self, call: Call) -> CorrectionDetail:
        text, query = call.path["id"], call.query
        if not (text.isascii() and text.isdecimal() and len(text) <= MAX_NUMBER_DIGITS):
            raise NotFound(f"There is no correction {text!r}: see GET /v1/corrections.")
        found = await self._corrections.get(int(text))
        after = from_cursor(query.cursor, tuple[int])
        start = max(after[0], 0) if after else 0
        rows = await self._corrections.entries(found, start=start, limit=query.limit)
        end = start + query.limit
        return CorrectionDetail(
            **item_of(found),
            entries=[entry_of(row) for row in rows],
            next=to_cursor(end) if end < found["lines"] else None,
        )
