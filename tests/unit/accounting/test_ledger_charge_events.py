"""What the relay tells of a ledger line: the same id each time, amounts as text, no amount without a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from services.accounting.relay.charge_events import charge_event
from shared.events import ChargePosted, CloudEvent
from shared.events.envelope import encode

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
ENTRY = 5 << 44 | 17


def row(cost: int | None = 549_500, price: int | None = None) -> tuple[Any, ...]:
    return (
        *(ENTRY, 0, "charge", None, None, "019d-job", "p/1/t", "p", "alice", "P-1", "ARCH", True),
        *("print", "completed", "plain", None, 499_554, None, 600, 1, None),
        *(cost, "our-cost", 2, "our-cost v2: 1.10 per m2", price, None, None, "no list"),
        *(NOON, NOON, NOON.date(), 1, 1, None, None, None),
    )


def test_a_charge_told_twice_has_the_same_event_id() -> None:
    assert charge_event(row(), currency="EUR") == charge_event(row(), currency="EUR")
    assert charge_event(row(), currency="EUR").id != charge_event((ENTRY, 1, *row()[2:]), currency="EUR").id


def test_amounts_are_exact_text_and_what_has_no_price_says_why() -> None:
    charge = charge_event(row(), currency="EUR").data
    assert charge.id == f"{ENTRY}.0"
    assert (charge.cost.amount, charge.cost.version, charge.cost.rule) == ("0.5495", 2, "our-cost v2: 1.10 per m2")
    assert (charge.price.amount, charge.price.rule, charge.price.unpriced) == (None, None, "no list")


def test_a_leg_tells_who_took_the_line_back_and_why_with_everything_negative() -> None:
    leg = [*row(-549_500)]
    leg[2:5] = ["void", ENTRY, 0]
    leg[16], leg[31:] = -499_554, [NOON.date(), -1, -1, "7", "anna", "not ours"]
    event = charge_event(tuple(leg), currency="EUR")
    told = msgspec.json.decode(encode(event), type=CloudEvent[ChargePosted]).data
    assert (told.follows, told.cost.amount, told.quantities.printed_area_mm2) == (
        f"{ENTRY}.0",
        "-0.5495",
        -499_554,
    )
    assert (told.jobs, told.unpriced_lines, told.day) == (-1, -1, NOON.date())
    assert (told.correction_id, told.actor, told.reason) == ("7", "anna", "not ours")


def test_what_no_source_told_is_absent() -> None:
    quantities = charge_event(row(), currency="EUR").data.quantities
    assert (quantities.printed_area_mm2, quantities.used_area_mm2, quantities.sheets) == (499_554, None, None)
