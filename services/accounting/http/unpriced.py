"""`/v1/unpriced`: lines that lack a cost or a price, what a draft would make of them, and pricing them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from services.accounting.browse.unpriced import Group, Place, UnpricedLine, UnpricedList
from services.accounting.filters import LineFilters, period_of
from services.accounting.http.line_items import Exact
from services.accounting.http.paging import Page, PageQuery, from_cursor, page_of, to_cursor
from services.accounting.http.repricings import RepricingItem, queued
from services.accounting.http.what_if import ListRef, RowItem, SumsItem, check_key, sums_item
from services.accounting.rerate.lists import compiled, load_lists
from services.accounting.rerate.question import AsIf
from services.accounting.rerate.what_if import Replay, replay
from services.accounting.rerate.work import RepriceRequest, RerateWork
from services.accounting.tasks import Tasks
from shared.clock import Clock
from shared.errors import NotFound
from shared.http.headers import IDEMPOTENCY_KEY, LOCATION
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Call, Route
from shared.postgres import Pool


class GroupItem(Struct, frozen=True, kw_only=True):
    """Lines that lack the same; `id` names the group in /v1/unpriced/{id}/lines."""

    id: str
    book: str
    reason: str
    model: str
    media: str
    category: str
    lines: int
    jobs: int
    used_area_m2: Exact
    printed_area_m2: Exact
    first_seen: datetime
    last_seen: datetime


class Groups(Struct, frozen=True, kw_only=True):
    """The work list: the groups with most lines; `more` says whether others, with fewer lines, are left out."""

    items: list[GroupItem]
    more: bool


class UnpricedLineItem(Struct, frozen=True, kw_only=True):
    """One line of a group."""

    charge_id: str
    job_id: UUID
    completed_at: datetime
    printer: str
    person: str
    project: str
    used_area_m2: Exact | None
    printed_area_m2: Exact | None


class Preview(Struct, frozen=True, kw_only=True):
    """A list to try: the newest version of NAME, draft or not, or NAME@VERSION; and which unpriced lines."""

    price_list: ListRef
    filter: LineFilters = LineFilters()
    assign: AsIf | None = None


class PreviewItem(Struct, frozen=True, kw_only=True):
    """What a list would price of the unpriced lines; the rows are by project."""

    sums: SumsItem
    rows: list[RowItem]


class PriceThem(Struct, frozen=True, kw_only=True):
    """Prices what the published lists can price now; the reason is kept with the entries."""

    reason: Annotated[str, Meta(min_length=1, max_length=1_000)] = "rates were added"
    filter: LineFilters = LineFilters()
    dry_run: bool = False


class UnpricedApi:
    """The routes of the work list."""

    def __init__(self, pool: Pool, tasks: Tasks, work: RerateWork, clock: Clock) -> None:
        self._pool = pool
        self._tasks = tasks
        self._work = work
        self._clock = clock
        self._list = UnpricedList(pool)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(method="GET", path="/v1/unpriced", handler=self._groups, query=LineFilters, answer=Groups,
                  summary="List what lines lack that have no cost or no price, most lines first."),
            Route(method="GET", path="/v1/unpriced/{id}/lines", handler=self._lines, query=PageQuery,
                  answer=Page[UnpricedLineItem], errors=(404,), summary="List the lines of one group."),
            Route(method="POST", path="/v1/unpriced/preview", handler=self._preview, body=Preview,
                  answer=PreviewItem, errors=(404,),
                  summary="Tell what a list, such as a draft, would price of the unpriced lines."),
            Route(method="POST", path="/v1/unpriced/price", handler=self._price, body=PriceThem,
                  answer=RepricingItem, status=202, errors=(404,), takes=(IDEMPOTENCY_KEY,), gives=(LOCATION,),
                  summary="Price by new entries what the published lists can price now. Twice is once."),
        ]  # fmt: skip

    async def _groups(self, call: Call) -> Groups:
        filters: LineFilters = call.query
        period = period_of(filters, now=self._clock.now(), timezone=self._work.timezone)
        groups, more = await self._list.groups(filters, period)
        return Groups(items=[_group(each) for each in groups], more=more)

    async def _lines(self, call: Call) -> Page[UnpricedLineItem]:
        try:
            told = from_cursor(call.path["id"], tuple[str, int, int, int, str])
            place = msgspec.convert(dict(zip(Place.__struct_fields__, told or (), strict=False)), Place)
        except (Invalid, msgspec.ValidationError):
            raise NotFound("There is no such group of unpriced lines.") from None
        after = from_cursor(call.query.cursor, tuple[int, int])
        limit = call.query.limit
        found = await self._list.lines(place, None, after=after, limit=limit + 1)
        return page_of(found, [_line(each) for each in found], limit, "entry_id", "line")

    async def _preview(self, call: Call) -> PreviewItem:
        body: Preview = call.body
        if body.assign is not None:
            check_key(body.assign)
        prices = compiled(await self._work.version(body.price_list))
        filters = await self._unpriced(body.filter)
        lists = await load_lists(self._work.url)
        is_unused = body.assign is None and not lists.is_assigned(prices.file.name)
        asked = Replay(
            filters=filters,
            period=self._work.period(filters),
            prices=prices,
            where=AsIf(level="default") if is_unused else body.assign,
            only_missing=True,
        )
        told = await replay(self._work.url, lists, asked, timezone=self._work.timezone, bys=("project",))
        rows = [
            RowItem(key=each.key, name=each.name, sums=sums_item(each.sums)) for each in told.by.get("project", [])
        ]
        return PreviewItem(sums=sums_item(told.total), rows=rows)

    async def _price(self, call: Call) -> Any:
        body: PriceThem = call.body
        filters = await self._unpriced(body.filter)
        request = RepriceRequest(filters=filters, reason=body.reason, only_missing=True, dry_run=body.dry_run)
        return await queued(self._pool, self._tasks, call, request)

    async def _unpriced(self, filters: LineFilters) -> LineFilters:
        """Filters that leave unpriced lines only, of the time in which there are any."""
        if filters.unpriced is False:
            detail = "leave it out: this is about lines without a cost or a price"
            raise Invalid([FieldError(pointer="/filter/unpriced", detail=detail)])
        if filters.period is None:
            days = await self._list.days(self._work.timezone)
            if days is None:
                raise NotFound("No line is unpriced.")
            filters = msgspec.structs.replace(filters, period=f"{days[0]}..{days[1]}")
        return msgspec.structs.replace(self._work.dated(filters), unpriced=True)


def _group(group: Group) -> GroupItem:
    place = group.place
    return GroupItem(
        id=to_cursor(*(getattr(place, name) for name in Place.__struct_fields__)),
        book=place.book,
        reason=group.reason,
        model=place.model,
        media=group.media,
        category=group.category,
        lines=group.lines,
        jobs=group.jobs,
        used_area_m2=f"{group.used_area_m2:f}",
        printed_area_m2=f"{group.printed_area_m2:f}",
        first_seen=group.first_seen,
        last_seen=group.last_seen,
    )


def _line(line: UnpricedLine) -> UnpricedLineItem:
    return UnpricedLineItem(
        charge_id=line.charge_id,
        job_id=line.job_id,
        completed_at=line.completed_at,
        printer=line.printer,
        person=line.person,
        project=line.project,
        used_area_m2=None if line.used_area_m2 is None else f"{line.used_area_m2:f}",
        printed_area_m2=None if line.printed_area_m2 is None else f"{line.printed_area_m2:f}",
    )
