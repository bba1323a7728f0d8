"""Named queries: what is written is what comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sqlfile import parse

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
LINES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40).filter(
    lambda line: line.strip() and not line.startswith("--")
)
BODIES = st.lists(LINES, min_size=1, max_size=5)


@given(st.dictionaries(NAMES, BODIES, max_size=5))
def test_every_query_comes_back_under_its_name(queries: dict[str, list[str]]) -> None:
    text = "".join(
        f"-- name: {name}\n-- Why {name}.\n" + "\n".join(body) + "\n\n" for name, body in queries.items()
    )
    found = parse(text)
    assert dict(found) == {name: "\n".join(body).strip() for name, body in queries.items()}
    assert all(found.doc(name) == f"Why {name}." for name in queries)


def test_comments_under_the_name_are_its_documentation_and_not_sent() -> None:
    found = parse("-- a file\n\n-- name: one\n-- First line,\n-- 100 % documented.\n\nSELECT 1\n-- kept\n;\n")
    assert found["one"] == "SELECT 1\n-- kept\n;"
    assert found.doc("one") == "First line,\n100 % documented."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;", "text:3: a second query named one"),
        ("-- name:\nSELECT 1;", "'' is no name"),
        ("-- name: Not-Python\nSELECT 1;", "'Not-Python' is no name"),
        ("SELECT 1;", "before the first"),
        ("-- name: one\n-- only words\n-- name: two\nSELECT 1;", "one is empty"),
    ],
)
def test_a_faulty_file_is_refused_with_the_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_an_unknown_query_is_told_with_those_that_are() -> None:
    with pytest.raises(KeyError, match=r"no query 'three', only: one, two"):
        parse("-- name: one\nSELECT 1\n-- name: two\nSELECT 2")["three"]
