"""`/v1/reservations`: what was authorised, and what it still reserves in budgets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from services.accounting.budgets.reservations import Reservation, Reservations, State
from services.accounting.http.paging import Page, PageQuery, from_cursor, to_cursor
from shared.http.routes import Call, Route
from shared.money import format_micro

Filter = Annotated[str, Meta(max_length=1_000)]


class ReservationQuery(PageQuery, frozen=True, kw_only=True):
    """Which authorisations; only those in the state `reserved` count in budgets."""

    state: State | None = None
    person: Filter | None = None
    project: Filter | None = None
    department: Filter | None = None


class ReservationItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One authorisation: its estimate is reserved until the job is charged (`job_id`) or it expires."""

    authorization_id: str
    decision: str
    state: State
    decided_at: datetime
    expires_at: datetime
    printer: str = ""
    person: str = ""
    project: str = ""
    department: str = ""
    estimate: Annotated[str, Meta(description="An exact decimal number.")]
    currency: str
    job_id: UUID | None = None
    reason: str = ""


class ReservationApi:
    """The route of reservations."""

    def __init__(self, reservations: Reservations, *, currency: str) -> None:
        self._reservations = reservations
        self._currency = currency

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(method="GET", path="/v1/reservations", handler=self._list, query=ReservationQuery,
                  answer=Page[ReservationItem], summary="List authorisations, the last decided first."),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Page[ReservationItem]:
        query: ReservationQuery = call.query
        found = await self._reservations.page(
            limit=query.limit + 1,
            after=from_cursor(query.cursor, tuple[datetime, str]),
            state=query.state,
            person=query.person,
            project=query.project,
            department=query.department,
        )
        shown = found[: query.limit]
        more = len(found) > query.limit
        cursor = to_cursor(shown[-1].decided_at.isoformat(), shown[-1].authorization_id) if more else None
        return Page([self._item(each) for each in shown], cursor)

    def _item(self, each: Reservation) -> ReservationItem:
        return ReservationItem(
            authorization_id=each.authorization_id,
            decision=each.decision,
            state=each.state,
            decided_at=each.decided_at,
            expires_at=each.expires_at,
            printer=each.printer,
            person=each.person,
            project=each.project,
            department=each.department,
            estimate=format_micro(each.estimate_micro),
            currency=self._currency,
            job_id=each.job_id,
            reason=each.reason,
        )
