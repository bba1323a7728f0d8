"""The worked example of the pricing rules, to the last digit."""

from __future__ import annotations

from fractions import Fraction

import pytest

from services.accounting.pricing import price_job
from tests.unit.accounting.price_lists import a1_line, books, job

RATE = """
area = "{area}"
precision = {precision}
[[ppu]]
category = "B"
per_m2 = "1.10"
"""


@pytest.mark.parametrize(
    ("area", "exact", "micro", "rounded"),
    [("printed", "0.5495094", 549_509, 549_500), ("used", "0.5974694", 597_469, 597_500)],
)
def test_an_a1_drawing_is_priced_exactly_and_rounded_once(area, exact, micro, rounded):
    (line,) = price_job(job(a1_line()), books(price=RATE.format(area=area, precision=4)))
    pair = books(price=RATE.format(area=area, precision=4)).pair_at(job(a1_line()).completed_at)
    rate = pair.rates_for(line.key).price
    (fine,) = price_job(job(a1_line()), books(price=RATE.format(area=area, precision=6)))

    assert (line.key.category, line.by_density) == ("B", True)
    assert Fraction(*rate.exact(line.quantities, first=True)) == Fraction(exact)
    assert fine.price.amount_micro == micro
    assert line.price.amount_micro == rounded


def test_the_rule_names_list_version_rate_and_what_it_matched_on():
    rates = RATE.format(area="printed", precision=4) + '[[media]]\ncode = "plain-80"\nper_m2 = "0.25"\n'
    (line,) = price_job(job(a1_line()), books(price=rates))

    assert line.price.rule == (
        "standard v1: ppu 1.10 per m2 of printed area (category B) + media 0.25 per m2 of used area (plain-80)"
    )
    assert line.price.list_id == 1
