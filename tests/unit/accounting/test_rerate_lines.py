"""Lines as the database answers them become whole jobs, in order."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.accounting.rerate.lines import COLUMNS, unpacked

ROWS = [(entry, line) for entry in (7, 8, 9) for line in range(4)]
HEADER = bytes(20)


def array_of(values: Sequence[int]) -> bytes:
    """What array_send makes of bigints."""
    return HEADER + b"".join(struct.pack(">iq", 8, value) for value in values)


@given(st.permutations(ROWS))
def test_the_lines_of_a_job_come_in_their_order_however_the_database_answers_them(rows):
    """A query without an order may keep jobs in order, and turn the lines of each round: such as by a sort."""
    columns = {name: array_of([0] * len(rows)) for name in COLUMNS}
    columns |= {"entry_id": array_of([entry for entry, _ in rows]), "small": array_of([line for _, line in rows])}
    columns["cost_micro"] = array_of([10 * entry + line for entry, line in rows])
    lines = unpacked(columns, (), occurred_us=0)
    assert list(zip(lines.entry_id.tolist(), lines.line.tolist(), strict=True)) == ROWS
    assert lines.cost_micro.tolist() == [10 * entry + line for entry, line in ROWS]


def test_the_lines_of_one_job_are_turned_round_too():
    columns = {name: array_of([0, 0]) for name in COLUMNS} | {"small": array_of([1, 0])}
    columns["price_micro"] = array_of([250, 40])
    assert unpacked(columns, (), occurred_us=0).price_micro.tolist() == [40, 250]
