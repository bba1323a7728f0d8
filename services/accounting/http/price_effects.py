"""How the effect of a draft on last month's jobs looks over HTTP: amounts as booked and as they would be."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from msgspec import Struct

from services.accounting.pricing.entries import Book
from services.accounting.rerate.draft_effects import DraftEffect
from services.accounting.rerate.effect import Sums
from shared.money import format_micro

MAX_ROWS: Final = 10
"""Rows told by project, printer and category: those with the largest difference."""


class EffectSums(Struct, frozen=True, kw_only=True):
    """Sums over lines, in the book of the draft.

    Attributes:
        changed: lines whose amount would be another one.
        before: the amount as it is booked.
        after: the amount by the draft.
        newly_unpriced: lines that have an amount and would have none.
        newly_priced: lines that have none and would have one.
    """

    lines: int
    changed: int
    before: str
    after: str
    difference: str
    newly_unpriced: int
    newly_priced: int


class EffectRow(EffectSums, frozen=True, kw_only=True):
    """The sums of one project, printer or category; "" stands for lines without one."""

    key: str
    name: str


class PriceBookEffect(Struct, frozen=True, kw_only=True):
    """What the draft would have changed in a period, with the rows that it would have changed most."""

    first_day: date
    last_day: date
    currency: str
    total: EffectSums
    by_project: list[EffectRow]
    by_printer: list[EffectRow]
    by_category: list[EffectRow]


def effect_item(effect: DraftEffect, book: Book, currency: str) -> PriceBookEffect:
    """The effect as HTTP tells it."""
    rows = {
        by: [
            EffectRow(key=row.key, name=row.name, **_sums(row.sums, book))
            for row in effect.told.by.get(by, [])
            if row.sums.changed
        ][:MAX_ROWS]
        for by in ("project", "printer", "category")
    }
    return PriceBookEffect(
        first_day=effect.period.first_day,
        last_day=effect.period.last_day,
        currency=currency,
        total=EffectSums(**_sums(effect.told.total, book)),
        by_project=rows["project"],
        by_printer=rows["printer"],
        by_category=rows["category"],
    )


def _sums(sums: Sums, book: Book) -> dict[str, Any]:
    if book == "cost":
        before, after = sums.cost_before_micro, sums.cost_after_micro
    else:
        before, after = sums.price_before_micro, sums.price_after_micro
    return {
        "lines": sums.lines,
        "changed": sums.changed,
        "before": format_micro(before),
        "after": format_micro(after),
        "difference": format_micro(after - before),
        "newly_unpriced": sums.newly_unpriced,
        "newly_priced": sums.newly_priced,
    }
