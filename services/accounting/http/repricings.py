"""`/v1/repricings`: a period priced again by the published lists, as a task with progress."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from services.accounting.filters import LineFilters
from services.accounting.http.what_if import SumsItem, id_of, sums_item
from services.accounting.idempotency import once
from services.accounting.rerate.reprice import MonthRepriced
from services.accounting.rerate.work import RepriceRequest, RerateWork, written
from services.accounting.tasks import Connection, Task, Tasks
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION
from shared.http.routes import Answer, Call, Route
from shared.postgres import Pool

Reason = Annotated[str, Meta(min_length=1, max_length=1_000)]


class Reprice(Struct, frozen=True, kw_only=True):
    """What to price again.

    Attributes:
        filter: which lines; a period is needed. The minimum charges of their jobs follow.
        reason: kept with the entries.
        only_missing: amounts that are booked stay, those that are lacking are filled in.
        dry_run: only tells what it would come to.
    """

    filter: LineFilters
    reason: Reason
    only_missing: bool = False
    dry_run: bool = False


class MonthItem(Struct, frozen=True, kw_only=True):
    """One month; without a correction nothing was posted in it."""

    month: str
    correction_id: str | None
    sums: SumsItem


class RepricingItem(Struct, frozen=True, kw_only=True):
    """A repricing: how far it is, and what each month came to once it is done."""

    id: UUID
    state: str
    period: str | None
    actor: str
    reason: str
    only_missing: bool
    dry_run: bool
    done: int
    total: int | None
    problem: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    months: list[MonthItem] | None = None


class RepricingApi:
    """The routes of repricings."""

    def __init__(self, pool: Pool, tasks: Tasks, work: RerateWork) -> None:
        self._pool = pool
        self._tasks = tasks
        self._work = work

    def routes(self) -> list[Route]:
        """All of them."""
        one = "/v1/repricings/{id}"
        return [
            Route(method="POST", path="/v1/repricings", handler=self._ask, body=Reprice, answer=RepricingItem,
                  status=202, takes=(IDEMPOTENCY_KEY,), gives=(LOCATION,),
                  summary="Price a period again by the published lists; what differs becomes new entries."),
            Route(method="GET", path=one, handler=self._show, answer=RepricingItem, errors=(404,), gives=(ETAG,),
                  summary="Show how far a repricing is, and what it came to."),
            Route(method="DELETE", path=one, handler=self._cancel, answer=RepricingItem, errors=(404,),
                  takes=(IF_MATCH,), gives=(ETAG,),
                  summary="Call a repricing off; months that are done stay so."),
        ]  # fmt: skip

    async def _ask(self, call: Call) -> Any:
        body: Reprice = call.body
        request = RepriceRequest(
            filters=self._work.dated(body.filter),
            reason=body.reason,
            only_missing=body.only_missing,
            dry_run=body.dry_run,
        )
        return await queued(self._pool, self._tasks, call, request)

    async def _show(self, call: Call) -> Answer:
        task = await self._tasks.get("reprice", id_of(call))
        return Answer(_item(task), headers={ETAG.name: task.etag})

    async def _cancel(self, call: Call) -> Answer:
        task = await self._tasks.cancel("reprice", id_of(call), if_match=call.if_match)
        return Answer(_item(task), headers={ETAG.name: task.etag})


async def queued(pool: Pool, tasks: Tasks, call: Call, request: RepriceRequest) -> Any:
    """Queues a repricing, once for each Idempotency-Key."""

    async def make(connection: Connection) -> Answer:
        task = await tasks.add(connection, "reprice", written(request), actor=call.actor)
        return Answer(_item(task), headers={LOCATION.name: f"/v1/repricings/{task.id}"})

    answer = await once(pool, call, make)
    tasks.wake()
    return answer


def _item(task: Task) -> RepricingItem:
    request = msgspec.convert(task.request, RepriceRequest)
    months = msgspec.convert(task.result["months"], list[MonthRepriced]) if task.result else None
    return RepricingItem(
        id=task.id,
        state=task.state,
        period=request.filters.period,
        actor=task.actor,
        reason=request.reason,
        only_missing=request.only_missing,
        dry_run=request.dry_run,
        done=task.done,
        total=task.total,
        problem=task.problem,
        created_at=task.created_at,
        started_at=task.started_at,
        ended_at=task.ended_at,
        months=[
            MonthItem(
                month=each.month,
                correction_id=None if each.correction_no is None else str(each.correction_no),
                sums=sums_item(each.sums),
            )
            for each in months
        ]
        if months is not None
        else None,
    )
