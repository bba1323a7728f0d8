"""What lists of jobs and of ledger lines show, over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")
Exact = Annotated[str, Meta(description="An exact decimal number.")]


class Totals(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums over everything that the filters want, whatever page is shown.

    Of jobs these are the sums of the jobs' current state. Of ledger lines they are plain sums over all `entries`,
    in which a line that takes another back counts backwards: `jobs` and `lines` are those of which any is left.
    """

    jobs: int
    lines: int
    entries: int | None = None
    printed_area_m2: Exact
    used_area_m2: Exact
    ink_ml: Exact
    impressions: int
    sheets: int
    cost: Exact
    price: Exact
    unpriced_lines: int


class CountedPage(Struct, Generic[T], frozen=True):
    """One page, the cursor of the next one (null on the last), and the totals where they were asked for."""

    items: list[T]
    next: str | None
    totals: Totals | UnsetType = UNSET


class JobItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One job in its current state; what no source told is absent, and so is an amount that nothing has.

    `voided`: no line of it counts any more. `amended`: something was changed since it was posted.
    """

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
    submitted_at: datetime | None = None
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
    voided: bool = False
    amended: bool = False
    first_charge_id: str


class JobLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a job in its current state.

    `revision` counts its changes, `state_id` is the ledger line that made this state. What is void counts 0.
    """

    charge_id: str
    state_id: str
    line: int
    line_kind: str
    revision: int
    voided: bool
    state_at: datetime
    person: str
    project: str
    department: str
    billable: bool
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


class ChargeItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the ledger; without `cost` or `price` it is unpriced, and the rule says why.

    A change is two lines: one takes the state before back (entry kind void, all quantities negative), the other
    posts the state after. `day` is the day that both are booked on, `follows` the ledger line that they follow.
    """

    charge_id: str
    entry_kind: str
    follows: str | None = None
    job_id: UUID
    line: int
    completed_at: datetime
    posted_at: datetime
    day: date
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
    correction_id: int | None = None
    actor: str | None = None
    reason: str | None = None


class JobView(JobItem, frozen=True, kw_only=True, omit_defaults=True):
    """One job with its lines as they are now, and every ledger line of it in the order they were posted."""

    line_items: list[JobLine]
    history: list[ChargeItem]


_EXACT: Final = frozenset({"printed_area_m2", "used_area_m2", "ink_ml", "cost", "price"})
_STRUCT = TypeVar("_STRUCT", bound=Struct)


def item(kind: type[_STRUCT], row: Mapping[str, Any], **more: Any) -> _STRUCT:
    """A row as one of these, its exact numbers as plain decimal text."""
    values = {name: row[name] for name in kind.__struct_fields__ if name in row}
    return kind(**{name: _text(name, value) for name, value in values.items()}, **more)


def _text(name: str, value: Any) -> Any:
    return f"{value:f}" if name in _EXACT and value is not None else value


def job_item(row: Mapping[str, Any]) -> JobItem:
    """A job of a list."""
    return item(JobItem, row, amended=row["revisions"] > 0)


def job_view(row: Mapping[str, Any], lines: list[dict[str, Any]], history: list[dict[str, Any]]) -> JobView:
    """One job whole."""
    return item(
        JobView,
        row,
        amended=row["revisions"] > 0,
        line_items=[item(JobLine, each) for each in lines],
        history=[item(ChargeItem, each) for each in history],
    )
