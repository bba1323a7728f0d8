"""Jobs of a simulated PIWS device, with values that fit together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from deploy.demo.piws import PiwsDevice, PiwsJob, PiwsPage
from services.collector.access import Access
from services.collector.sources.piws.source import PiwsSource
from shared.clock import FixedClock
from shared.events.jobs import PrinterRef

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
MODEL = "HP DesignJet Z9"
REF = PrinterRef(id="p1", serial="CN12345Z9A", model=MODEL)
A1_USED_IN2 = "841.890512"
"""594 mm of a roll of 36 inches, in square inches: 543,153.6 mm2."""


def a1_job(name: str = "site plan.pdf", *, at: datetime = NOON, copies: int = 1, **more: object) -> PiwsJob:
    """An A1 page, fed across a roll of 36 inches."""
    used = Decimal(A1_USED_IN2) * copies
    defaults = {
        "copies": copies,
        "printed_copies": copies,
        "printed_pages": copies,
        "square": f"{used:f}",
        "linear": f"{Decimal('23.385827') * copies:f}",
        "ink_cc": {"C": f"{Decimal('0.2') * copies}", "M": "0.2", "Y": "0.1", "K": "0.1"},
        "pages": [PiwsPage(printed_copies=copies, grey="2.5", colour="1.25")],
        "submitted_at": at - timedelta(minutes=3),
        "started_at": at - timedelta(minutes=2),
        "completed_at": at,
    }
    return PiwsJob(name, **(defaults | more))


async def no_pause(_seconds: float) -> None:
    """Simulated devices need no rest."""


def source_at(
    address: str, access: Access | None = None, *, ref: PrinterRef = REF, now: datetime = NOON
) -> PiwsSource:
    return PiwsSource.at(address, ref, access, clock=FixedClock(now), sleep=no_pause)


def device(*jobs: PiwsJob, **more: object) -> PiwsDevice:
    return PiwsDevice(jobs=list(jobs), clock=NOON, **more)
