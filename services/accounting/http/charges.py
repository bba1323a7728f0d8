"""`/v1/jobs`, `/v1/charges` and why a charge is what it is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from services.accounting.charges import Charges, Explanation
from services.accounting.http.paging import Page, PageQuery, from_cursor, to_cursor
from shared.clock import Clock
from shared.events.jobs import EARLIEST, LATEST
from shared.http.routes import Call, Route
from shared.ids import first_job_id
from shared.periods import parse_period

Filter = Annotated[str, Meta(max_length=1_000)]
Exact = Annotated[str, Meta(description="An exact decimal number.")]


class JobQuery(PageQuery, frozen=True, kw_only=True):
    """Which jobs; `unpriced` leaves only those with a line that lacks a cost or a price."""

    period: Filter | None = None
    printer: Filter | None = None
    person: Filter | None = None
    project: Filter | None = None
    unpriced: bool = False


class ChargeQuery(JobQuery, frozen=True, kw_only=True):
    """Which ledger lines."""

    job: UUID | None = None


class JobItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One job with the sums of its lines; what no source told is absent, and so is an amount that nothing has."""

    job_id: UUID
    job_key: str
    device_job_id: str | None = None
    title: str | None = None
    source: str
    printer: str
    printer_name: str
    person: str
    project: str | None = None
    department: str | None = None
    billable: bool | None = None
    kind: str | None = None
    outcome: str | None = None
    copies: int | None = None
    lines: int
    completed_at: datetime
    posted_at: datetime
    printed_area_m2: Exact | None = None
    used_area_m2: Exact | None = None
    ink_ml: Exact | None = None
    impressions: int | None = None
    sheets: int | None = None
    cost: Exact | None = None
    price: Exact | None = None
    unpriced_lines: int | None = None
    first_charge_id: str


class ChargeItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the ledger; without `cost` or `price` it is unpriced, and the rule says why."""

    charge_id: str
    entry_kind: str
    job_id: UUID
    line: int
    completed_at: datetime
    posted_at: datetime
    printer: str
    printer_name: str
    person: str
    project: str
    department: str
    billable: bool
    kind: str
    outcome: str
    media: str
    category: str
    printed_area_m2: Exact | None = None
    used_area_m2: Exact | None = None
    ink_ml: Exact | None = None
    impressions: int | None = None
    sheets: int | None = None
    cost: Exact | None = None
    cost_rule: str
    price: Exact | None = None
    price_rule: str


_LAST_ID: Final = (1 << 128) - 1
_EXACT: Final = ("printed_area_m2", "used_area_m2", "ink_ml", "cost", "price")


class ChargeApi:
    """The routes that read the ledger."""

    def __init__(self, charges: Charges, clock: Clock, *, timezone: str) -> None:
        self._charges = charges
        self._clock = clock
        self._timezone = timezone

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(method="GET", path="/v1/jobs", handler=self._jobs, query=JobQuery, answer=Page[JobItem],
                  summary="List jobs, the last completed first."),
            Route(method="GET", path="/v1/charges", handler=self._list, query=ChargeQuery, answer=Page[ChargeItem],
                  summary="List ledger lines, the last completed first."),
            Route(method="GET", path="/v1/charges/{id}/explain", handler=self._explain, answer=Explanation,
                  errors=(404,), summary="Explain how a charge came about, term by term."),
        ]  # fmt: skip

    async def _jobs(self, call: Call) -> Page[JobItem]:
        query: JobQuery = call.query
        after = from_cursor(query.cursor, tuple[UUID])
        rows = await self._charges.page("list_jobs", self._filters(query, before=after[0] if after else None))
        items = [JobItem(**_texts(row)) for row in rows]
        return _page(items, query.limit, lambda last: (str(last.job_id),))

    async def _list(self, call: Call) -> Page[ChargeItem]:
        query: ChargeQuery = call.query
        after = from_cursor(query.cursor, tuple[UUID, int]) or (None, None)
        place = {"after_id": after[0], "after_line": after[1]}
        filters = self._filters(query, before=_next_id(after[0]), job=query.job)
        rows = await self._charges.page("list_charges", {**filters, **place})
        items = [ChargeItem(**_texts(row)) for row in rows]
        return _page(items, query.limit, lambda last: (str(last.job_id), last.line))

    async def _explain(self, call: Call) -> Explanation:
        return await self._charges.explain(call.path["id"])

    def _filters(self, query: JobQuery, *, before: UUID | None, job: UUID | None = None) -> dict[str, Any]:
        """The parameters of both lists: all that can be said as bounds on job ids is, as the index is on those.

        So a page far down reads no more than the first one, and one job's charges are found at once.
        """
        period = (
            parse_period(query.period, now=self._clock.now(), timezone=self._timezone) if query.period else None
        )
        firsts = [first_job_id(period.start if period else EARLIEST), job]
        ends = [first_job_id(period.end if period else LATEST), before, _next_id(job)]
        return {
            "first_id": max(each for each in firsts if each),
            "end_id": min(each for each in ends if each),
            "printer": query.printer,
            "person": query.person,
            "project": query.project,
            "unpriced": query.unpriced,
            "limit": query.limit + 1,
        }


def _next_id(job_id: UUID | None) -> UUID | None:
    """The id after a job's, as the end of a range that includes it; ids of years so late are none of ours."""
    return UUID(int=min(job_id.int + 1, _LAST_ID)) if job_id else None


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its exact numbers as plain decimal text."""
    return {name: f"{value:f}" if name in _EXACT and value is not None else value for name, value in row.items()}


def _page(items: list[Any], limit: int, key: Any) -> Page[Any]:
    shown = items[:limit]
    return Page(shown, to_cursor(*key(shown[-1])) if len(items) > limit else None)
