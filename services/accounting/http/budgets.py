"""`/v1/budgets`: what may be charged to whom, and how much of it is used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from services.accounting.budgets.budget import (
    DEFAULT_THRESHOLDS,
    Length,
    OwnerKind,
    day_of,
    last_day_of,
    left_micro,
    percent_of,
    reached,
    wrong_days,
    wrong_thresholds,
)
from services.accounting.budgets.store import Budgets, BudgetUse, StoredBudget, load_uses
from services.accounting.http.paging import Page, PageQuery, from_cursor, page_of
from services.accounting.http.texts import code_of
from services.accounting.idempotency import Connection, once
from shared.clock import Clock
from shared.errors import NotFound
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Answer, Call, Route
from shared.money import format_micro, micro_of

MAX_ID = 2**63 - 1
MAX_DIGITS = 19
MAX_THRESHOLDS = 20
Money = Annotated[str, Meta(pattern=r"^\d{1,12}(\.\d{1,6})?$", description="An exact decimal, such as 1250.00.")]
Percent = Annotated[int, Meta(ge=1, le=1_000)]
Thresholds = Annotated[list[Percent], Meta(max_length=MAX_THRESHOLDS)]


class BudgetQuery(PageQuery, frozen=True, kw_only=True):
    """Whose budgets, and on which day's window to look; today's without."""

    owner_kind: OwnerKind | None = None
    owner: Annotated[str, Meta(max_length=200)] | None = None
    active: bool | None = None
    day: date | None = None


class DayQuery(Struct, frozen=True):
    """On which day's window to look; today's without."""

    day: date | None = None


class BudgetChange(Struct, frozen=True, kw_only=True):
    """What a budget allows.

    Attributes:
        hard: whether jobs beyond it are held back; a soft budget only tells.
        thresholds: percent at which it tells.
        valid_from: the first day that counts.
        valid_until: the first day that no longer counts.
    """

    period: Length
    amount: Money
    hard: bool = False
    thresholds: Thresholds = msgspec.field(default_factory=lambda: list(DEFAULT_THRESHOLDS))
    valid_from: date | None = None
    valid_until: date | None = None
    active: bool = True


class BudgetBody(BudgetChange, frozen=True, kw_only=True):
    """What a budget is: whose it is never changes."""

    owner_kind: OwnerKind
    owner: Annotated[str, Meta(min_length=1, max_length=200)]


class Usage(Struct, frozen=True, kw_only=True):
    """How much of a budget is taken in one window; null on an open side.

    Attributes:
        used: what was charged, in the price book.
        reserved: what is held for jobs that were allowed and are not charged yet.
        reached: the thresholds that both together have reached.
    """

    first_day: date | None
    last_day: date | None
    used: str
    reserved: str
    left: str
    percent: str
    reached: list[int]


class BudgetItem(BudgetBody, frozen=True, kw_only=True):
    """A budget with its use."""

    id: int
    currency: str
    changed_at: datetime
    changed_by: str
    usage: Usage


class BudgetState(BudgetBody, frozen=True, kw_only=True):
    """What a budget was since a moment; `removed` is the last that is told of it."""

    changed_at: datetime
    changed_by: str
    removed: bool


class BudgetHistory(Struct, frozen=True):
    """Every state of one budget, the newest first."""

    items: list[BudgetState]


class BudgetApi:
    """The routes of budgets."""

    def __init__(self, store: Budgets, clock: Clock, *, currency: str, timezone: str) -> None:
        self._store = store
        self._clock = clock
        self._currency = currency
        self._zone = ZoneInfo(timezone)

    def routes(self) -> list[Route]:
        """All of them."""
        many, one = "/v1/budgets", "/v1/budgets/{id}"
        return [
            Route(method="GET", path=many, handler=self._list, query=BudgetQuery, answer=Page[BudgetItem],
                  summary="List budgets with what is used of each, a page in the order they were made."),
            Route(method="POST", path=many, handler=self._create, body=BudgetBody, answer=BudgetItem, status=201,
                  errors=(409,), takes=(IDEMPOTENCY_KEY,), gives=(ETAG, LOCATION), summary="Make a budget."),
            Route(method="GET", path=one, handler=self._show, query=DayQuery, answer=BudgetItem, errors=(404,),
                  gives=(ETAG,), summary="Show one budget: what is used, reserved and left in its period."),
            Route(method="PUT", path=one, handler=self._change, body=BudgetChange, answer=BudgetItem,
                  errors=(404, 409), takes=(IF_MATCH,), gives=(ETAG,), summary="Change a budget."),
            Route(method="DELETE", path=one, handler=self._remove, status=204, errors=(404,), takes=(IF_MATCH,),
                  summary="Remove a budget; its history stays."),
            Route(method="GET", path=f"{one}/history", handler=self._history, answer=BudgetHistory, errors=(404,),
                  summary="Show every state that a budget had, also of one that was removed."),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Page[BudgetItem]:
        query: BudgetQuery = call.query
        after = from_cursor(query.cursor, tuple[int])
        found = await self._store.page(
            after=after[0] if after else 0,
            limit=query.limit + 1,
            owner_kind=query.owner_kind,
            owner=query.owner,
            active=query.active,
        )
        items = await self._items(found[: query.limit], query.day)
        return page_of(found, items, query.limit, "id")

    async def _create(self, call: Call) -> Any:
        body: BudgetBody = call.body
        values = {"owner_kind": body.owner_kind, "owner": code_of(body.owner, "/owner"), **_values(body)}

        async def make(connection: Connection) -> Answer:
            made = await self._store.create(connection, values, by=call.actor)
            today = self._today()
            use = (await load_uses(connection, [made], today, today=today))[made.id]
            headers = {"ETag": made.etag, "Location": f"/v1/budgets/{made.id}"}
            return Answer(self._item(made, use), status=201, headers=headers)

        return await once(self._store.pool, call, make)

    async def _show(self, call: Call) -> Answer:
        return await self._answer(await self._store.get(_id(call)), call.query.day)

    async def _change(self, call: Call) -> Answer:
        changed = await self._store.change(_id(call), _values(call.body), by=call.actor, if_match=call.if_match)
        return await self._answer(changed, None)

    async def _remove(self, call: Call) -> None:
        await self._store.remove(_id(call), by=call.actor, if_match=call.if_match)

    async def _history(self, call: Call) -> BudgetHistory:
        found = await self._store.history(_id(call))
        return BudgetHistory(
            [
                BudgetState(
                    **_shown(each), changed_at=each.changed_at, changed_by=each.changed_by, removed=each.removed
                )
                for each in found
            ]
        )

    async def _answer(self, budget: StoredBudget, day: date | None) -> Answer:
        (item,) = await self._items([budget], day)
        return Answer(item, headers={"ETag": budget.etag})

    async def _items(self, budgets: Sequence[StoredBudget], day: date | None) -> list[BudgetItem]:
        today = self._today()
        uses = await self._store.uses(budgets, day or today, today=today)
        return [self._item(each, uses[each.id]) for each in budgets]

    def _item(self, budget: StoredBudget, of_window: BudgetUse) -> BudgetItem:
        window, use = of_window.window, of_window.use
        usage = Usage(
            first_day=window.first_day,
            last_day=last_day_of(window),
            used=format_micro(use.used_micro),
            reserved=format_micro(use.reserved_micro),
            left=format_micro(left_micro(budget, use)),
            percent=percent_of(budget, use),
            reached=reached(budget, use.taken_micro),
        )
        return BudgetItem(
            **_shown(budget),
            id=budget.id,
            currency=self._currency,
            changed_at=budget.changed_at,
            changed_by=budget.changed_by,
            usage=usage,
        )

    def _today(self) -> date:
        return day_of(self._clock.now(), self._zone)


def _shown(budget: StoredBudget) -> dict[str, Any]:
    return {
        **{name: getattr(budget, name) for name in BudgetBody.__struct_fields__ if name != "amount"},
        "amount": format_micro(budget.amount_micro, digits=2),
        "thresholds": list(budget.thresholds),
    }


def _values(body: BudgetChange) -> dict[str, Any]:
    """What the store keeps of a body.

    Raises:
        Invalid: the amount is nothing, thresholds do not rise, or it ends before it begins.
    """
    errors = []
    amount_micro = micro_of(body.amount)
    if amount_micro == 0:
        detail = "must be more than nothing: to let nothing be charged, set the owner's active to false"
        errors.append(FieldError("/amount", detail))
    if why := wrong_thresholds(body.thresholds):
        errors.append(FieldError("/thresholds", why))
    if why := wrong_days(body.valid_from, body.valid_until):
        errors.append(FieldError("/valid_until", why))
    if errors:
        raise Invalid(errors)
    values = {name: value for name, value in msgspec.structs.asdict(body).items() if name in _KEPT}
    return {**values, "amount_micro": amount_micro}


_KEPT = {"period", "hard", "thresholds", "valid_from", "valid_until", "active"}


def _id(call: Call) -> int:
    text = call.path["id"]
    if not (text.isascii() and text.isdecimal()) or len(text) > MAX_DIGITS or int(text) > MAX_ID:
        raise NotFound(f"There is no budget {text!r:.80}.")
    return int(text)
