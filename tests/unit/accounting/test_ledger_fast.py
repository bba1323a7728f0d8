"""The parts of the fast path equal plain Python: sums, rounding, amounts, identity, bytes on the wire."""

from __future__ import annotations

import struct
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from services.accounting.ledger.fast import amounts, sums, table
from services.accounting.ledger.fast.arrays import binary_array
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.told import FIELDS, read_all
from services.accounting.ledger.read import read_job
from services.accounting.pricing import PairRate, Unpriced
from services.accounting.pricing.rates import LineRate, MarkupRate, Part
from shared.errors import Reject
from shared.ids import job_id
from shared.money import round_half_even
from shared.stream import Record

MOMENTS = {"completed_at", "submitted_at", "started_at"}
COMPLETED = datetime(2026, 11, 2, 9, 15, 0, 250_999, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 5), st.integers(-(10**12), 10**12)), max_size=60))
def test_cells_are_sums_by_key_in_order_of_keys(rows: list[tuple[int, int, int]]) -> None:
    expected: Counter[tuple[int, int]] = Counter()
    for day, key, value in rows:
        expected[day, key] += value
    days, keys, values = (np.array([row[at] for row in rows], np.int64) for at in range(3))
    [found_days, found_keys], found = sums.cells([days, keys], values.reshape(-1, 1))
    cells = list(zip(found_days.tolist(), found_keys.tolist(), strict=True))
    assert cells == sorted({(day, key) for day, key, _ in rows})
    assert found[:, 0].tolist() == [expected[cell] for cell in cells]


def test_sums_that_may_not_fit_are_refused() -> None:
    sums.guard(np.full((4, 1), 2**59))
    with pytest.raises(sums.TooLarge):
        sums.guard(np.full((9, 1), 2**59))


@given(st.lists(st.tuples(st.integers(-(2**60), 2**60), st.integers(1, 2**40)), min_size=1))
def test_rounding_all_at_once_is_rounding_each(values: list[tuple[int, int]]) -> None:
    numerators, denominators = (np.array(column, np.int64) for column in zip(*values, strict=True))
    assert amounts.round_half_even(numerators, denominators).tolist() == [
        round_half_even(*each) for each in values
    ]


def rate(per_printed_e8: int, per_cyan_e8: int, precision: int) -> LineRate:
    parts = [
        Part("ppu", "", "printed_area_mm2", per_printed_e8, 10**14),
        Part("ink", "", "ink_ul", per_cyan_e8, 3 * 10**11, "cyan"),
        Part("fixed", "", "job", per_cyan_e8, 10**8),
    ]
    return LineRate.of(parts, list_id=1, rule="", step_micro=10 ** (6 - precision))


RATES = st.builds(rate, st.integers(0, 10**8), st.integers(0, 10**8), st.integers(0, 6))
MARKUPS = st.builds(lambda markup: MarkupRate(2, "", markup, 100), st.integers(-(10**8), 10**9))
NO_RATE = st.just(Unpriced("none"))


@given(
    st.lists(
        st.tuples(
            RATES | NO_RATE,
            RATES | MARKUPS | NO_RATE,
            st.integers(0, 10**10),
            st.integers(0, 10**6),
            st.booleans(),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_amounts_of_a_batch_are_those_of_its_lines(lines: list[tuple[Any, Any, int, int, bool]]) -> None:
    costs, prices = amounts.Table(), amounts.Table()
    consumed = np.zeros((len(lines), amounts.WIDTH), np.int64)
    expected = []
    for at, (cost, price, printed, cyan, first) in enumerate(lines):
        pair = PairRate(cost, price)
        weights = amounts.weights_of(pair, ("black", "cyan"))
        assert weights is not None
        costs.add(weights[0])
        prices.add(weights[1])
        consumed[at, 0], consumed[at, len(amounts.COLUMNS) - 1], consumed[at, len(amounts.COLUMNS) + 1] = (
            printed,
            first,
            cyan,
        )
        quantities: Any = SimpleNamespace(printed_area_mm2=printed, used_area_mm2=0, ink_ul={"cyan": cyan})
        expected.append(tuple(NULL64 if each is None else each for each in pair.amounts(quantities, first=first)))
    positions = np.arange(len(lines))
    try:
        cost_micro = costs.amounts(positions, consumed, None)
        price_micro = prices.amounts(positions, consumed, cost_micro)
    except sums.TooLarge:
        reject()  # such a batch is priced line by line
    assert list(zip(cost_micro.tolist(), price_micro.tolist(), strict=True)) == expected


def event(identity: str | None, key: str | None) -> Record:
    job = f'"id": "{identity}", ' if identity else ""
    job += f'"key": "{key}"' if key else '"device_job_id": "7"'
    value = (
        '{"specversion": "1.0", "id": "1", "source": "/t", "type": "print.job.completed.v1", '
        f'"time": "{COMPLETED.isoformat()}", "data": {{"job": {{{job}}}, "printer": {{"id": "p"}}, '
        f'"completed_at": "{COMPLETED.isoformat()}", "lines": [{{}}]}}}}'
    )
    return Record("t", 0, 0, None, value.encode())


@given(st.none() | st.text("abc/", min_size=1, max_size=9), st.sampled_from(["right", "none", "other", "upper"]))
def test_identity_is_checked_as_the_contract_has_it(key: str | None, told: str) -> None:
    right = str(job_id(COMPLETED, key or "p/7/2026-11-02T09:15:00.250Z"))
    other = str(job_id(COMPLETED + timedelta(seconds=1), key or ""))
    record = event({"right": right, "none": None, "other": other, "upper": right.upper()}[told], key)
    found = read_all([record])
    if told in {"right", "none"}:
        [job] = found.jobs
        plain = read_job(record)
        assert all(getattr(job, name) == getattr(plain, name) for name in FIELDS.keys() - MOMENTS)
        assert found.ids[0].tobytes().hex() == right.replace("-", "")
        assert found.completed[0] == (COMPLETED - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    else:
        assert "does not follow from key" in found.refused[0].reject.reason
        with pytest.raises(Reject, match="does not follow from key"):
            read_job(record)


def test_rows_go_over_the_wire_by_shape_with_what_is_absent_left_out() -> None:
    columns = [
        table.Column("int8", np.array([1, 2, 3])),
        table.Column("int2", np.array([7, -1, 9], np.int16), -1),
    ]
    lists = table.Lists(np.array([5, 6]), np.array([0, 0, 2]), np.array([2, 0, 0]))
    found = {}
    for which, rows in table.rows_of_one_shape(columns, lists, 0):
        for at, row in zip(which.tolist(), rows, strict=True):
            found[at] = row.tobytes()
    array = struct.pack(">iiiiiiiqiq", 44, 1, 0, 20, 2, 1, 8, 5, 8, 6)
    assert found == {
        0: struct.pack(">hiqih", 3, 8, 1, 2, 7) + array,
        1: struct.pack(">hiqii", 3, 8, 2, -1, -1),
        2: struct.pack(">hiqihi", 3, 8, 3, 2, 9, -1),
    }


def test_arrays_are_in_the_format_of_the_server() -> None:
    assert binary_array(np.array([1, -2]), "int4") == struct.pack(">iiiiiiiii", 1, 0, 23, 2, 1, 4, 1, 4, -2)
    assert binary_array(np.array([], np.int64), "int8") == struct.pack(">iii", 0, 0, 20)
