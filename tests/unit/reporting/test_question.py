"""What is asked decides where the answer lies and which form it takes."""

from __future__ import annotations

import pytest

from services.reporting.question import Question, SummaryQuery, format_of, read_question
from shared.http.body import read_query
from shared.http.problems import Invalid
from tests.unit.reporting.summaries import NOW


def ask(**parameters: str) -> Question:
    return read_question(read_query(parameters, SummaryQuery), now=NOW, timezone="Europe/Berlin")


def test_without_any_wish_it_is_the_projects_of_this_month() -> None:
    question = ask()
    assert (question.by, question.period.name, question.period.timezone) == (
        "project",
        "this-month",
        "Europe/Berlin",
    )
    assert question.source("Europe/Berlin") == "rollup"


def test_another_zone_is_counted_in_the_ledger() -> None:
    assert ask(timezone="UTC").source("Europe/Berlin") == "ledger"
    assert ask(timezone="Europe/Berlin").source("Europe/Berlin") == "rollup"


@pytest.mark.parametrize("value", ["P-100", "", "null", "true", "1"])
def test_a_filter_is_taken_as_it_stands_and_counted_in_the_ledger(value: str) -> None:
    question = ask(project=value)
    assert question.filters == {"project": value}
    assert question.source("Europe/Berlin") == "ledger"


@pytest.mark.parametrize("wrong", [{"by": "owner"}, {"sort": "size"}, {"format": "pdf"}, {"peroid": "2026"}])
def test_a_wrong_parameter_is_refused_by_name(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(**wrong)
    assert [error.pointer for error in refusal.value.errors] == list(wrong)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/html", "html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("text/csv, application/json;q=0.5", "csv"),
        ("text/html;q=0.1, application/json;q=0.200", "json"),
        ("text/html;q=0", "json"),
        ("TEXT/CSV; charset=utf-8", "csv"),
        ("text/html;q=x", "json"),
        (";;,,", "json"),
    ],
)
def test_the_accept_header_chooses_the_form(accept: str, form: str) -> None:
    assert format_of(SummaryQuery(), accept) == form


def test_the_format_parameter_wins_over_the_header() -> None:
    assert format_of(SummaryQuery(format="csv"), "text/html") == "csv"
