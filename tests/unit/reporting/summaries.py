"""Summaries to test with: every part can be named, the rest is plain."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.reporting.summary import By, Row, Summary, Sums, ordered
from shared.periods import parse_period

NOW = datetime(2026, 11, 23, 17, 30, 5, 123456, tzinfo=UTC)


def sums(cost: str = "60.00", price: str = "100.00", **others: Any) -> Sums:
    amounts: dict[str, Any] = {
        "jobs": 3,
        "printed_area_mm2": Decimal(1_499_554),
        "used_area_mm2": Decimal(1_600_000),
        "ink_ul": Decimal(1_800),
        "impressions": 4,
        "sheets": 2,
    }
    return Sums(cost=Decimal(cost), price=Decimal(price), **(amounts | others))


def summary(
    rows: list[Row] | None = None, *, by: By = "project", period: str = "2026-11", **others: Any
) -> Summary:
    made = [Row("P-100", "Harbour bridge", sums())] if rows is None else rows
    given: dict[str, Any] = {
        "period": parse_period(period, now=NOW, timezone=others.pop("timezone", "Europe/Berlin")),
        "by": by,
        "currency": "EUR",
        "rows": ordered(made, by, None),
        "total": made[0].sums if made else Sums(),
        "as_of": NOW,
        "source": "rollup",
    }
    return Summary(**(given | others))
