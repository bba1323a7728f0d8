"""Lines as the database answers them become whole jobs, in order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.rerate.lines import unpacked

ROWS = [(entry, line) for entry in (7, 8, 9) for line in range(4)]


@given(st.permutations(ROWS))
def test_the_lines_of_a_job_come_in_their_order_however_the_database_answers_them(rows):
    """A query without an order may keep jobs in order, and turn the lines of each round: such as by a sort."""
    offset, line = np.array(rows, np.int64).T
    lines = unpacked({"offset": offset, "line": line, "cost_micro": 10 * offset + line}, since=1_000)
    assert list(zip((lines.entry_id - 1_000).tolist(), lines.line.tolist(), strict=True)) == ROWS
    assert lines.cost_micro.tolist() == [10 * entry + line for entry, line in ROWS]


def test_the_lines_of_one_job_are_turned_round_too():
    told = {"offset": [0, 0], "line": [1, 0], "price_micro": [250, 40]}
    lines = unpacked({name: np.array(column) for name, column in told.items()})
    assert lines.price_micro.tolist() == [40, 250]


def test_what_was_not_read_is_as_if_no_line_told_it():
    lines = unpacked({"offset": np.zeros(1, np.int64), "line": np.zeros(1, np.int64)}, since=7, occurred_us=5)
    assert (lines.used_area_mm2[0], lines.sheets[0], lines.revision[0], lines.outcome[0]) == (-1, -1, 0, 1)
    assert (lines.wanted[0], lines.voided[0], lines.last_entry_id[0], lines.occurred_us[0]) == (1, 0, 7, 5)
    assert not lines.has_more
