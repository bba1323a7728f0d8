"""A summary keeps every digit on its way out and back."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.answer import SummaryAnswer, answer, from_answer
from services.reporting.summary import Row, Sort, Sums, ordered, plain
from tests.unit.reporting.summaries import summary, sums


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("0", 4, "0.0000"),
        ("1.2", 4, "1.2000"),
        ("0.549509", 4, "0.549509"),
        ("10.500000", 4, "10.5000"),
        ("499554.000000", 0, "499554"),
        ("1E+3", 0, "1000"),
        ("0.5", 0, "0.5"),
        ("-0.00001", 4, "-0.00001"),
    ],
)
def test_amounts_are_plain_and_lose_no_digit(value: str, digits: int, text: str) -> None:
    assert plain(Decimal(value), digits) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15))
def test_an_amount_reads_back_as_itself(value: Decimal) -> None:
    text = plain(value, 4)
    assert Decimal(text) == value
    assert len(text.partition(".")[2]) >= 4


def test_the_json_is_the_published_shape() -> None:
    told = msgspec.json.decode(msgspec.json.encode(answer(summary())))
    assert list(told) == ["period", "by", "currency", "rows", "total", "as_of", "source", "filters", "as_it_stood"]
    assert told["rows"] == [
        {
            "key": "P-100",
            "name": "Harbour bridge",
            "jobs": 3,
            "printed_area_mm2": "1499554",
            "used_area_mm2": "1600000",
            "ink_ul": "1800",
            "impressions": 4,
            "sheets": 2,
            "cost": "60.0000",
            "price": "100.0000",
            "unpriced_lines": 0,
        }
    ]
    assert told["period"] == {
        "name": "2026-11",
        "first_day": "2026-11-01",
        "last_day": "2026-11-30",
        "start": "2026-10-31T23:00:00Z",
        "end": "2026-11-30T23:00:00Z",
        "timezone": "Europe/Berlin",
    }
    assert told["as_of"] == "2026-11-23T17:30:05.123456Z"
    assert "key" not in told["total"]


def test_a_summary_survives_the_wire() -> None:
    sent = summary([Row("", "", sums("0.123456", "9" * 12 + ".000001")), Row("=1", "Ünï", sums())])
    wire = msgspec.json.encode(answer(sent))
    back = from_answer(msgspec.json.decode(wire, type=SummaryAnswer))
    assert answer(back) == answer(sent)


def keys(rows: list[Row]) -> list[str]:
    return [row.key for row in rows]


def test_the_dearest_comes_first_and_equals_go_by_key() -> None:
    rows = [Row("c", "", sums(price="1")), Row("b", "", sums(price="2")), Row("a", "", sums(price="1"))]
    assert keys(ordered(rows, "project", None)) == ["b", "a", "c"]


def test_days_come_in_their_order() -> None:
    rows = [Row("2026-11-02", "", sums(price="9")), Row("2026-11-01", "", sums(price="1"))]
    assert keys(ordered(rows, "day", None)) == ["2026-11-01", "2026-11-02"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("key", ["1", "2"]),
        ("name", ["2", "1"]),
        ("jobs", ["2", "1"]),
        ("cost", ["1", "2"]),
        ("unpriced", ["2", "1"]),
    ],
)
def test_rows_can_be_ordered_otherwise(sort: Sort, expected: list[str]) -> None:
    rows = [Row("1", "Zoe", Sums(jobs=1, cost=Decimal(2))), Row("2", "adam", Sums(jobs=2, unpriced_lines=1))]
    assert keys(ordered(rows, "person", sort)) == expected
