"""Which rates match a line: the most specific device first, then the category; every table by its own measure."""

from __future__ import annotations

import pytest

from services.accounting.pricing import PrinterFacts, price_job
from tests.unit.accounting.price_lists import MODEL, a1_line, books, job, price_of, priced

SQUARE = {"printed_area_mm2": 1_000_000, "used_area_mm2": 2_000_000, "category": "line-colour"}
PPU = '[[ppu]]\nper_m2 = "1"\n'


def ppu(per_m2: str, **keys: str) -> str:
    return "[[ppu]]\n" + "".join(f'{key} = "{value}"\n' for key, value in {**keys, "per_m2": per_m2}.items())


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        (ppu("1"), 1),
        (ppu("1") + ppu("2", model=MODEL), 2),
        (ppu("1") + ppu("2", model=MODEL) + ppu("3", group="Floor 2"), 3),
        (ppu("1") + ppu("2", model=MODEL) + ppu("3", group="Floor 2") + ppu("4", printer="p1"), 4),
        (ppu("1") + ppu("4", printer="SN1"), 4),
        (ppu("1") + ppu("2", model="Another") + ppu("3", group="Floor 1") + ppu("4", printer="p2"), 1),
        (ppu("1") + ppu("2", category="line-colour"), 2),
        (ppu("1") + ppu("2", category="image-high"), 1),
        (ppu("1", model=MODEL) + ppu("2", category="line-colour"), 1),
        (ppu("1", model=MODEL) + ppu("2", model=MODEL, category="line-colour"), 2),
    ],
)
def test_the_device_decides_first_and_then_the_category(rates, expected):
    known = PrinterFacts("p1", "SN1", MODEL, "Floor 2")
    (line,) = price_job(job(a1_line(**SQUARE)), books(price=rates), known)

    assert line.price.amount_micro == expected * 1_000_000


def test_a_rate_without_category_also_prices_a_line_without_one():
    assert price_of(PPU, a1_line(**{**SQUARE, "category": None, "ink_ul": None})) == 1_000_000


@pytest.mark.parametrize(
    ("rate", "extra"),
    [
        ('per_m2 = "0.25"', 500_000),
        ('per_m = "0.10"', 218_700),  # 2 m2 on a roll of 914.4 mm is 2.187226... m
        ('per_sheet = "0.03"', 90_000),
    ],
)
def test_media_is_added_by_used_area_length_fed_or_sheet(rate, extra):
    line = a1_line(**SQUARE, sheets=3)

    assert price_of(f'{PPU}[[media]]\ncode = "plain-80"\n{rate}\n', line) == 1_000_000 + extra


def test_media_that_the_list_does_not_name_costs_nothing_extra():
    assert price_of(PPU + '[[media]]\ncode = "vellum"\nper_m2 = "9"\n', a1_line(**SQUARE)) == 1_000_000


def test_the_length_fed_is_that_of_all_sheets_where_no_roll_is_known():
    line = a1_line(**SQUARE, roll_width_um=None, length_um=500_000, sheets=4)

    assert price_of(PPU + '[[media]]\ncode = "plain-80"\nper_m = "1"\n', line) == 1_000_000 + 2_000_000


def test_ink_is_charged_by_millilitre_or_by_cartridge_without_rounding_its_rate():
    rates = '[[ink]]\ncolour = "cyan"\nper_ml = "0.35"\n[[ink]]\ncolour = "black"\n'
    rates += 'cartridge_price = "98.00"\ncartridge_ml = "300"\n'
    line = a1_line(ink_ul={"cyan": 1_000, "black": 3_000_000, "yellow": 0})

    assert price_of(rates, line) == 350_000 + 980_000_000


def test_clicks_count_impressions_by_mode_and_size():
    rates = '[[click]]\ncolour_mode = "mono"\nper_impression = "0.01"\n'
    rates += '[[click]]\ncolour_mode = "mono"\nsize = "a4"\nper_impression = "0.02"\n'
    a4 = {"width_um": 297_100, "length_um": 209_900, "colour_mode": "mono", "impressions": 10}

    assert price_of(rates, a1_line(**a4)) == 200_000
    assert price_of(rates, a1_line(**{**a4, "width_um": 297_000, "length_um": 420_000})) == 100_000


def test_the_fixed_part_comes_once_on_the_first_line():
    rates = PPU + '[[fixed]]\nkind = "print"\nper_job = "0.10"\n'

    amounts = [line.amount_micro for line in priced(rates, a1_line(**SQUARE), a1_line(**SQUARE))]

    assert amounts == [1_100_000, 1_000_000]
    assert price_of(rates, a1_line(**SQUARE), kind="copy") == 1_000_000


def test_a_scan_is_charged_as_a_scan_and_not_as_a_print():
    rates = PPU + '[[scan]]\nper_m2 = "0.40"\n'

    assert price_of(rates, a1_line(**SQUARE, scan_area_mm2=3_000_000), kind="scan") == 1_200_000
    assert price_of(rates, a1_line(**SQUARE), kind="scan") == 400_000
    by_page = '[[scan]]\nper_page = "0.05"\n'
    assert price_of(by_page, a1_line(impressions=3), kind="scan") == 150_000


def test_all_tables_that_match_are_added():
    rates = (
        PPU + '[[click]]\ncolour_mode = "colour"\nper_impression = "0.5"\n[[ink]]\ncolour = "cyan"\nper_ml = "1"\n'
    )
    line = a1_line(**SQUARE, colour_mode="colour", impressions=2)
    only_cyan = a1_line(**{**SQUARE, "colour_mode": "colour", "impressions": 2, "ink_ul": {"cyan": 500}})

    assert price_of(rates, line) == 1_000_000 + 1_000_000
    assert price_of(rates, only_cyan) == 1_000_000 + 1_000_000 + 500_000


@pytest.mark.parametrize(
    ("ink", "says"),
    [
        ({"cyan": 500, "green": 1, "red": 2}, " + ink left out, as there is no rate for green, red"),
        (None, " + ink left out, as no ink amounts were told"),
        ({"cyan": 500}, " + ink 1.00 per ml (cyan)"),
    ],
)
def test_ink_that_is_left_out_of_a_price_is_told(ink, says):
    """The area alone makes a price, and it would look as if the ink was in it."""
    rates = PPU + '[[ink]]\ncolour = "cyan"\nper_ml = "1"\n'
    (told,) = priced(rates, a1_line(**{**SQUARE, "ink_ul": ink}))

    assert told.amount_micro == 1_000_000 + (500_000 if ink == {"cyan": 500} else 0)
    assert told.rule == f"standard v1: ppu 1.00 per m2 of printed area{says}"


def test_ink_rates_of_another_model_are_not_left_out():
    rates = PPU + '[[ink]]\nmodel = "Another"\ncolour = "cyan"\nper_ml = "1"\n'
    (told,) = priced(rates, a1_line(**{**SQUARE, "ink_ul": {"cyan": 500}}))

    assert told.rule == "standard v1: ppu 1.00 per m2 of printed area"


def test_a_cancelled_job_is_priced_by_what_it_consumed():
    assert price_of(PPU, a1_line(**SQUARE), outcome="cancelled_by_user") == 1_000_000
