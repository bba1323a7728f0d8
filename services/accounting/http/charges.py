"""`/v1/jobs`, `/v1/charges` and why a charge is what it is."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta

from services.accounting.browse.charges import Charges, Explanation
from services.accounting.browse.lists import Lists, Row, Wanted
from services.accounting.filters import LineFilters, period_of
from services.accounting.http.line_items import (
    ChargeItem,
    CountedPage,
    JobItem,
    JobView,
    Totals,
    item,
    job_item,
    job_view,
)
from services.accounting.http.paging import Limit, from_cursor, to_cursor
from services.accounting.sorting import NEWEST_FIRST, Cursor, Sort
from shared.clock import Clock
from shared.errors import NotFound
from shared.http.headers import ETAG
from shared.http.problems import FieldError, Invalid
from shared.http.routes import DEFAULT_LIMIT, Answer, Call, Route

_JOBS: Final = """\
A job is listed when any of its lines is wanted. A filter that is given several times wants any of its values, and
an empty one those that name none. `period` is that of completion. Another order than by time, and totals, look
through the whole period: ask for a month rather than for all time."""
_CHARGES: Final = """\
All lines of the ledger as they were posted; a change of a line is two more, one that takes the state before back
and one that posts the state after, so that totals are plain sums. Filters are those of jobs."""


class ChargeQuery(LineFilters, frozen=True, kw_only=True):
    """Which ledger lines, in which order; `totals` asks for the sums over all of them."""

    sort: Sort = NEWEST_FIRST
    totals: bool = False
    limit: Limit = DEFAULT_LIMIT
    cursor: Annotated[str, Meta(max_length=2_000)] | None = None


class JobQuery(ChargeQuery, frozen=True, kw_only=True):
    """Which jobs; `voided` leaves those of which nothing counts any more, or all others.

    Without it, jobs that a source took back are left out: another one stands in their place.
    """

    voided: bool | None = None


class ChargeApi:
    """The routes that read the ledger."""

    def __init__(self, charges: Charges, lists: Lists, clock: Clock, *, timezone: str) -> None:
        self._charges = charges
        self._lists = lists
        self._clock = clock
        self._timezone = timezone

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(method="GET", path="/v1/jobs", handler=self._jobs, query=JobQuery, answer=CountedPage[JobItem],
                  summary="List jobs, the last completed first.", description=_JOBS),
            Route(method="GET", path="/v1/jobs/{id}", handler=self._job, answer=JobView, errors=(404,),
                  gives=(ETAG,), summary="Show one job with its lines and all that happened to them."),
            Route(method="GET", path="/v1/charges", handler=self._list, query=ChargeQuery,
                  answer=CountedPage[ChargeItem], summary="List ledger lines, the last completed first.",
                  description=_CHARGES),
            Route(method="GET", path="/v1/charges/{id}/explain", handler=self._explain, answer=Explanation,
                  errors=(404,), summary="Explain how a charge came about, term by term."),
        ]  # fmt: skip

    async def _jobs(self, call: Call) -> CountedPage[JobItem]:
        query: JobQuery = call.query
        rows, totals = await self._lists.jobs(self._wanted(query, voided=query.voided))
        return _page(query, rows, [job_item(row) for row in rows[: query.limit]], totals)

    async def _job(self, call: Call) -> Answer:
        """The entity tag counts the changes of all lines: each makes it another one."""
        try:
            job_id = UUID(call.path["id"])
        except ValueError:
            raise NotFound(f"{call.path['id']!r} is no job id: take it from GET /v1/jobs.") from None
        job, lines, history = await self._lists.job(job_id)
        return Answer(job_view(job, lines, history), headers={"ETag": f'"{job["revisions"]}"'})

    async def _list(self, call: Call) -> CountedPage[ChargeItem]:
        query: ChargeQuery = call.query
        rows, totals = await self._lists.charges(self._wanted(query))
        return _page(query, rows, [item(ChargeItem, row) for row in rows[: query.limit]], totals)

    async def _explain(self, call: Call) -> Explanation:
        return await self._charges.explain(call.path["id"])

    def _wanted(self, query: ChargeQuery, *, voided: bool | None = None) -> Wanted:
        after = from_cursor(query.cursor, Cursor)
        if after is not None and after.sort != query.sort:
            raise Invalid([FieldError(pointer="cursor", detail=f"is of a list that is sorted by {after.sort}")])
        return Wanted(
            filters=query,
            period=period_of(query, now=self._clock.now(), timezone=self._timezone),
            sort=query.sort,
            limit=query.limit,
            after=after,
            voided=voided,
            totals=query.totals,
        )


def _page(query: ChargeQuery, rows: list[Row], items: list[Any], totals: Row | None) -> CountedPage[Any]:
    counted = {"totals": item(Totals, totals)} if totals is not None else {}
    if len(rows) <= query.limit:
        return CountedPage(items, None, **counted)
    last = rows[query.limit - 1]
    key = None if last["sort_key"] is None else str(last["sort_key"])
    place = to_cursor(query.sort, key, str(last["job_id"]), last.get("line", 0), last.get("entry_id", 0))
    return CountedPage(items, place, **counted)
