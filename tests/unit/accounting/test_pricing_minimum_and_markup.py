"""The minimum charge is a line of its own; a markup adds to the booked cost."""

from __future__ import annotations

import pytest

from services.accounting.pricing import price_job
from tests.unit.accounting.price_lists import a1_line, books, job

METRE = {"printed_area_mm2": 1_000_000, "category": "A"}
ONE_PER_M2 = '[[ppu]]\ncategory = "A"\nper_m2 = "1"\n'


def amounts(lines):
    return [(line.entry_kind, line.cost.amount_micro, line.price.amount_micro) for line in lines]


def test_the_difference_to_the_minimum_is_a_line_of_its_own():
    lines = price_job(
        job(a1_line(**METRE), a1_line(**METRE)), books(price='minimum_per_job = "2.50"\n' + ONE_PER_M2)
    )

    assert [line.price.amount_micro for line in lines] == [1_000_000, 1_000_000, 500_000]
    assert (lines[2].line, lines[2].entry_kind) == (2, "minimum")
    assert lines[2].price.rule == "standard v1: minimum of 2.50 per job"


def test_a_job_that_reaches_the_minimum_gets_no_extra_line():
    assert len(price_job(job(a1_line(**METRE)), books(price='minimum_per_job = "1.00"\n' + ONE_PER_M2))) == 1


def test_there_is_no_minimum_while_a_line_is_unpriced():
    lines = price_job(
        job(a1_line(**METRE), a1_line(category="Z")), books(price='minimum_per_job = "9"\n' + ONE_PER_M2)
    )

    assert len(lines) == 2


def test_a_markup_adds_to_the_cost():
    lines = price_job(job(a1_line(**METRE)), books(price='markup = "0.30"\n', cost=ONE_PER_M2))

    assert amounts(lines) == [("charge", 1_000_000, 1_300_000)]
    assert lines[0].price.rule == "standard v1: cost plus 30 %"


def test_a_markup_on_no_cost_is_no_price():
    lines = price_job(job(a1_line(category="Z")), books(price='markup = "0.30"\n', cost=ONE_PER_M2))

    assert amounts(lines) == [("charge", None, None)]
    assert lines[0].price.rule == (
        "standard v1 adds to the cost, and there is none: "
        "our-cost v1 has no rate for category Z on HP DesignJet T1700"
    )


def test_a_minimum_cost_is_marked_up_too_before_the_minimum_price_is_asked():
    lines = price_job(
        job(a1_line(**METRE)),
        books(price='markup = "0.50"\nminimum_per_job = "4"\n', cost='minimum_per_job = "2"\n' + ONE_PER_M2),
    )

    assert amounts(lines) == [("charge", 1_000_000, 1_500_000), ("minimum", 1_000_000, 2_500_000)]


@pytest.mark.parametrize(("cost", "price"), [("0.12345", "0.1604"), ("0.12355", "0.1607")])
def test_a_marked_up_price_is_rounded_once_from_the_booked_cost(cost, price):
    rate = f'[[ppu]]\ncategory = "A"\nper_m2 = "{cost}"\n'
    (line,) = price_job(job(a1_line(**METRE)), books(price='markup = "0.30"\n', cost=rate))

    booked = line.cost.amount_micro
    assert booked % 100 == 0
    assert line.price.amount_micro == int(price.replace(".", "")) * 100
