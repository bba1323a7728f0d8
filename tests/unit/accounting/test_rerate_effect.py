"""The effect of other prices is what adding up line by line comes to, and lines alike are numbered alike."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.rerate.effect import BYS, Effect, Money, Sums
from services.accounting.rerate.keys import fold
from services.accounting.rerate.lines import unpacked

AMOUNT = st.sampled_from([NULL64, 0, 5, 1 << 40]) | st.integers(-1000, 1000)
LINE = st.tuples(st.integers(0, 1), st.integers(0, 3), AMOUNT, AMOUNT, AMOUNT, AMOUNT)
CHUNK = st.lists(LINE, min_size=1, max_size=12)
MONTH = 24_310


def row_of(cost: int, price: int, cost_after: int, price_after: int) -> list[int]:
    """What one line counts in the order of Sums."""
    had, has = (NULL64 not in pair for pair in ((cost, price), (cost_after, price_after)))
    pairs = ((cost, cost_after), (price, price_after))
    lost = any(before != NULL64 and after == NULL64 for before, after in pairs)
    money = [0 if each == NULL64 else each for each in (cost, cost_after, price, price_after)]
    is_changed = any(before != after for before, after in pairs)
    return [1, is_changed, *money, not had, not has, lost, not had and has]


@given(chunks=st.lists(CHUNK, min_size=1, max_size=3), keeps_cost=st.booleans())
def test_sums_by_keys_are_those_of_their_lines(chunks, keeps_cost):
    effect = Effect(BYS)
    expected: dict[int, Sums] = {}
    for chunk in chunks:
        wanted, keys, cost, price, cost_after, price_after = np.array(chunk, np.int64).T
        cost_after = cost if keeps_cost else cost_after
        told = {"offset": np.arange(len(chunk)), "line": np.zeros(len(chunk), np.int64), "wanted": wanted}
        lines = unpacked(told | dict.fromkeys(["project_no", "person_no"], keys))
        effect.add(lines, Money(cost, price), Money(cost_after, price_after), month=MONTH)
        for at in np.flatnonzero(wanted).tolist():
            row = row_of(*(int(column[at]) for column in (cost, price, cost_after, price_after)))
            expected[int(keys[at])] = expected.get(int(keys[at]), Sums()).plus(row)
    effect.finish()
    total = Sums()
    for sums in expected.values():
        total = total.plus(sums)
    assert effect.total == total
    assert effect.sums.get("person", {}) == effect.sums.get("project", {}) == expected
    assert effect.sums.get("month", {}) == ({MONTH: total} if expected else {})


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2), st.integers(0, 1 << 40)), min_size=1, max_size=40)
)
def test_rows_alike_have_one_number_and_the_place_where_they_stand_first(rows):
    for columns in (np.array(rows, np.int64).T, np.array(rows, np.int64).T[:1]):
        first, which = fold(list(columns))
        told = list(map(tuple, columns.T.tolist()))
        assert [told.index(row) for row in told] == first[which].tolist()
        assert len(first) == len(set(told))
