"""Whatever a device answers in XML or JSON, reading it ends soon, in jobs or in a reason."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo.piws import PiwsPage, to_json, to_xml
from services.collector.sources.piws.cursor import Cursor
from services.collector.sources.piws.snapshot import moment, read_snapshot
from services.collector.sources.piws.source import PiwsSource
from services.collector.sources.tree import MAX_DEPTH, read_json, read_xml
from shared.clock import FixedClock
from shared.errors import Reject
from shared.events.jobs import JobCompleted, identified
from tests.unit.collector.hp.plotter import NOON, REF, a1_job, device

EMPTY = b"<JobQueueSnapshot><Jobs/></JobQueueSnapshot>"


class Told:
    """Queues whose answer is at hand."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self):
        return [read_snapshot(self._body)]


async def look(body: bytes, cursor: str = ""):
    return await PiwsSource(Told(body), REF, clock=FixedClock(NOON)).completed_jobs(cursor)


def lol(levels: int) -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><x>&l{levels - 1};</x>'.encode()


@pytest.mark.parametrize(
    "document",
    [
        lol(10),
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b'<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd"><x/>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://192.0.2.1/p"> %p;]><x/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY e "f">]><x>&e;</x>'.encode("utf-16"),
    ],
)
def test_a_document_type_is_never_read(document: bytes):
    with pytest.raises(Reject, match="document type"):
        read_xml(document)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 300, 100_000])
def test_depth_is_bounded(depth: int):
    with pytest.raises(Reject, match=r"nested more than|not XML"):
        read_xml(b"<a>" * depth + b"</a>" * depth)
    with pytest.raises(Reject, match=r"nested more than|not JSON"):
        read_json(b'{"a":' * depth + b"1" + b"}" * depth)


def test_the_number_of_values_is_bounded():
    with pytest.raises(Reject, match="more than 400000"):
        read_xml(b"<a>" + b"<b/>" * 400_001 + b"</a>")
    with pytest.raises(Reject, match="more than 400000"):
        read_json(b"[" + b"[]," * 400_001 + b"1]")


def test_what_comes_twice_or_not_at_all_is_no_crash():
    assert read_snapshot(EMPTY).jobs == ()
    assert read_snapshot(b'{"JobQueueSnapshot": {"ModificationNumber": 1}}').jobs == ()
    for other in (
        b"<x/>",
        b"{}",
        b'{"JobQueueSnapshot": 7}',
        b"<JobQueueCollection><Queue/></JobQueueCollection>",
    ):
        with pytest.raises(Reject, match="no list of jobs"):
            read_snapshot(other)


async def test_numbers_that_are_no_quantities_are_left_out():
    for absurd in ("-5", "NaN", "Infinity", "1e999", "9" * 40, "١٢", "0x10", "--", "1,5"):
        page = PiwsPage(width_in=absurd, square=absurd, grey=absurd, colour=absurd, ink_cc={"C": absurd})
        job = a1_job(square=absurd, linear=absurd, ink_cc={"C": absurd, "K": absurd}, pages=[page])
        reading = await look(to_xml(device(job).snapshot()))
        (line,) = reading.jobs[0].lines
        assert (line.used_area_mm2, line.ink_ul, line.roll_width_um, line.colour_mode) == (None, None, None, None)


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_octets_are_read_or_refused(octets: bytes):
    for document in (octets, b"<JobQueueSnapshot>" + octets, b'{"JobQueueSnapshot":' + octets + b"}"):
        with suppress(Reject):
            read_snapshot(document)


WORDS = st.one_of(
    st.sampled_from(
        ["", "1970-01-01T00:00:00Z", "in", "Printed", "-1", "1e30", "0001-01-01T00:00:00+14:00", "9999999"]
    ),
    st.text(max_size=30),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
)
WHOLE: Any = json.loads(to_json(device(a1_job(copies=2), a1_job("b", status="Deleted")).snapshot()))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *[place for key, each in inner for place in places(each, (*path, key))]]


@given(
    st.lists(st.tuples(st.sampled_from(places(WHOLE)[1:]), st.one_of(WORDS, st.just([]), st.just({}))), max_size=4)
)
@settings(max_examples=120, deadline=None)
async def test_a_snapshot_with_anything_in_any_place_gives_records_that_can_be_told(changes):
    document = json.loads(json.dumps(WHOLE))
    for path, value in changes:
        holder = document
        for key in path[:-1]:
            holder = holder[key] if isinstance(holder, dict) and key in holder else {}
            holder = holder if isinstance(holder, dict) else {}
        holder[path[-1]] = value
    try:
        reading = await look(json.dumps(document).encode())
    except Reject:
        return
    for job in reading.jobs:
        whole = identified(job)
        again = msgspec.json.decode(msgspec.json.encode(whole), type=JobCompleted)
        assert again == whole
    assert Cursor.parse(reading.cursor).text() == reading.cursor
    assert (await look(json.dumps(document).encode(), reading.cursor)).jobs == ()


@given(st.text(max_size=60))
def test_a_cursor_and_a_time_of_any_kind_are_read(text: str):
    Cursor.parse(text)
    found = moment(text)
    assert found is None or found.year >= 2000


def test_the_simulator_writes_the_namespace_as_the_device_does():
    head = to_xml(device().snapshot())[:300]
    assert re.search(rb'<piws:JobQueueSnapshot xmlns="[^"]+/piws/v2_0" xmlns:piws=', head)
