"""CSV is what RFC 4180 says, exact, and never a formula."""

from __future__ import annotations

import csv
import io

import pytest

from services.reporting.render.csv_table import COLUMNS, to_csv
from services.reporting.summary import Row
from tests.unit.reporting.summaries import summary, sums


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_line_ends_in_crlf_and_has_every_column() -> None:
    lines = to_csv(summary()).split("\r\n")
    assert lines == [
        ",".join(COLUMNS),
        "P-100,Harbour bridge,3,1499554,1600000,1800,4,2,60.0000,100.0000,EUR,0,2026-11-23T17:30:05.123456Z",
        "",
    ]


def test_separators_quotes_and_line_breaks_in_names_survive() -> None:
    name = 'One, "two"\r\nthree; fünf'
    assert read(to_csv(summary([Row("k", name, sums())])))[0]["name"] == name


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_looks_like_a_formula_is_made_harmless(start: str) -> None:
    evil = f"{start}HYPERLINK(0)"
    [row] = read(to_csv(summary([Row(evil, evil, sums(cost="-1.5"))])))
    assert row["key"] == row["name"] == f"'{evil}"
    assert row["cost"] == "-1.5000", "a negative number is a number"


def test_a_byte_order_mark_comes_only_when_wished() -> None:
    assert to_csv(summary(), bom=True).encode().startswith(b"\xef\xbb\xbfkey,")
    assert to_csv(summary()).encode().startswith(b"key,")


def test_a_job_without_project_has_the_empty_key() -> None:
    assert read(to_csv(summary([Row("", "", sums())])))[0]["key"] == ""
