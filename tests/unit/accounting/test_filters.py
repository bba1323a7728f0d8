"""Filters of lines: values are alternatives, filters are a conjunction, and nothing is put into SQL as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from multidict import MultiDict

from services.accounting.filters import PLACE, LineFilters, period_of, shown, where
from shared.errors import Reject
from shared.http.body import read_query
from shared.http.problems import Invalid

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def asked(*pairs: tuple[str, str]) -> LineFilters:
    return read_query(MultiDict(pairs), LineFilters)


def test_a_filter_may_be_given_several_times():
    assert asked(("printer", "a"), ("printer", "b"), ("kind", "scan")) == LineFilters(
        printer=("a", "b"), kind=("scan",)
    )


def test_an_empty_filter_wants_the_lines_that_name_none():
    found = where(asked(("project", ""), ("project", "P-1")))
    assert found.parameters == {"f_project": ["", "P-1"]}


@pytest.mark.parametrize("pair", [("kind", "poster"), ("status", "lost"), ("job", "1"), ("billable", "perhaps")])
def test_a_word_that_there_is_none_is_refused_by_name(pair):
    with pytest.raises(Invalid) as caught:
        asked(pair)
    assert [error.pointer for error in caught.value.errors] == [pair[0]]


def test_more_values_than_the_limit_are_refused():
    with pytest.raises(Invalid):
        asked(*[("person", str(number)) for number in range(101)])


def test_status_is_another_name_of_the_outcome():
    found = where(asked(("status", "aborted"), ("outcome", "completed")))
    assert found.parameters == {"f_outcome": ["completed", "aborted"]}


def test_every_parameter_of_a_condition_is_given_and_no_value_is_in_its_text():
    told = LineFilters(
        printer=("p'",), group=("g",), person=("w",), project=("x",), department=("d",), customer=("c",),
        kind=("scan",), media=("m",), category=("k",), outcome=("partial",), billable=True, unpriced=False,
        entry_kind=("void",), period="2026-11",
    )  # fmt: skip
    found = where(told, period_of(told, now=NOW, timezone="Europe/Berlin"))
    assert set(re.findall(r"%\((\w+)\)s", found.sql)) == set(found.parameters)
    assert "p'" not in found.sql
    assert found.parameters["f_start"] == datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_no_filter_lets_every_line_pass():
    assert where(LineFilters()).into(f"SELECT 1 WHERE {PLACE}") == "SELECT 1 WHERE true"
    assert period_of(LineFilters(), now=NOW, timezone="UTC") is None


def test_a_period_that_is_none_is_refused():
    with pytest.raises(Reject):
        period_of(LineFilters(period="soon"), now=NOW, timezone="UTC")


def test_what_was_asked_for_can_be_shown():
    told = LineFilters(person=("", "alice"), billable=False, period="2026")
    assert shown(told) == {"period": ["2026"], "person": ["", "alice"], "billable": ["false"]}
    assert shown(replace(told, person=(), billable=None, period=None)) == {}
