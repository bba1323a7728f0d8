"""Numbers that share a bigint come out of the database as they went in, however many bits each of them has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.accounting.rerate.packing import Large, Layout, Small
from shared.postgres import connect


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database_url) as connection:
        yield connection


@st.composite
def columns(draw: st.DrawFn) -> tuple[list[int], list[list[int]]]:
    """Widths of some columns, and rows of numbers that fit them."""
    widths = draw(st.lists(st.integers(0, 40), min_size=1, max_size=9))
    row = st.tuples(
        *(st.sampled_from([0, (1 << width) - 1]) | st.integers(0, (1 << width) - 1) for width in widths)
    )
    return widths, [list(each) for each in draw(st.lists(row, min_size=1, max_size=5))]


@given(columns())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_come_back_from_where_they_are_packed(
    connection: psycopg.Connection[Any], drawn: tuple[list[int], list[list[int]]]
) -> None:
    widths, rows = drawn
    layout = Layout(
        {f"n{at}": Small(f"c.row[{at}]", width, less=at) for at, width in enumerate(widths, 1)}
        | {"first": Large("int8send(-c.row[1])")}
    )
    arrays = ", ".join(f"(ARRAY{row}::bigint[])" for row in rows)
    query = f"SELECT {', '.join(layout.aggregates)} FROM (VALUES {arrays}) AS c(row)"
    raw = connection.execute(query.encode(), binary=True).fetchone()
    found = layout.unpacked(list(raw or ()))
    assert found["first"].tolist() == [-row[0] for row in rows]
    for at in range(1, len(widths) + 1):
        assert found[f"n{at}"].tolist() == [row[at - 1] - at for row in rows]


def test_numbers_that_do_not_fit_together_are_sent_apart() -> None:
    small = {f"n{bits}": Small("1", bits) for bits in (40, 23, 30, 31, 2)}
    assert len(Layout(small).aggregates) == 2
    assert len(Layout(small | {"n1": Small("1", 1)}).aggregates) == 3
