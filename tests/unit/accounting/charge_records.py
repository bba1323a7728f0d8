"""Charges as records of the topic, for the tests of live windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.accounting.aggregates.alerts import Limits
from services.accounting.aggregates.cells import Keep
from services.accounting.aggregates.counting import Rules
from shared.events import CHARGE_POSTED, ChargePosted
from shared.events.charges import BookAmount, ChargePerson, ChargeQuantities
from shared.events.envelope import encode, new_event
from shared.periods import find_zone
from shared.stream import Record

BERLIN = find_zone("Europe/Berlin")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RULES = Rules(BERLIN, Keep(), Limits(), {})


def charge(entry=1, line=0, *, stream=0, price="0.5495", used_area_mm2=543_154, ink_ul=None, **changes):
    """A ledger line; a voided one has negative quantities and amounts, and says so itself."""
    told = {
        "id": f"{(stream << 52) + entry}.{line}",
        "job_id": f"job-{entry}",
        "job_key": f"plotter-1/{entry}",
        "line": line,
        "printer": "plotter-1",
        "person": ChargePerson(claimed="alice"),
        "project": "P-100",
        "department": "ARCH",
        "quantities": ChargeQuantities(printed_area_mm2=499_554, used_area_mm2=used_area_mm2, ink_ul=ink_ul),
        "cost": BookAmount(currency="EUR", amount="0.10"),
        "price": BookAmount(currency="EUR", amount=price),
        "occurred_at": NOW - timedelta(minutes=5),
        "posted_at": NOW,
    }
    return ChargePosted(**{**told, **changes})


def record(told, offset=0, partition=0):
    """A record of the topic that tells a charge, or bytes as they are."""
    if isinstance(told, ChargePosted):
        event = new_event(CHARGE_POSTED, told, event_id=told.id, source="/test", time=NOW, subject=told.id)
        told = encode(event)
    return Record("charges.v1", partition, offset, b"P-100", told)
