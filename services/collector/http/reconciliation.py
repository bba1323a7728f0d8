"""HTTP of counters and their jobs: GET /v1/printers/{id}/reconciliation."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from services.collector.reconcile.balance import SCALE, Account, Note, Point, quantity_of
from services.collector.reconcile.store import AccountStore
from services.collector.registry.registry import Registry
from shared.http.routes import Call, Route

Standing = Literal["balanced", "waiting", "unknown", "ahead"]
_DESCRIPTION: Final = """\
All amounts are in the counter's own unit. `counted` is what the counter has grown by since its base, `told` what
jobs told since then, `unknown` what is booked on Unknown, `waiting` what is open and may yet be told by jobs.
`ahead` is by how much the jobs are ahead of the counter, `drift` by how much they were before."""


class UnknownView(Struct, frozen=True, kw_only=True):
    """One booking on Unknown that stands."""

    job_id: str
    amount: int
    completed_at: datetime


class CounterView(Struct, frozen=True, kw_only=True):
    """How one counter stands against the jobs of its device."""

    counter: str
    unit: str
    standing: Standing
    base: Point
    last: Point
    counted: int
    jobs: int
    told: int
    unknown: int
    waiting: int
    waiting_since: datetime | None
    ahead: int
    drift: int
    bookings: list[UnknownView]
    notes: list[Note]


class Reconciliation(Struct, frozen=True):
    """The counters of a printer that jobs are set against; none while no device reading has told one."""

    printer: str
    items: list[CounterView]


class ReconciliationApi:
    """Answers from PostgreSQL, where the collector that reads a device writes how it stands."""

    def __init__(self, registry: Registry, accounts: AccountStore) -> None:
        self._registry = registry
        self._accounts = accounts

    def routes(self) -> list[Route]:
        """The routes to serve."""
        return [
            Route(
                method="GET",
                path="/v1/printers/{id}/reconciliation",
                handler=self.one,
                summary="How a printer's counter stands against its jobs, and what is booked on Unknown.",
                description=_DESCRIPTION,
                answer=Reconciliation,
                errors=(404,),
            )
        ]

    async def one(self, call: Call) -> Reconciliation:
        """A printer's counters."""
        printer = self._registry.get(call.path["id"])
        account = await self._accounts.of_printer(printer.id)
        return Reconciliation(printer.id, [counter_view(account)] if account else [])


def counter_view(account: Account) -> CounterView:
    """An account in the counter's own unit."""
    scale = SCALE[account.unit]
    waiting = account.waiting.amount if account.waiting else 0
    return CounterView(
        counter=account.counter,
        unit=account.unit,
        standing=_standing(account),
        base=account.base,
        last=account.last,
        counted=account.last.value - account.base.value,
        jobs=account.sums.jobs,
        told=getattr(account.sums, quantity_of(account.unit)) // scale,
        unknown=account.unknown // scale,
        waiting=waiting // scale,
        waiting_since=account.waiting.since if account.waiting else None,
        ahead=account.ahead // scale,
        drift=account.drift // scale,
        bookings=[
            UnknownView(
                job_id=str(each.told.job.id), amount=each.amount // scale, completed_at=each.told.completed_at
            )
            for each in account.bookings
            if each.amount
        ],
        notes=list(account.notes),
    )


def _standing(account: Account) -> Standing:
    if account.waiting:
        return "waiting"
    if account.ahead:
        return "ahead"
    return "unknown" if account.unknown else "balanced"
