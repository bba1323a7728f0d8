"""What goes to COPY reads back as the rows it was made of: numbers, lists and texts, present or absent."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounting.ledger.fast.layout import NULL16
from services.accounting.ledger.fast.posted import positions_of
from services.accounting.ledger.fast.table import SIGNATURE, TRAILER, Column, Lists, copy_of
from services.accounting.ledger.fast.texts import ABSENT, WIDTH, Texts

LENGTHS = st.sampled_from([0, 1, 7, 60, WIDTH - 1, WIDTH, WIDTH + 1, 1_000, 70_000])
TEXTS = st.none() | st.text(max_size=9) | st.builds("é".__mul__, LENGTHS) | st.builds("x".__mul__, LENGTHS)
SMALL = st.none() | st.integers(-300, 300)
MANY_TEXTS = st.lists(TEXTS, max_size=30)


def fields_of(raw: bytes) -> Iterator[list[bytes | None]]:
    """The rows of a COPY in the binary format, as the server reads it."""
    assert raw.startswith(SIGNATURE)
    assert raw.endswith(TRAILER)
    at = len(SIGNATURE)
    while (count := struct.unpack_from(">h", raw, at)[0]) != -1:
        at += 2
        row: list[bytes | None] = []
        for _ in range(count):
            [size] = struct.unpack_from(">i", raw, at)
            at += 4
            row.append(None if size == ABSENT else raw[at : at + size])
            at += max(size, 0)
        yield row
    assert at + len(TRAILER) == len(raw)


def column(kind: str, code: str, values: Sequence[int | None]) -> tuple[Column, list[bytes | None]]:
    """A column with what its fields look like."""
    numbers = np.array([NULL16 if value is None else value for value in values], np.int64)
    return Column(kind, numbers, NULL16), [None if each is None else struct.pack(code, each) for each in values]


def utf8(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


@given(st.lists(st.tuples(SMALL, SMALL, TEXTS, TEXTS, TEXTS), max_size=30))
def test_rows_with_texts_come_back_in_their_order(rows: list[tuple[Any, ...]]) -> None:
    first, second, *texts = zip(*rows, strict=True) if rows else ((),) * 5
    (one, is_one), (other, is_other) = column("int4", ">i", first), column("int2", ">h", second)
    raw = copy_of([one, other], texts=[Texts.of(each) for each in texts])
    expected = zip(is_one, is_other, *(map(utf8, each) for each in texts), strict=True)
    assert list(fields_of(raw.tobytes())) == [list(row) for row in expected]


@given(
    st.lists(st.tuples(SMALL, st.booleans(), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)), max_size=30)
)
def test_rows_with_lists_come_back_in_their_order(rows: list[tuple[int | None, bool, list[int]]]) -> None:
    numbers, is_numbers = column("int8", ">q", [row[0] for row in rows])
    flags = Column("bool", np.array([row[1] for row in rows], np.bool_))
    counts = np.array([len(row[2]) for row in rows], np.int64)
    flat = np.array([item for row in rows for item in row[2]], np.int64)
    raw = copy_of([numbers, flags], Lists(flat, np.cumsum(counts) - counts, counts))
    expected = [
        [number, bytes([flag]), array(items)] for number, (_, flag, items) in zip(is_numbers, rows, strict=True)
    ]
    assert list(fields_of(raw.tobytes())) == expected


def array(items: list[int]) -> bytes | None:
    """A bigint[] as array_send writes it; an empty one is told as absent."""
    header = struct.pack(">iiiii", 1, 0, 20, len(items), 1)
    return header + b"".join(struct.pack(">iq", 8, item) for item in items) if items else None


@given(MANY_TEXTS, st.data())
def test_texts_that_were_chosen_are_those_at_their_positions(texts: list[str | None], data: st.DataObject) -> None:
    which = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=9) if texts else st.just([]))
    taken = Texts.of(texts).take(np.array(which, np.intp))
    raw = copy_of([Column("int8", np.zeros(len(which), np.int64))], texts=[taken])
    assert [row[1] for row in fields_of(raw.tobytes())] == [utf8(texts[at]) for at in which]


@given(MANY_TEXTS, st.binary(max_size=3))
def test_texts_may_stand_anywhere_in_their_buffer(texts: list[str | None], between: bytes) -> None:
    raw, starts = b"", []
    for text in texts:
        raw += between
        starts.append(len(raw))
        raw += utf8(text) or b""
    sizes = [ABSENT if text is None else len(text.encode()) for text in texts]
    held = Texts(np.frombuffer(raw, np.uint8), np.array(starts, np.int64), np.array(sizes, np.int32))
    found = copy_of([Column("int2", np.zeros(len(texts), np.int64))], texts=[held])
    assert [row[1] for row in fields_of(found.tobytes())] == list(map(utf8, texts))


def test_a_text_that_is_cut_in_half_is_refused_as_ever() -> None:
    with pytest.raises(UnicodeEncodeError):
        Texts.of(["\ud800"])


@given(st.lists(st.tuples(st.sampled_from([0, 7, 2**64 - 1]), st.integers(0, 3)), unique=True), st.data())
def test_ids_are_found_where_they_stand_also_among_those_that_begin_alike(
    halves: list[tuple[int, int]], data: st.DataObject
) -> None:
    identities = [UUID(int=first << 64 | second) for first, second in halves]
    ids = np.frombuffer(b"".join(each.bytes for each in identities), "V16")
    ordered = np.array(sorted(range(len(halves)), key=lambda at: halves[at][0]), np.intp)
    wanted = data.draw(st.permutations(range(len(halves))))
    assert positions_of([identities[at] for at in wanted], ids, ordered) == wanted
