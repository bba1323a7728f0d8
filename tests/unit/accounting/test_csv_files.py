"""CSV files: whatever a spreadsheet writes is read, what could mean two things is refused, nothing is run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.csvfile import (
    codes_of,
    codes_text,
    decimal_mark,
    decode,
    flag_of,
    harmless,
    number_of,
    plain_text,
    read_table,
    write_table,
)
from services.accounting.csvfile.writer import Number
from shared.errors import Reject

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30).map(str.strip)
COLUMNS = ("code", "name", "amount")
FORMULAS = ("=1+1", "+49", "-5", "@SUM(A1)", "\t=1", "\r=1", "\N{FULLWIDTH EQUALS SIGN}1", "'=1", "''+1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_encoding_is_told_from_the_bytes(encoding):
    text = "code;name\r\nP-1;Brücke über die Förde\r\n"

    assert decode(text.encode(encoding)).text == text


def test_what_is_no_text_is_refused_with_the_remedy():
    with pytest.raises(Reject, match="Save it as CSV UTF-8"):
        decode(b"code\nP\x81\xff")
    with pytest.raises(Reject, match=r"line 2 .* U\+0000"):
        decode(b"code,name,customer,active\nP\0,Bridge,City,yes\n")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_that_of_the_first_line(separator):
    head = separator.join(("Name", '"CODE"', "a m-o_unt"))
    table = read_table(f'{head}\n"a{separator}b"{separator}P-1{separator}5\n'.encode(), COLUMNS)

    assert (table.separator, table.faults) == (separator, [])
    assert table.rows[0].cells == {"name": f"a{separator}b", "code": "P-1", "amount": "5"}


def test_a_first_line_may_tell_the_separator():
    table = read_table(b"sep=;\ncode;name\nP-1;a,b,c,d\n", COLUMNS)

    assert (table.separator, table.rows[0].line) == (";", 3)


def test_each_fault_has_its_line_and_its_column():
    table = read_table(b'code,name\nP-1,"two\nlines"\n\nP-2,0,10\nP-3,c\n', COLUMNS, needs=["code"])

    assert [row.line for row in table.rows] == [2, 6]
    assert [(fault.place, fault.detail[:11]) for fault in table.faults] == [("line 5", "has 3 cells")]
    assert table.lines == 3


@pytest.mark.parametrize(
    ("file", "place", "detail"),
    [
        (b"code,colour\n", "line 1, column colour", "unknown column"),
        (b"name\nx\n", "line 1, column code", "no column code"),
        (b"code,Code\n", "line 1, column code", "twice"),
        (b"", "line 1", "names no column"),
        (b'code,name\nP-1,"open\n', "line 2", "is not CSV"),
    ],
)
def test_a_header_or_a_file_that_is_no_good_is_told(file, place, detail):
    fault = read_table(file, COLUMNS, needs=["code"]).faults[0]

    assert fault.place == place
    assert detail in fault.detail


@pytest.mark.parametrize(
    ("cells", "separator", "numbers"),
    [
        (["1,234.56", "1,234", "7"], ";", ["1234.56", "1234", "7"]),
        (["1.234,56", "1.234"], ",", ["1234.56", "1234"]),
        (["0,125"], ",", ["0.125"]),
        (["1.250"], ",", ["1.250"]),
        (["1,250"], ";", ["1.250"]),
        (["1 234,50", "1\u00a0000,00", "1'000,5"], ";", ["1234.50", "1000.00", "1000.5"]),
        (["-12.5", "+3", "1.234.567"], ",", ["-12.5", "3", None]),
        (["1.234.567"], ",", ["1234567"]),
        (["0.5", "0,5"], ",", ["0.5", None]),
        (["1,000"], ",", [None]),
        (["1.000"], ";", [None]),
        (["1.000"], "\t", [None]),
        (["€5", "", "1e3", "1,2.3,4"], ",", [None] * 4),
    ],
)
def test_numbers_are_read_exactly_or_refused(cells, separator, numbers):
    mark = decimal_mark(cells, separator)

    def read(cell):
        try:
            return number_of(cell, mark)
        except ValueError:
            return None

    assert [read(cell) for cell in cells] == numbers


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_written_as_a_formula(text):
    assert harmless(text).startswith("'")
    assert plain_text(harmless(text)) == text


def test_a_formula_made_harmless_elsewhere_is_taken_for_its_text():
    assert plain_text("'=SUM(A1)") == "=SUM(A1)"
    assert plain_text("'tis") == "'tis"


@given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS, st.integers())), st.sampled_from(["utf-8", "utf-16"]))
def test_what_is_written_is_read_back_unchanged(rows, encoding):
    raw = write_table(COLUMNS, rows, bom=False).encode(encoding)
    table = read_table(raw, COLUMNS)

    assert table.faults == []
    read = [(plain_text(r.cells["code"]), plain_text(r.cells["name"]), r.cells["amount"]) for r in table.rows]
    assert read == [(code, name, str(amount)) for code, name, amount in rows]


def test_a_number_is_no_formula():
    assert write_table(["a", "b"], [(Number("-12.50"), "-12.50")], bom=False) == "a,b\r\n-12.50,'-12.50\r\n"


@given(st.lists(TEXTS.filter(bool), unique=True))
def test_several_codes_in_a_cell_are_read_back(codes):
    assert codes_of(codes_text(codes)) == tuple(codes)


def test_a_domain_before_a_user_name_needs_no_second_backslash():
    assert codes_of(r"CORP\alice| bob ||bob") == (r"CORP\alice", "bob")


def test_yes_and_no_are_known_in_several_languages():
    assert [flag_of(word) for word in ("Yes", "JA", "oui", "1", "no", "nein", "FALSE")] == [True] * 4 + [False] * 3
    with pytest.raises(ValueError, match="yes or no"):
        flag_of("perhaps")
