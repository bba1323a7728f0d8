"""What `/v1/corrections` shows: corrections, what they come to, and their entries; money as exact text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from services.accounting.amend.corrections import Done
from services.accounting.amend.effects import Effect, Sums
from services.accounting.amend.post import CorrectionKind
from services.accounting.http.line_items import Exact
from services.accounting.relay.charge_events import charge_id
from shared.money import format_micro


class SumsItem(Struct, frozen=True, kw_only=True):
    """What some lines count."""

    jobs: int
    lines: int
    cost: Exact
    price: Exact
    unpriced_lines: int


class EffectItem(Struct, frozen=True, kw_only=True):
    """The lines that change, before and after."""

    before: SumsItem
    after: SumsItem


class ProjectEffectItem(EffectItem, frozen=True, kw_only=True):
    """The same of one project; "" are lines without one."""

    project: str


class BookedItem(Struct, frozen=True, kw_only=True):
    """How many lines are booked in a month: their own, or the first open one."""

    month: str
    lines: int


class CorrectionResult(Struct, frozen=True, kw_only=True):
    """What a change did, or on a dry run would do.

    Attributes:
        id: of the correction; null on a dry run, and where all lines were in their new state already.
        lines: how many lines change.
        unchanged: how many of those chosen are in their new state already.
        projects: those whose price moves most, at most 100; `total` counts all of them.
    """

    id: str | None
    dry_run: bool
    kind: CorrectionKind
    actor: str
    reason: str
    made_at: datetime
    currency: str
    lines: int
    unchanged: int
    booked: list[BookedItem]
    total: EffectItem
    projects: list[ProjectEffectItem]


class CorrectionItem(Struct, frozen=True, kw_only=True):
    """One correction: who changed how many lines, when, why, and what was asked for."""

    id: str
    kind: str
    actor: str
    reason: str
    made_at: datetime
    lines: int
    undoes: str | None
    undone_by: str | None
    request: dict[str, Any]


class StateItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One state of a ledger line; without an amount it is unpriced, and a voided one counts nothing.

    Attributes:
        jobs: 1 of the line that counts its job; when it is voided, another line of the job begins to.
    """

    person: str
    project: str
    department: str
    billable: bool
    voided: bool
    jobs: int
    cost: Exact | None = None
    price: Exact | None = None


class EntryItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a correction: its ledger lines, and its states before and after."""

    charge_id: str
    job_id: UUID
    job_key: str
    day: date
    revision: int
    void_id: str | None = None
    new_id: str | None = None
    before: StateItem
    after: StateItem


class CorrectionDetail(CorrectionItem, frozen=True, kw_only=True):
    """A correction with a page of its entries, and the cursor of the next page."""

    entries: list[EntryItem]
    next: str | None


def result_of(done: Done, *, actor: str, reason: str, currency: str, dry_run: bool) -> CorrectionResult:
    """What a change came to."""
    effects = done.effects
    return CorrectionResult(
        id=None if done.correction_no is None else str(done.correction_no),
        dry_run=dry_run,
        kind=done.kind,
        actor=actor,
        reason=reason,
        made_at=done.made_at,
        currency=currency,
        lines=done.lines,
        unchanged=done.unchanged,
        booked=[BookedItem(month=each.month, lines=each.lines) for each in effects.months],
        total=EffectItem(**_sides(effects.total)),
        projects=[ProjectEffectItem(project=each.project, **_sides(each)) for each in effects.projects],
    )


def _sides(effect: Effect) -> dict[str, SumsItem]:
    return {"before": _sums(effect.before), "after": _sums(effect.after)}


def _sums(sums: Sums) -> SumsItem:
    return SumsItem(
        jobs=sums.jobs,
        lines=sums.lines,
        cost=format_micro(sums.cost_micro),
        price=format_micro(sums.price_micro),
        unpriced_lines=sums.unpriced_lines,
    )


def item_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a CorrectionItem, from a row of list_corrections."""
    numbers = {name: None if row[name] is None else str(row[name]) for name in ("undoes", "undone_by")}
    same = {name: row[name] for name in ("kind", "actor", "reason", "made_at", "lines", "request")}
    return {"id": str(row["correction_no"]), **same, **numbers}


def entry_of(row: Mapping[str, Any]) -> EntryItem:
    """One entry, from a row of list_entries."""
    entry, line = row["entry_id"], row["line"]
    return EntryItem(
        charge_id=charge_id(row["charge_entry_id"], line),
        job_id=row["job_id"],
        job_key=row["job_key"],
        day=row["day"],
        revision=row["revision"],
        void_id=None if row["was_voided"] else charge_id(entry, line),
        new_id=None if row["voided"] else charge_id(entry + 1, line),
        before=_state(row, "old_", voided=row["was_voided"]),
        after=_state(row, "", voided=row["voided"]),
    )


def _state(row: Mapping[str, Any], side: str, *, voided: bool) -> StateItem:
    money = {name: row[f"{side}{name}_micro"] for name in ("cost", "price")}
    return StateItem(
        person=row[f"{side}person"],
        project=row[f"{side}project"],
        department=row[f"{side}department"],
        billable=row[f"{side}billable"],
        voided=voided,
        jobs=0 if voided else row[f"{side}jobs"],
        **{name: None if micro is None else format_micro(micro) for name, micro in money.items()},
    )
