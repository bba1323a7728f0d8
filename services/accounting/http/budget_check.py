"""`/v1/budgets/check`: what the authenticator asks before a job prints."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from services.accounting.budgets.budget import Length, OwnerKind, day_of, is_valid
from services.accounting.budgets.check import Finding, State, check
from services.accounting.budgets.owners import budgets_of, charged_along
from services.accounting.budgets.store import load_uses
from services.accounting.http.budgets import Money
from shared.clock import Clock
from shared.http.routes import Call, Route
from shared.money import format_micro, micro_of
from shared.postgres import Pool, classified

Code = Annotated[str, Meta(max_length=1_000, pattern=r"^[^\x00]*$")]


class CheckBody(Struct, frozen=True, kw_only=True):
    """A job to be; without a department that of the person counts, without a customer that of the project."""

    estimate: Money
    person: Code = ""
    project: Code = ""
    department: Code = ""
    customer: Code = ""


class CheckedBudget(Struct, frozen=True, kw_only=True):
    """What one budget says."""

    id: int
    owner_kind: OwnerKind
    owner: str
    period: Length
    hard: bool
    decision: Literal["allow", "warn", "deny"]
    limit: str
    used: str
    reserved: str
    words: str


class CheckAnswer(Struct, frozen=True, kw_only=True):
    """The decision, the budget that decides (null where all have room), and what each says."""

    decision: Literal["allow", "warn", "deny"]
    currency: str
    words: str
    decided_by: CheckedBudget | None
    budgets: list[CheckedBudget]


class BudgetCheckApi:
    """The route of the check; it reserves nothing and changes nothing."""

    def __init__(self, pool: Pool, clock: Clock, *, currency: str, zone: ZoneInfo) -> None:
        self._pool = pool
        self._clock = clock
        self._currency = currency
        self._zone = zone

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(method="POST", path="/v1/budgets/check", handler=self._check, body=CheckBody, answer=CheckAnswer,
                  summary="Ask the budgets whether a job may be printed; nothing is reserved by asking."),
        ]  # fmt: skip

    async def _check(self, call: Call) -> CheckAnswer:
        body: CheckBody = call.body
        answer = check(await self._states(body), micro_of(body.estimate), currency=self._currency)
        decided_by = answer.decided_by
        return CheckAnswer(
            decision=answer.verdict,
            currency=self._currency,
            words=decided_by.words if decided_by else "All budgets have room for it.",
            decided_by=_shown(decided_by) if decided_by else None,
            budgets=[_shown(each) for each in answer.findings],
        )

    async def _states(self, body: CheckBody) -> list[State]:
        """The valid budgets of all that the job would be charged to, as they stand now."""
        today = day_of(self._clock.now(), self._zone)
        told = {("person", body.person), ("project", body.project)}
        told |= {("department", body.department), ("customer", body.customer)}
        with classified():
            async with self._pool.connection() as connection:
                along = await charged_along(
                    connection,
                    projects=[] if body.customer else [body.project],
                    people=[] if body.department else [body.person],
                )
                budgets = [each for each in await budgets_of(connection, told | along) if is_valid(each, today)]
                uses = await load_uses(connection, budgets, today, today=today)
        return [State(each, uses[each.id].use) for each in budgets]


def _shown(finding: Finding) -> CheckedBudget:
    budget, use = finding.budget, finding.use
    return CheckedBudget(
        id=budget.id,
        owner_kind=budget.owner_kind,
        owner=budget.owner,
        period=budget.period,
        hard=budget.hard,
        decision=finding.verdict,
        limit=format_micro(budget.amount_micro),
        used=format_micro(use.used_micro),
        reserved=format_micro(use.reserved_micro),
        words=finding.words,
    )
