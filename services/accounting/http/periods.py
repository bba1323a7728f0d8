"""`/v1/periods`: the months of the ledger, and closing them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from services.accounting.http.line_items import Exact
from services.accounting.http.paging import Page, PageQuery, from_cursor, page_of
from services.accounting.periods import Late, Month, Periods, month_of
from shared.http.routes import Call, Route


class LateItem(Struct, frozen=True, kw_only=True):
    """What came after a month was closed and belongs to its jobs, but is booked later; signed."""

    lines: int
    jobs: int
    cost: Exact
    price: Exact


class PeriodItem(Struct, frozen=True, kw_only=True):
    """One month with what is booked in it; `late` only of a closed one."""

    month: str
    state: str
    closed_at: datetime | None
    actor: str | None
    jobs: int
    cost: Exact
    price: Exact
    unpriced_lines: int
    late: LateItem | None


class PeriodApi:
    """The routes of months."""

    def __init__(self, periods: Periods) -> None:
        self._periods = periods

    def routes(self) -> list[Route]:
        """Both of them."""
        return [
            Route(method="GET", path="/v1/periods", handler=self._list, query=PageQuery, answer=Page[PeriodItem],
                  summary="List the months of the ledger, the newest first, open or closed, with their totals."),
            Route(method="POST", path="/v1/periods/{month}/close", handler=self._close, answer=PeriodItem,
                  errors=(409,),
                  summary="Close a month: what comes later is booked in the next one. Twice is once."),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Page[PeriodItem]:
        after = from_cursor(call.query.cursor, tuple[str])
        limit = call.query.limit
        found = await self._periods.page(before=month_of(after[0]) if after else None, limit=limit + 1)
        return page_of(found, [_item(each) for each in found], limit, "month")

    async def _close(self, call: Call) -> PeriodItem:
        return _item(await self._periods.close(call.path["month"], actor=call.actor))


def _item(month: Month) -> PeriodItem:
    return PeriodItem(
        month=month.month,
        state=month.state,
        closed_at=month.closed_at,
        actor=month.actor,
        jobs=month.jobs,
        cost=f"{month.cost:f}",
        price=f"{month.price:f}",
        unpriced_lines=month.unpriced_lines,
        late=_late(month.late) if month.late else None,
    )


def _late(late: Late) -> LateItem:
    return LateItem(lines=late.lines, jobs=late.jobs, cost=f"{late.cost:f}", price=f"{late.price:f}")
