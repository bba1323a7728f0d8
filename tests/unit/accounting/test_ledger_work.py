"""Batches: halved they come to the same, after an unknown outcome only what is left is done again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.entries import first_entry, place_of
from services.accounting.ledger.work import Fenced, Move, Work
from shared.stream import Record


@st.composite
def batches(draw: st.DrawFn) -> Work:
    """Records of up to four partitions, with gaps between their offsets."""
    records, reached, began = [], {}, {}
    for partition in draw(st.lists(st.integers(0, 3), min_size=2, max_size=20)):
        if partition not in reached:
            began[partition] = reached[partition] = draw(st.integers(0, 9))
        offset = reached[partition] + draw(st.integers(0, 2))
        records.append(Record("t", partition, offset, None, b""))
        reached[partition] = offset + 1
    return Work("t", 0, records, [Move(each, 7, began[each], reached[each]) for each in reached])


@given(batches())
def test_the_halves_of_a_batch_move_as_far_as_the_whole(work: Work) -> None:
    first, second = work.halves()
    assert [*first.records, *second.records] == list(work.records)
    moved: dict[int, list[Move]] = {}
    for move in (*first.moves, *second.moves):
        moved.setdefault(move.partition, []).append(move)
    for move in work.moves:
        steps = moved[move.partition]
        assert (steps[0].expected, steps[-1].new) == (move.expected, move.new)
        assert all(before.new == after.expected for before, after in pairwise(steps))
        assert {step.epoch for step in steps} == {7}


@given(batches())
def test_after_an_unknown_outcome_the_rest_is_done_again(work: Work) -> None:
    first, second = work.halves()
    began = {move.partition: (7, move.expected) for move in work.moves}
    halfway = began | {move.partition: (7, move.new) for move in first.moves}
    ended = {move.partition: (7, move.new) for move in work.moves}
    assert work.after(began) == work
    assert work.after(halfway) == second
    assert work.after(ended) is None


@given(batches(), st.sampled_from(["epoch", "behind", "beyond", "gone"]))
def test_a_batch_whose_partition_went_elsewhere_is_fenced(work: Work, how: str) -> None:
    stands = {move.partition: (7, move.expected) for move in work.moves}
    move = work.moves[0]
    stands[move.partition] = {
        "epoch": (8, move.expected),
        "behind": (7, move.expected - 1),
        "beyond": (7, move.new + 1),
        "gone": (0, -1),
    }[how]
    with pytest.raises(Fenced, match=f"t/{move.partition} stands at"):
        work.after(stands)


@given(st.integers(0, 2047), st.integers(0, 255), st.integers(0, 2**44 - 1))
def test_an_entry_id_says_where_it_came_from_and_fits_a_bigint(stream: int, partition: int, offset: int) -> None:
    entry_id = first_entry(stream, partition) + offset
    assert place_of(entry_id) == (stream, partition, offset)
    assert entry_id < 2**63
