"""What a job owes of its minimum after a correction, by the lists that its lines are booked by."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.accounting.amend.owed import Owed, OwingJob, owed_of
from services.accounting.pricing.rules import Rule
from tests.unit.accounting.price_lists import price_list

PPU = """
[[ppu]]
per_m2 = "1"
"""
COST = price_list(PPU, list_id=1, name="cost", book="cost")
PRICE = price_list(f'minimum_per_job = "5"{PPU}', list_id=2, name="p")
LISTS = {1: COST, 2: PRICE}


def owed(rules: dict[int, Rule] | None = None, **fields: Any) -> list[Owed]:
    """What one job owes whose two lines come to a cost of 2 and a price of 3."""
    known = {1: Rule(1, "cost v1: ppu 1 per m2"), 2: Rule(2, "p v1: ppu 1 per m2"), **(rules or {})}
    job: dict[str, Any] = {
        "entry_id": 1,
        "occurred_at": datetime(2026, 11, 1, tzinfo=UTC),
        "outcome": 1,
        "standing": 2,
        "cost_micro": Decimal(2_000_000),
        "price_micro": Decimal(3_000_000),
        "cost_rule_no": 1,
        "price_rule_no": 2,
        "first_line": 0,
        "own_line": None,
        "own_staged": False,
        "own_voided": False,
        "own_was_voided": False,
        "own_cost_micro": None,
        "own_price_micro": None,
        "own_cost_rule_no": None,
        "own_price_rule_no": None,
        "is_waived": False,
    }
    return owed_of([OwingJob(**job | fields)], known, LISTS)


OWN = {
    "own_line": 2,
    "own_cost_micro": 0,
    "own_price_micro": 2_000_000,
    "own_cost_rule_no": 3,
    "own_price_rule_no": 4,
}
OWN_RULES = {3: Rule(1, "cost v1: has no minimum"), 4: Rule(2, "p v1: minimum of 5.00 per job")}


def test_a_job_below_the_minimum_owes_the_difference_by_the_list_of_its_lines() -> None:
    [each] = owed()
    assert (each.cost_micro, each.price_micro, each.voided) == (0, 2_000_000, False)
    assert each.price_rule == Rule(2, "p v1: minimum of 5.00 per job")


def test_a_job_that_reaches_the_minimum_owes_nothing() -> None:
    assert owed(price_micro=Decimal(5_000_000)) == []


def test_a_job_with_an_unpriced_line_owes_nothing_in_that_book() -> None:
    assert owed(price_micro=None) == []


def test_what_is_charged_already_stays() -> None:
    assert owed(OWN_RULES, **OWN) == []


def test_what_is_not_owed_any_more_becomes_nothing_and_keeps_its_rules() -> None:
    [each] = owed(OWN_RULES, **OWN, price_micro=Decimal(9_000_000))
    assert (each.cost_micro, each.price_micro, each.voided) == (0, 0, False)
    assert (each.cost_rule, each.price_rule) == (3, 4)


def test_a_waived_minimum_stays_waived() -> None:
    assert owed(OWN_RULES, **OWN, is_waived=True, own_voided=True, own_was_voided=True) == []


def test_nothing_that_stands_owes_nothing() -> None:
    nothing: dict[str, Any] = {"standing": 0, "cost_micro": None, "price_micro": None, "first_line": None}
    [each] = owed(OWN_RULES, **OWN, **nothing)
    assert each.voided
    assert owed(**nothing, cost_rule_no=None, price_rule_no=None) == []


@pytest.mark.parametrize(
    "rest", [": ppu 1 per m2", " has no rate for category B on x", ": minimum of 1.00 per job"]
)
def test_the_rule_says_what_had_chosen_the_list(rest: str) -> None:
    [each] = owed({2: Rule(2, f"p v1 for project P: 1{rest}")})
    assert each.price_rule == Rule(2, "p v1 for project P: 1: minimum of 5.00 per job")
