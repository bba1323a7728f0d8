"""Rows of a batch are grouped by what they have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.ledger.fast.distinct import MAX_ROUNDS, distinct

FEW = st.tuples(st.integers(-2, 2), st.booleans(), st.integers(-1, 1), st.integers(0, 2))
MANY = st.tuples(
    st.integers(-(2**31), 2**31 - 1), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64 - 1)
)
KINDS = (np.int32, np.bool_, np.int64, np.uint64)


def assert_grouped(rows: list[tuple[Any, ...]], columns: list[npt.NDArray[Any]]) -> None:
    firsts, group = distinct(columns)
    assert firsts.tolist() == [at for at, row in enumerate(rows) if rows.index(row) == at]
    assert [rows[firsts[of]] for of in group.tolist()] == rows


@given(st.lists(FEW, min_size=1, max_size=100) | st.lists(MANY, min_size=1, max_size=100))
def test_rows_that_are_equal_in_all_columns_are_grouped_in_the_order_of_first_sight(
    rows: list[tuple[Any, ...]],
) -> None:
    columns = zip(*rows, strict=True)
    assert_grouped(rows, [np.array(column, kind) for column, kind in zip(columns, KINDS, strict=True)])


def test_no_rows_make_no_groups() -> None:
    assert_grouped([], [np.empty(0, np.int64)])


@given(st.integers(MAX_ROUNDS, 4 * MAX_ROUNDS))
def test_rows_made_to_come_to_one_hash_are_told_apart(count: int) -> None:
    first = np.arange(count, dtype=np.uint64)
    second = first * np.uint64(0x9E3779B97F4A7C15)
    second ^= second >> np.uint64(29)
    first, second = np.tile(first, 2), np.tile(second, 2)
    assert_grouped(list(zip(first.tolist(), second.tolist(), strict=True)), [first, second])
