"""Reading requests: every wrong place is told at once, each with its JSON pointer."""

from __future__ import annotations

from typing import Annotated

import pytest
from msgspec import Meta, Struct
from multidict import MultiDict

from shared.events.jobs import JobCompleted
from shared.http.body import read_json, read_query
from shared.http.problems import BadRequest, Invalid
from shared.http.unknown_fields import unknown_fields


class Inner(Struct):
    size: int


class Outer(Struct):
    name: str
    inner: Inner | None = None
    many: list[Inner] = []
    named: dict[str, Inner] = {}


class Words(Struct):
    search: str = ""


class Query(Struct):
    limit: int = 10
    unpriced: bool = False
    printer: tuple[str, ...] = ()
    line: Annotated[list[int], Meta(max_length=2)] = []


def pointers(raising) -> list[str]:
    with pytest.raises(Invalid) as caught:
        raising()
    return [error.pointer for error in caught.value.errors]


def test_a_body_becomes_its_type():
    assert read_json(b'{"name": "a", "inner": {"size": 3}}', Outer) == Outer("a", Inner(3))


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[1,", b'{"a":1}}'])
def test_what_is_not_json_is_a_bad_request(raw):
    with pytest.raises(BadRequest):
        read_json(raw, Outer)


def test_unknown_fields_are_found_at_every_depth():
    body = (
        b'{"name":"a","nmae":1,"inner":{"size":1,"x":2},'
        b'"many":[{"size":1},{"size":2,"y/z":0}],"named":{"k":{"size":1,"q":1}}}'
    )
    assert sorted(pointers(lambda: read_json(body, Outer))) == ["/inner/x", "/many/1/y~1z", "/named/k/q", "/nmae"]


def test_a_wrong_type_and_an_unknown_field_are_told_together():
    assert pointers(lambda: read_json(b'{"name":"a","inner":{"size":"big"},"x":1}', Outer)) == [
        "/inner/size",
        "/x",
    ]


def test_a_pointer_of_a_part_is_put_after_that_of_the_whole():
    assert pointers(lambda: read_json(b'{"name":1}', Outer, pointer="/jobs/3")) == ["/jobs/3/name"]


def test_an_index_is_part_of_the_pointer():
    assert pointers(lambda: read_json(b'{"name":"a","many":[{"size":1},{"size":null}]}', Outer)) == [
        "/many/1/size"
    ]


def test_the_job_event_refuses_a_misspelt_field():
    document = {"printer": {"id": "p"}, "completed_at": "2026-11-02T09:00:00Z", "lines": [{"medai": "x"}]}
    assert [error.pointer for error in unknown_fields(document, JobCompleted)] == ["/lines/0/medai"]


def test_query_parameters_are_read_from_text():
    assert read_query({"limit": "5", "unpriced": "true"}, Query) == Query(5, unpriced=True)


def test_wrong_and_unknown_query_parameters_are_told_by_name():
    assert pointers(lambda: read_query({"limit": "many", "order": "up"}, Query)) == ["limit", "order"]


def test_a_query_parameter_given_twice_is_refused_instead_of_guessed():
    twice = MultiDict([("limit", "1"), ("limit", "2")])
    assert pointers(lambda: read_query(twice, Query)) == ["limit"]


def test_a_query_parameter_of_a_list_is_taken_as_often_as_it_is_given():
    given = MultiDict([("printer", "a"), ("line", "3"), ("printer", ""), ("limit", "1")])
    assert read_query(given, Query) == Query(1, printer=("a", ""), line=[3])
    assert read_query({}, Query).printer == ()


@pytest.mark.parametrize("values", [["1", "2", "3"], ["1", "x"]])
def test_a_wrong_list_in_a_query_is_told_by_its_name(values):
    assert pointers(lambda: read_query(MultiDict([("line", value) for value in values]), Query)) == ["line"]


def test_a_nul_in_a_query_parameter_is_told_by_its_name():
    assert pointers(lambda: read_query({"search": "a\0"}, Words)) == ["search"]


def test_a_wrong_key_points_at_the_object_that_holds_it():
    document = b'{"printer":{"id":"p"},"completed_at":"2026-11-02T09:00:00Z","lines":[{"ink_ul":{"":1}}]}'
    assert pointers(lambda: read_json(document, JobCompleted)) == ["/lines/0/ink_ul"]


def test_deep_nesting_is_refused_and_breaks_nothing():
    with pytest.raises((BadRequest, Invalid)):
        read_json(b"[" * 100_000, Outer)


def test_texts_that_postgresql_can_not_hold_are_refused_with_their_place():
    body = rb'{"name": "a\u0000", "named": {"x": {"size": 1}}, "many": []}'
    assert pointers(lambda: read_json(body, Outer)) == ["/name"]
    assert read_json(rb'{"name": "\\u0000"}', Outer).name == "\\u0000", "a backslash and what follows it"
