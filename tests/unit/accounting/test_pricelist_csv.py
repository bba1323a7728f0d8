"""Price lists from real spreadsheets: any encoding, separator and decimal mark; every wrong line told at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.pricelist.check import read_document
from services.accounting.pricelist.csv_text import from_csv, to_csv
from services.accounting.pricelist.reader import WrongPriceList
from services.accounting.pricelist.toml_text import from_toml

LISTED = (
    "table,name,book,currency,valid_from,category,code,colour,per_m2,cartridge_price,cartridge_ml,per_job,kind\n"
)
HEAD = LISTED + "list,standard,price,EUR,2026-01-01,,,,,,,,\n"
GERMAN = (
    LISTED.replace(",", ";")
    + "list;standard;price;EUR;01.01.2026;;;;;;;;\r\n"
    + "ppu;;;;;Plän;;;1,10;;;;\r\n"
    + "ink;;;;;;;cyan;;1.098,50;1.300;;\r\n"
    + "fixed;;;;;;;;;;;1,125;print\r\n"
).replace("1.300", "300")


def file(rates):
    head = 'name = "standard"\nbook = "price"\ncurrency = "EUR"\nvalid_from = 2026-01-01\n'
    return from_toml(head + rates, currency="EUR")


EXPECTED = file(
    '[[ppu]]\ncategory = "Plän"\nper_m2 = "1.10"\n'
    '[[ink]]\ncolour = "cyan"\ncartridge_price = "1098.50"\ncartridge_ml = "300"\n'
    '[[fixed]]\nkind = "print"\nper_job = "1.125"\n'
)


def faults(data):
    with pytest.raises(WrongPriceList) as wrong:
        from_csv(data, currency="EUR")
    return [(fault.pointer, fault.detail) for fault in wrong.value.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_what_a_german_spreadsheet_saves_is_read(encoding, separator):
    assert from_csv(GERMAN.replace(";", separator).encode(encoding), currency="EUR") == EXPECTED


def test_days_are_read_as_spreadsheets_rewrite_them_and_never_guessed():
    for day in ("1.1.2026", "2026/1/1", "2026-01-01"):
        assert from_csv(GERMAN.replace("01.01.2026", day), currency="EUR") == EXPECTED
    ((place, words),) = faults(GERMAN.replace("01.01.2026", "01/02/2026"))

    assert place == "line 2, column valid_from"
    assert "2026-01-01" in words


def test_a_number_that_may_be_a_thousand_is_refused():
    ((place, words),) = faults(HEAD + 'ppu,,,,,,,,"1,250",,,,\n')

    assert place == "line 3, column per_m2"
    assert "may be" in words


def test_decimal_points_and_commas_in_one_file_are_refused():
    ((place, _),) = faults(GERMAN.replace("1.098,50", "1098.50"))

    assert place == "line 4, column cartridge_price"


def test_every_wrong_line_is_told_at_once_in_the_order_of_the_file():
    told = faults(
        HEAD.replace("EUR", "USD")
        + "ppu,,,,,A,,,much,,,,\n"
        + "prize,,,,,,,,1,,,,\n"
        + "ppu,,,,,B,,,1.10,,,,,9\n"
        + "ppu,,,,,C,,,-1,,,,\n"
        + "fixed,,,,,,,,,,,1,fax\n"
    )

    assert [place for place, _ in told] == [
        "line 2, column currency", "line 3, column per_m2", "line 4", "line 5", "line 6, column per_m2",
        "line 7, column kind",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "no column"),
        ("name,book\nstandard,price\n", "has no column table"),
        ("table,prize\n", "unknown column"),
        ("table,name\n", "no row follows"),
        ("table,name\nlist,a\nlist,b\n", "a second row"),
        ("table,name\nrates,a\n", "table must be"),
        ("table,per_job,kind\nfixed,1,print\n", "the list has no name"),
        (b"\xff\xfet\x00\x00", "not text"),
    ],
)
def test_what_is_no_price_list_is_refused_with_the_reason(data, words):
    assert any(words in detail for _, detail in faults(data))


def test_a_row_with_more_cells_than_the_heading_is_refused_and_not_cut_off():
    text = to_csv(file('[[fixed]]\nkind = "print"\nper_job = "0.10"\n'))

    assert [place for place, _ in faults(text.replace("0.10", "0,10"))] == ["line 3"]
    assert from_csv(text.replace("0.10", "0.10,,"), currency="EUR").fixed[0].per_job_e8 == 10_000_000


def test_no_text_of_a_written_list_is_a_formula():
    dangerous = ["=1+1", "+1", "-1", "@x", "'=x"]
    rates = [{"code": text, "per_m2": "1"} for text in dangerous]
    document = {"name": "a", "book": "cost", "currency": "EUR", "valid_from": "2026-01-01", "media": rates}
    prices = read_document(document, currency="EUR")
    cells = to_csv(prices).replace("\r\n", ",").split(",")

    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert from_csv(to_csv(prices), currency="EUR") == prices


@given(st.integers(0, 10**18 - 1), st.sampled_from(",;\t"), st.sampled_from(["utf-8-sig", "utf-16", "cp1252"]))
def test_any_rate_survives_a_spreadsheet_of_any_language(rate_e8, separator, encoding):
    prices = file(f'[[scan]]\nper_page = "{rate_e8 // 10**8}.{rate_e8 % 10**8:08}"\n')
    text = to_csv(prices).removeprefix("\ufeff")
    if separator != ",":
        text = text.replace(",", separator).replace(".", ",")

    assert from_csv(text.encode(encoding), currency="EUR") == prices
