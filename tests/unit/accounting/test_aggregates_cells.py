"""What a window holds: each ledger line once, in the right window, whatever is told twice or taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.aggregates import norms
from services.accounting.aggregates.cells import (
    Cell,
    Keep,
    Line,
    Name,
    Sums,
    decode,
    encode,
    names_of,
    span_of,
    sums_of,
)
from services.accounting.aggregates.changes import changed_event
from services.accounting.aggregates.counting import Batch
from shared.errors import Reject
from shared.events.charges import BookAmount
from tests.unit.accounting.charge_records import BERLIN, NOW, RULES, charge, record

_AMOUNTS = st.integers(-(10**12), 10**12)


@st.composite
def _tellings(draw):
    """Lines on several ways, in order, and told again from some earlier point as a relay does after a crash."""
    told = []
    for way in ("0/0", "0/1", "1/0"):
        lines = [Line(way, entry, line) for entry in range(draw(st.integers(0, 6))) for line in (0, 1)]
        again = draw(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=3))
        reached = 0
        sequence = []
        for start, length in again:
            begin = min(start, reached)
            sequence += lines[begin : begin + length]
            reached = max(reached, min(len(lines), begin + length))
        told.append((sequence + lines[reached:], lines))
    order = draw(st.permutations([at for at, (sequence, _) in enumerate(told) for _ in sequence]))
    heads = [iter(sequence) for sequence, _ in told]
    return [next(heads[at]) for at in order], [line for _, lines in told for line in lines]


@given(_tellings(), st.data())
def test_each_line_counts_once_however_often_it_is_told(tellings, data):
    told, lines = tellings
    amounts = {line: Sums(jobs=1, price_micro=data.draw(_AMOUNTS)) for line in lines}
    cell = Cell(Name("day", "2026-11-20", "printer", "p"), "p", Sums(), {})
    for line in told:
        cell.add(line, amounts[line])
        cell = decode(encode(cell))

    assert cell.sums.jobs == len(lines)
    assert cell.sums.price_micro == sum(each.price_micro for each in amounts.values())


def test_a_line_counts_in_every_window_of_all_that_it_is_charged_to():
    late = charge(occurred_at=datetime(2026, 11, 19, 23, 30, 10, tzinfo=UTC))
    names = {name.text: code for name, code in names_of(late, BERLIN)}

    assert len(names) == 12
    assert names["day/2026-11-20/printer/plotter-1"] == "plotter-1"
    assert names["hour/2026-11-19T23Z/project/P-100"] == "P-100"
    assert names["minute/2026-11-19T23:30Z/department/ARCH"] == "ARCH"
    assert not any("alice" in name for name in names)
    assert list(names.values()).count("alice") == 3


def test_the_booking_day_decides_where_the_ledger_says_one():
    names = [name.start for name, _ in names_of(charge(day=date(2026, 12, 1)), BERLIN) if name.window == "day"]
    assert set(names) == {"2026-12-01"}


def test_a_day_is_as_long_as_it_is_there():
    start, end = span_of(Name("day", "2026-10-25", "printer", ""), BERLIN)
    assert (start.isoformat(), end - start.astimezone(UTC)) == ("2026-10-25T00:00:00+02:00", timedelta(hours=25))


def test_a_void_takes_back_what_the_charge_added():
    void = charge(
        entry=2, stream=1, entry_kind="void", jobs=-1, unpriced_lines=0, price="-0.5495", used_area_mm2=-543_154
    )
    batch = Batch({}.get, {}.get, RULES, NOW)
    batch.count(record(charge()))
    batch.count(record(void))
    sums = batch.cells[b"day/2026-11-20/printer/plotter-1"].sums

    assert (sums.jobs, sums.used_area_mm2, sums.price_micro) == (0, 0, 0)


def test_a_line_without_an_amount_counts_as_unpriced():
    sums = sums_of(charge(cost=BookAmount(currency="EUR", unpriced="no rate")))
    assert (sums.unpriced_lines, sums.cost_micro, sums.price_micro) == (1, 0, 549_500)


def test_what_was_cancelled_counts_apart():
    assert sums_of(charge(outcome="aborted")).cancelled_area_mm2 == 543_154
    assert sums_of(charge(outcome="partial")).cancelled_area_mm2 == 0


def test_a_window_is_kept_for_its_time_and_then_counts_nothing_late():
    name = Name("minute", "2026-11-20T08:59Z", "printer", "p")
    assert Keep().is_over(name, BERLIN, datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    assert not Keep().is_over(name, BERLIN, datetime(2026, 11, 20, 11, 59, 59, tzinfo=UTC))
    batch = Batch({}.get, {}.get, RULES, NOW)
    batch.count(record(charge(occurred_at=NOW - timedelta(hours=5))))
    assert {cell.name.window for cell in batch.cells.values()} == {"hour", "day"}
    assert batch.too_late == 4


def test_what_a_snapshot_counted_is_left_out():
    batch = Batch({}.get, {}.get, RULES._replace(base={"0": 7}), NOW)
    for entry in (6, 7, 8):
        batch.count(record(charge(entry)))
    assert batch.cells[b"day/2026-11-20/project/P-100"].sums.jobs == 1


@pytest.mark.parametrize("value", [None, b"", b"{}", b'{"type": "other"}', b"\xff", record(charge(id="7")).value])
def test_what_is_no_charge_is_refused_and_counts_nowhere(value):
    batch = Batch({}.get, {}.get, RULES, NOW)
    with pytest.raises(Reject):
        batch.count(record(value))
    assert not batch.cells


def test_the_event_tells_exact_amounts_and_names_people_only_in_their_place():
    batch = Batch({}.get, {}.get, RULES, NOW)
    batch.count(record(charge()))
    cell = next(cell for cell in batch.cells.values() if cell.name.by == "person" and cell.name.window == "day")
    event = changed_event(cell, zone=BERLIN, currency="EUR", generation=3, now=NOW)

    assert event.data.sums.price == "0.5495"
    assert event.data.person.claimed == "alice"
    assert "alice" not in event.subject + event.data.key
    assert event.data.start.isoformat() == "2026-11-20T00:00:00+01:00"
    assert event.id == changed_event(cell, zone=BERLIN, currency="EUR", generation=3, now=NOW).id


@given(st.lists(st.integers(0, 10**9), min_size=norms.LEAST_SAMPLES, max_size=norms.SAMPLES))
def test_half_of_all_densities_are_never_far_above_the_norm(values):
    norm = norms.norm_of(values)
    far = [each for each in values if norms.is_far_above(each, norm, times=1, deviations=1)]
    assert len(far) <= len(values) // 2
    assert min(values) <= norm.median_nl_per_m2 <= max(values)


def test_too_few_densities_and_small_prints_say_nothing():
    assert norms.norm_of([1] * (norms.LEAST_SAMPLES - 1)) is None
    assert norms.density_of(5, norms.LEAST_AREA_MM2 - 1) is None
    assert norms.density_of(1_200, 1_000_000) == 1_200_000
