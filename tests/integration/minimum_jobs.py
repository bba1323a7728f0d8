"""Jobs above and below a minimum charge, the lists that charge it, and what is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from services.accounting.amend.corrections import Corrections, Done
from services.accounting.amend.request import CorrectionRequest
from services.accounting.filters import LineFilters
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.rerate.lists import load_lists
from services.accounting.rerate.reprice import MonthRepriced, Repricing, reprice
from shared.clock import SystemClock
from shared.events import JobCompleted
from shared.postgres import Pool
from tests.integration.ledger_posts import ZONE, post
from tests.integration.minimum_oracle import Terms, assert_minimums_are_owed
from tests.unit.accounting.price_lists import a1_line, job

NOON: Final = datetime(2026, 10, 30, 12, tzinfo=UTC)
COST: Final = """{"name": "cost", "book": "cost", "currency": "EUR", "valid_from": "2026-01-01",
 "minimum_per_job": "3.00",
 "ppu": [{"category": "line-colour", "per_m2": "1"}, {"category": "plan", "per_m2": "9"}]}"""
PRICE: Final = """{"name": "p", "book": "price", "currency": "EUR", "valid_from": "2026-01-01",
 "markup": "0.33333", "minimum_per_job": "5.00", "cancelled_by_user": "consumed"}"""
DEARER: Final = PRICE.replace("5.00", "8.00")
TERMS: Final = Terms(
    cost_minimum=Decimal(3),
    price_minimum=Decimal(5),
    markup=Decimal("0.33333"),
    free_of_minimum=frozenset({"cancelled_by_user"}),
)
SMALL: Final = a1_line(category="line-colour", media="plain", printed_area_mm2=1_000_000)
OTHER: Final = a1_line(category="line-colour", media="gloss", printed_area_mm2=1_500_001)
LARGE: Final = a1_line(category="plan", media="plain", printed_area_mm2=1_000_000)
UNPRICED: Final = a1_line(category="image-high", media="gloss", ink_ul=None)


def jobs(*lines: Sequence[Any], **fields: Any) -> list[JobCompleted]:
    """A job for each group of lines, an hour after the one before."""
    return [
        job(
            *group,
            completed_at=NOON + number * timedelta(hours=1),
            job={"device_job_id": str(number), "source": "ipp"},
            project=f"P-{number}",
            **fields,
        )
        for number, group in enumerate(lines)
    ]


def take(url: str, told: Sequence[JobCompleted], *, first_offset: int = 0) -> None:
    writer = LedgerWriter(url, ZONE)
    assert post(writer, told, first_offset=first_offset).jobs == len(told)
    writer.close()
    assert_minimums_are_owed(url, TERMS)


async def make(pool: Pool, **wanted: Any) -> Done:
    async with pool.connection() as connection:
        corrections = Corrections(pool, SystemClock(), timezone=ZONE.key)
        request = CorrectionRequest(reason="as asked", **wanted)
        done = await corrections.make(connection, request, actor="anna")
        if request.dry_run:
            await connection.rollback()
        return done


async def repriced(pool: Pool, url: str) -> MonthRepriced:
    asked = Repricing(filters=LineFilters(period="2026-10"), actor="anna", reason="new prices")
    [month] = await reprice(url, await load_lists(url), asked, now=NOON, timezone=ZONE.key)
    return month
