"""`/v1/what-if`: a period replayed through another price list, as a task, and the lines behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from services.accounting.filters import LineFilters
from services.accounting.http.line_items import Exact
from services.accounting.http.paging import Page, PageQuery, from_cursor, to_cursor
from services.accounting.idempotency import once
from services.accounting.rerate.effect import By, Sums
from services.accounting.rerate.lists import load_lists
from services.accounting.rerate.question import AsIf
from services.accounting.rerate.rows import Difference, Place, differences
from services.accounting.rerate.what_if import Told
from services.accounting.rerate.work import ReplayRequest, RerateWork, VersionRef, written
from services.accounting.tasks import Connection, Task, Tasks
from shared.errors import Conflict, NotFound
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Answer, Call, Route
from shared.money import format_micro
from shared.postgres import Pool

ListRef = Annotated[
    str, Meta(min_length=1, max_length=220, description="NAME, the newest version, draft or not, or NAME@VERSION.")
]


class WhatIf(Struct, frozen=True, kw_only=True):
    """What to replay.

    Attributes:
        price_list: that lines are priced by; the other book stays as booked.
        against: another list of the same book to compare with; without, what is booked.
        assign: what the list is held to count for: everything (the default), one key of a level, or by default.
        filter: which lines; a period is needed.
    """

    price_list: ListRef
    filter: LineFilters
    against: ListRef | None = None
    assign: AsIf = AsIf()


class SumsItem(Struct, frozen=True, kw_only=True):
    """Sums over lines before and after; a line without an amount adds nothing, and is counted as unpriced."""

    lines: int
    changed: int
    cost_before: Exact
    cost_after: Exact
    price_before: Exact
    price_after: Exact
    unpriced_before: int
    unpriced_after: int
    newly_unpriced: int
    newly_priced: int


class RowItem(Struct, frozen=True, kw_only=True):
    """The sums of what one key has in common."""

    key: str
    name: str
    sums: SumsItem


class WhatIfItem(Struct, frozen=True, kw_only=True):
    """A replay: how far it is, and what it came to once it is done.

    Attributes:
        done: lines priced. total: lines of the period, once they are counted.
        by: what `rows` are by; those with the largest difference, and how many `more` there are.
    """

    id: UUID
    state: str
    price_list: str
    against: str | None
    period: str | None
    actor: str
    done: int
    total: int | None
    problem: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    sums: SumsItem | None = None
    by: str | None = None
    rows: list[RowItem] | None = None
    more: int | None = None


class DifferenceItem(Struct, frozen=True, kw_only=True):
    """A line that differs; without `charge_id` it is a minimum charge that the ledger does not have yet."""

    charge_id: str | None
    printer: str
    person: str
    project: str
    department: str
    media: str
    category: str
    cost_before: Exact | None
    cost_after: Exact | None
    price_before: Exact | None
    price_after: Exact | None
    rule: str


class ByQuery(Struct, frozen=True, kw_only=True):
    """What the rows are by."""

    by: By = "project"


class WhatIfApi:
    """The routes of replays."""

    def __init__(self, pool: Pool, tasks: Tasks, work: RerateWork) -> None:
        self._pool = pool
        self._tasks = tasks
        self._work = work

    def routes(self) -> list[Route]:
        """All of them."""
        one = "/v1/what-if/{id}"
        return [
            Route(method="POST", path="/v1/what-if", handler=self._ask, body=WhatIf, answer=WhatIfItem, status=202,
                  errors=(404, 409), takes=(IDEMPOTENCY_KEY,), gives=(LOCATION,),
                  summary="Replay a period through a price list, without writing to the ledger."),
            Route(method="GET", path=one, handler=self._show, query=ByQuery, answer=WhatIfItem, errors=(404,),
                  gives=(ETAG,),
                  summary="Show how far a replay is, and what it came to."),
            Route(method="GET", path=f"{one}/rows", handler=self._rows, query=PageQuery,
                  answer=Page[DifferenceItem], errors=(404, 409),
                  summary="List the lines behind the difference, priced anew by the lists as they are now."),
            Route(method="DELETE", path=one, handler=self._cancel, answer=WhatIfItem, errors=(404,),
                  takes=(IF_MATCH,), gives=(ETAG,),
                  summary="Call a replay off."),
        ]  # fmt: skip

    async def _ask(self, call: Call) -> Any:
        body: WhatIf = call.body
        check_key(body.assign)
        filters = self._work.dated(body.filter)
        prices = await self._work.version(body.price_list)
        against = await self._work.version(body.against) if body.against else None
        if against and against.book != prices.book:
            detail = f"is a list of book {against.book}, and {prices.name} is one of book {prices.book}"
            raise Invalid([FieldError(pointer="/against", detail=detail)])
        request = ReplayRequest(
            prices=VersionRef.of(prices),
            filters=filters,
            where=body.assign,
            against=VersionRef.of(against) if against else None,
        )

        async def make(connection: Connection) -> Answer:
            task = await self._tasks.add(connection, "what-if", written(request), actor=call.actor)
            return Answer(_item(task, "project"), headers={LOCATION.name: f"/v1/what-if/{task.id}"})

        answer = await once(self._pool, call, make)
        self._tasks.wake()
        return answer

    async def _show(self, call: Call) -> Answer:
        task = await self._tasks.get("what-if", id_of(call))
        return Answer(_item(task, call.query.by), headers={ETAG.name: task.etag})

    async def _cancel(self, call: Call) -> Answer:
        task = await self._tasks.cancel("what-if", id_of(call), if_match=call.if_match)
        return Answer(_item(task, "project"), headers={ETAG.name: task.etag})

    async def _rows(self, call: Call) -> Page[DifferenceItem]:
        task = await self._tasks.get("what-if", id_of(call))
        if task.state != "done":
            raise Conflict(f"This replay is {task.state}: its lines can be listed once it is done.")
        after = from_cursor(call.query.cursor, tuple[int, int, int])
        asked = await self._work.asked(msgspec.convert(task.request, ReplayRequest))
        lists = await load_lists(self._work.url)
        place = Place(*after) if after else None
        found, end = await differences(
            self._work.url, lists, asked, timezone=self._work.timezone, after=place, limit=call.query.limit
        )
        return Page([_difference(each) for each in found], to_cursor(*end) if end else None)


def check_key(assign: AsIf) -> None:
    """A level without its key means nobody, and nothing would change.

    Raises:
        Invalid: the key is lacking, or the level has none.
    """
    is_whole = assign.level in {"all", "default"}
    if is_whole == bool(assign.key.strip()):
        detail = (
            f"level {assign.level} has no key"
            if is_whole
            else f"name the {assign.level} that the list is held to count for"
        )
        raise Invalid([FieldError(pointer="/assign/key", detail=detail)])


def id_of(call: Call) -> UUID:
    """The id in the path.

    Raises:
        NotFound: it is no UUID, so there can be no such task.
    """
    try:
        return UUID(call.path["id"])
    except ValueError:
        told = f"There is no task {call.path['id']!r:.80}: take its id from the answer to the POST."
        raise NotFound(told) from None


def _item(task: Task, by: By) -> WhatIfItem:
    request = msgspec.convert(task.request, ReplayRequest)
    told = msgspec.convert(task.result, Told) if task.result else None
    rows = told.by.get(by, []) if told else None
    return WhatIfItem(
        id=task.id,
        state=task.state,
        price_list=f"{request.prices.name}@{request.prices.version}",
        against=f"{request.against.name}@{request.against.version}" if request.against else None,
        period=request.filters.period,
        actor=task.actor,
        done=task.done,
        total=task.total,
        problem=task.problem,
        created_at=task.created_at,
        started_at=task.started_at,
        ended_at=task.ended_at,
        sums=sums_item(told.total) if told else None,
        by=by if told else None,
        rows=[RowItem(key=each.key, name=each.name, sums=sums_item(each.sums)) for each in rows]
        if rows is not None
        else None,
        more=told.more.get(by, 0) if told else None,
    )


def sums_item(sums: Sums) -> SumsItem:
    """Sums with exact decimal amounts."""
    return SumsItem(
        lines=sums.lines,
        changed=sums.changed,
        cost_before=format_micro(sums.cost_before_micro),
        cost_after=format_micro(sums.cost_after_micro),
        price_before=format_micro(sums.price_before_micro),
        price_after=format_micro(sums.price_after_micro),
        unpriced_before=sums.unpriced_before,
        unpriced_after=sums.unpriced_after,
        newly_unpriced=sums.newly_unpriced,
        newly_priced=sums.newly_priced,
    )


def _difference(row: Difference) -> DifferenceItem:
    def money(value: int | None) -> str | None:
        return None if value is None else format_micro(value)

    return DifferenceItem(
        charge_id=None if row.line is None else f"{row.entry_id}.{row.line}",
        printer=row.printer,
        person=row.person,
        project=row.project,
        department=row.department,
        media=row.media,
        category=row.category,
        cost_before=money(row.cost_before_micro),
        cost_after=money(row.cost_after_micro),
        price_before=money(row.price_before_micro),
        price_after=money(row.price_after_micro),
        rule=row.rule,
    )
