"""Alerts of budgets: each threshold of an amount once per period, for the owners whom a batch charged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from services.accounting.aggregates.alerts import alert_id
from services.accounting.aggregates.counting import ALERTED_FOR, Batch
from services.accounting.budgets.budget import Budget, day_of, is_valid, reached
from services.accounting.budgets.owners import budgets_of, charged_along
from services.accounting.budgets.store import BudgetUse, load_uses
from shared.clock import Clock
from shared.events import AlertRaised
from shared.events.alerts import BudgetEvidence
from shared.events.charges import ChargePerson
from shared.money import format_micro
from shared.postgres import Pool, classified

MAX_DAYS: Final = 8
"""Days of a batch whose windows are looked at, the last ones; beyond them lies history."""


class BudgetWatch:
    """Looks at budgets in PostgreSQL: what is used is what the ledger's rollups say, and no count of our own."""

    def __init__(self, pool: Pool, clock: Clock, *, currency: str) -> None:
        self._pool = pool
        self._clock = clock
        self._currency = currency

    async def find(self, batch: Batch) -> list[AlertRaised]:
        """The thresholds that the owners of a batch have reached; those that were told before are among them.

        Raises:
            Retry: the database is not there.
        """
        now = self._clock.now()
        today = day_of(now, batch.zone)
        oldest = today - ALERTED_FOR - timedelta(days=MAX_DAYS)
        days = sorted({today, *(day for day in batch.owners.days if day > oldest)})[-MAX_DAYS:]
        told = batch.owners.codes
        projects = [code for kind, code in told if kind == "project" and code]
        with classified():
            async with self._pool.connection() as connection:
                owners = told | await charged_along(connection, projects=projects, people=[])
                budgets = await budgets_of(connection, owners)
                found: dict[str, AlertRaised] = {}
                for day in days if budgets else []:
                    valid = [each for each in budgets if is_valid(each, day)]
                    uses = await load_uses(connection, valid, day, today=today)
                    for budget in valid:
                        for alert in alerts_of(budget, uses[budget.id], day, now=now, currency=self._currency):
                            found[alert.id] = alert
        return list(found.values())


def alerts_of(
    budget: Budget, state: BudgetUse, day: date, *, now: datetime, currency: str
) -> Iterator[AlertRaised]:
    """An alert for each threshold that is reached in a day's window; its id names both, and the amount. Pure."""
    use = state.use
    period = period_text(budget, day)
    for threshold in reached(budget, use.taken_micro):
        percent = use.taken_micro * 100 // budget.amount_micro
        used, reserved, limit = map(format_micro, (use.used_micro, use.reserved_micro, budget.amount_micro))
        of_person = budget.owner_kind == "person"
        whose = "of a person" if of_person else f"of {budget.owner_kind} {budget.owner}"
        yield AlertRaised(
            id=alert_id("budget", budget.id, state.window.first_day, threshold, budget.amount_micro),
            kind="budget_threshold",
            subject=f"budget/{budget.id}",
            words=(
                f"Budget {budget.id} {whose} has reached {threshold} % in {period}: of {limit} {currency} "
                f"{used} are used and {reserved} reserved."
            ),
            person=ChargePerson(claimed=budget.owner) if of_person else None,
            occurred_at=now,
            budget=BudgetEvidence(
                budget=str(budget.id),
                owner=budget.owner_kind,
                code="" if of_person else budget.owner,
                period=period,
                used=used,
                reserved=reserved,
                limit=limit,
                currency=currency,
                percent=percent,
                threshold=threshold,
                hard=budget.hard,
            ),
        )


def period_text(budget: Budget, day: date) -> str:
    """The calendar period that a day lies in: 2026-11, 2026-Q4, 2026, or total."""
    match budget.period:
        case "month":
            return f"{day:%Y-%m}"
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case "year":
            return f"{day.year}"
        case _:
            return "total"
