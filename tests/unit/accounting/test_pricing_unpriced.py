"""No price is not a price of zero: the reason is said in words for a bookkeeper."""

from __future__ import annotations

import pytest

from services.accounting.pricing import price_job
from tests.unit.accounting.price_lists import MODEL, NEW_YEAR, a1_line, books, job, price_of, reason_of

PPU = '[[ppu]]\ncategory = "line-colour"\nper_m2 = "1"\n'


def test_a_category_without_rate():
    assert reason_of(PPU, a1_line(category="image-high")) == (
        "standard v1 has no rate for category image-high on HP DesignJet T1700"
    )


def test_a_line_without_category():
    assert "no rate for a line without category" in reason_of(PPU, a1_line(ink_ul=None))


@pytest.mark.parametrize(("area", "lacking", "other"), [("printed", "printed_area_mm2", "used"),
                                                        ("used", "used_area_mm2", "printed")])  # fmt: skip
def test_one_area_is_never_taken_for_the_other(area, lacking, other):
    line = a1_line(category="line-colour", **{lacking: None})

    assert reason_of(f'area = "{area}"\n{PPU}', line) == (
        f"standard v1: charges the {area} area, and the line has only a {other} area"
    )


def test_an_ink_colour_without_rate_means_no_ink_price():
    rates = '[[ink]]\ncolour = "cyan"\nper_ml = "0.35"\n'

    assert "no ink rate for black" in reason_of(rates, a1_line(ink_ul={"cyan": 1, "black": 1}))
    assert "no ink amounts were told" in reason_of(rates, a1_line(ink_ul=None))


def test_a_line_without_ink_has_a_price_of_ink_only_where_the_device_has_ink_rates():
    rates = '[[ink]]\nmodel = "{}"\ncolour = "cyan"\nper_ml = "0.35"\n'
    dry = a1_line(ink_ul={"cyan": 0})

    assert price_of(rates.format(MODEL), dry) == 0
    assert reason_of(rates.format("Another"), dry) == ("standard v1 has no ink rate on HP DesignJet T1700")


@pytest.mark.parametrize(
    "rates",
    ['[[media]]\ncode = "plain-80"\nper_m2 = "0.25"\n', '[[fixed]]\nkind = "print"\nper_job = "0.10"\n'],
)
def test_media_or_a_fixed_part_alone_do_not_make_a_price(rates):
    assert reason_of(rates, a1_line())


def test_a_matching_part_is_never_left_out_because_its_quantity_is_unknown():
    click = '[[click]]\ncolour_mode = "mono"\nper_impression = "0.01"\n'
    sheet = '[[ppu]]\nper_m2 = "1"\n[[media]]\ncode = "plain-80"\nper_sheet = "1"\n'

    assert "does not say how many" in reason_of(click, a1_line(colour_mode="mono", impressions=None))
    assert "does not say its sheets" in reason_of(sheet, a1_line(sheets=None))


def test_a_scan_without_scan_rate():
    assert reason_of(PPU, a1_line(), kind="scan") == "standard v1 has no scan rate on HP DesignJet T1700"


def test_no_price_list_at_all():
    (line,) = price_job(job(a1_line()), books())

    assert line.price.amount_micro is None
    assert line.price.rule == "no price list is published in book price"
    assert line.cost.rule == "no price list is published in book cost"


def test_no_price_list_that_is_valid_yet():
    early = job(a1_line(), completed_at=NEW_YEAR.replace(year=2025))
    (line,) = price_job(early, books(price=PPU))

    assert line.price.rule == "no published price list in book price is valid before 2026-01-01"


def test_an_unpriced_line_names_the_list_that_has_no_rate():
    (line,) = price_job(job(a1_line(category="image-high")), books(price=PPU))

    assert line.price.list_id == 1


def test_a_reason_is_never_longer_than_the_event_of_a_charge_can_carry():
    rates = '[[ink]]\ncolour = "cyan"\nper_ml = "1"\n'
    inks = {f"{number} {'x' * 190}": 1 for number in range(24)}

    assert len(reason_of(rates, a1_line(ink_ul=inks))) == 1_000
