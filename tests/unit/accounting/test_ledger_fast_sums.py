"""Rollup cells by numpy: the same whether keys are few or many, and exact."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.ledger.fast.sums import TooLarge, cells, guard, largest

AMOUNTS = st.integers(-(1 << 50), 1 << 50)


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2), AMOUNTS, AMOUNTS), max_size=40),
    spread=st.sampled_from([1, 1 << 20, 1 << 40]),
)
def test_rows_of_equal_keys_are_added_up_in_order_of_the_keys(rows, spread):
    keys = [np.array([row[0] * spread for row in rows], np.int64), np.array([row[1] for row in rows], np.int32)]
    values = np.array([row[2:] for row in rows], np.int64).reshape(-1, 2)
    expected: dict[tuple[int, int], Counter[int]] = {}
    for first, second, *amounts in rows:
        expected.setdefault((first * spread, second), Counter()).update(dict(enumerate(amounts)))

    found, sums = cells(keys, values)

    told = dict(zip(zip(*(key.tolist() for key in found), strict=True), sums.tolist(), strict=True))
    assert told == {key: [each[0], each[1]] for key, each in expected.items()}
    assert list(told) == sorted(told)


def test_the_largest_magnitude_of_each_column_counts_with_its_sign_left_out():
    values = np.array([[1, -7], [-(1 << 63), 5]], np.int64)
    assert largest(values) == [1 << 63, 7]
    assert largest(values[:0]) == [0, 0]
    with pytest.raises(TooLarge):
        guard(values)
