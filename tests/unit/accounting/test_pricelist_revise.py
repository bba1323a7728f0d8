"""A price list made from another one: names, dates and one percentage on all rates."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.pricelist.reader import WrongPriceList
from services.accounting.pricelist.revise import revised
from services.accounting.pricelist.toml_text import from_toml
from shared.money import RATE_DIGITS, to_decimal

HEAD = 'name = "standard"\nbook = "price"\ncurrency = "EUR"\nvalid_from = 2026-01-01\n'
RATES = """
minimum_per_job = "0.50"
[[ppu]]
category = "line-colour"
per_m2 = "1.10"
[[ink]]
colour = "black"
cartridge_price = "98.00"
cartridge_ml = "130.5"
[[click]]
colour_mode = "mono"
per_impression = "0.012"
"""


def file(rates=RATES):
    return from_toml(HEAD + rates, currency="EUR")


def faults(changes, prices=None):
    with pytest.raises(WrongPriceList) as wrong:
        revised(prices or file(), changes)
    return {fault.pointer: fault.detail for fault in wrong.value.faults}


def test_a_copy_says_the_same_under_its_own_name_and_date():
    copy = revised(file(), {"name": "next", "valid_from": "2027-01-01"})

    assert (copy.name, copy.valid_from) == ("next", date(2027, 1, 1))
    assert (copy.ppu, copy.ink, copy.click) == (file().ppu, file().ink, file().click)


def test_a_percentage_raises_every_rate_and_nothing_else():
    copy = revised(file(), {"change_percent": "2.5"})

    assert copy.ppu[0].per_m2_e8 == 112_750_000
    assert (copy.ink[0].price_e8, copy.ink[0].volume_ul) == (10_045_000_000, 130_500)
    assert copy.click[0].per_impression_e8 == 1_230_000
    assert (copy.minimum_micro, copy.precision) == (500_000, 4)


@given(
    st.integers(0, 10**16),
    st.decimals("-99.99999999", "1000", places=8),
)
def test_a_raised_rate_is_the_exact_product_rounded_once_half_even(rate_e8, percent):
    rate = to_decimal(rate_e8, digits=RATE_DIGITS)
    copy = revised(file(f'[[scan]]\nper_page = "{rate:f}"\n'), {"change_percent": f"{percent:f}"})

    expected = (rate * (100 + percent) / 100).quantize(Decimal("1e-8"), rounding=ROUND_HALF_EVEN)
    assert to_decimal(copy.scan[0].rate_e8, digits=RATE_DIGITS) == expected


def test_a_discount_of_all_and_more_is_refused():
    assert "more than -100" in faults({"change_percent": "-100"})["/change_percent"]
    assert "change the markup" in faults({"change_percent": "1"}, file('markup = "0.3"\n'))["/change_percent"]


def test_every_wrong_change_is_pointed_at():
    wrong = {"name": "a/b", "valid_from": "soon", "change_percent": 2.5, "colour": "red"}

    assert set(faults(wrong)) == {"/name", "/valid_from", "/change_percent", "/colour"}


def test_a_rate_that_grows_beyond_what_rates_can_be_is_refused():
    assert "/scan/0/per_page" in faults({"change_percent": "100"}, file('[[scan]]\nper_page = "9999999999"\n'))
