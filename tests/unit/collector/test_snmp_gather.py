"""Reading from agents that can't do everything: each is a fake with one fault, and gives the same in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from services.collector.snmp.gather import MAX_ROWS, below, columns, get, walk
from services.collector.snmp.message import ErrorStatus
from services.collector.snmp.session import Answer, Asked
from services.collector.snmp.values import Oid, Tag, VarBind
from shared.errors import Retry

TABLE: Oid = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1)
ROWS = {(*TABLE, column, 1, row): column * 100 + row for column in (6, 8, 9) for row in range(1, 13)}
AFTER = {(1, 3, 6, 1, 2, 1, 43, 12, 1, 1, 4, 1, 1): 7}
SPAN = columns(TABLE, 6, 9)


class FakeAgent:
    """A Session that answers from a dictionary, and then as `fault` has it."""

    bulk = True

    def __init__(self, objects: dict[Oid, int], fault: Callable[[FakeAgent, Asked, Sequence[Oid]], Answer | None]):
        self.objects = {oid: VarBind(oid, Tag.INTEGER, value) for oid, value in objects.items()}
        self.order = sorted(self.objects)
        self.fault = fault
        self.questions = 0

    async def ask(self, how: Asked, oids: Sequence[Oid], repeats: int = 0) -> Answer:
        self.questions += 1
        assert self.questions < 2_000, "a walk must end"
        answer = self.fault(self, how, oids)
        return answer if answer is not None else self.plain(how, oids, repeats)

    def plain(self, how: Asked, oids: Sequence[Oid], repeats: int) -> Answer:
        if how == "get":
            return Answer(tuple(self.objects.get(oid, VarBind(oid, Tag.NO_SUCH_INSTANCE)) for oid in oids))
        binds = []
        at = oids[0]
        for _ in range(max(1, repeats)):
            following = next((oid for oid in self.order if oid > at), None)
            if following is None:
                binds.append(VarBind(at, Tag.END_OF_MIB_VIEW))
                break
            binds.append(self.objects[following])
            at = following
        return Answer(tuple(binds))

    async def close(self) -> None: ...


def sound(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
    return None


def too_big_for_many(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
    return Answer((), ErrorStatus.TOO_BIG) if how == "bulk" or len(oids) > 3 else None


def silent_to_bulk(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
    if how == "bulk":
        raise Retry("no answer")
    return None


def general_error_to_bulk(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
    return Answer((), ErrorStatus.GEN_ERR) if how == "bulk" else None


def ends_by_no_such_name(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
    if how == "bulk":
        return Answer((), ErrorStatus.GEN_ERR)
    at_end = how == "next" and oids[0] >= agent.order[-1]
    return Answer((VarBind(oids[0]),), ErrorStatus.NO_SUCH_NAME, 1) if at_end else None


def begins_anew(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
    """At its end it starts again from the first object."""
    if how != "get" and oids[0] >= (*TABLE, 9, 1, 12):
        return Answer((agent.objects[agent.order[0]],))
    return None


def repeats_the_last(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
    return Answer((agent.objects[oids[0]],)) if how != "get" and oids[0] == (*TABLE, 9, 1, 12) else None


FAULTS = [
    sound,
    too_big_for_many,
    silent_to_bulk,
    general_error_to_bulk,
    ends_by_no_such_name,
    begins_anew,
    repeats_the_last,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_walk_brings_all_rows_whatever_the_agent_can_not_do(fault) -> None:
    found = await walk(FakeAgent(ROWS | AFTER if fault is not begins_anew else ROWS, fault), SPAN)
    assert {oid: bind.value for oid, bind in found.items()} == ROWS


@pytest.mark.parametrize("fault", [sound, too_big_for_many], ids=lambda fault: fault.__name__)
async def test_single_objects_are_read_whatever_the_agent_can_not_do(fault) -> None:
    missing = (*TABLE, 9, 1, 99)
    found = await get(FakeAgent(ROWS, fault), [*ROWS, missing])
    assert {oid: bind.value for oid, bind in found.items()} == ROWS


async def test_of_single_objects_the_one_that_v1_complains_of_is_left_out() -> None:
    missing = (*TABLE, 9, 1, 99)

    def no_such_name(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
        at = next((place for place, oid in enumerate(oids, start=1) if oid not in agent.objects), None)
        return Answer((), ErrorStatus.NO_SUCH_NAME, at) if at else None

    found = await get(FakeAgent(ROWS, no_such_name), [missing, *ROWS, (*missing, 1)])
    assert found.keys() == ROWS.keys()


@pytest.mark.parametrize("index", [0, 77, -1])
async def test_an_error_that_names_no_object_costs_only_the_object_that_fails(index: int) -> None:
    bad = (*TABLE, 8, 1, 5)

    def general_error(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
        return Answer((), ErrorStatus.GEN_ERR, index) if bad in oids else None

    found = await get(FakeAgent(ROWS, general_error), ROWS)
    assert found.keys() == ROWS.keys() - {bad}


async def test_an_object_that_fails_costs_a_walk_only_that_object() -> None:
    bad = (*TABLE, 8, 1, 5)

    def general_error(agent: FakeAgent, how: Asked, oids: Sequence[Oid]) -> Answer | None:
        hit = how == "bulk" or oids[0] == (*TABLE, 8, 1, 4)
        return Answer((), ErrorStatus.GEN_ERR, 1) if hit else None

    found = await walk(FakeAgent(ROWS, general_error), SPAN)
    assert found.keys() == ROWS.keys() - {bad}


async def test_a_walk_through_an_agent_without_end_is_ended() -> None:
    class Endless(FakeAgent):
        def plain(self, how: Asked, oids: Sequence[Oid], repeats: int) -> Answer:
            at = oids[0]
            start = at[-1] + 1 if len(at) > len(TABLE) else 1
            head = at[:-1] if len(at) > len(TABLE) else at
            return Answer(tuple(VarBind((*head, start + n), Tag.INTEGER, 1) for n in range(max(1, repeats))))

    found = await walk(Endless({}, sound), below(TABLE))
    assert MAX_ROWS <= len(found) <= MAX_ROWS + 100


async def test_rows_in_a_wrong_order_are_read_all() -> None:
    texts = sorted(ROWS, key=lambda oid: ".".join(map(str, oid)))

    class Unsorted(FakeAgent):
        def plain(self, how: Asked, oids: Sequence[Oid], repeats: int) -> Answer:
            at = texts.index(oids[0]) + 1 if oids[0] in texts else 0
            rows = texts[at : at + max(1, repeats)]
            return Answer(tuple(self.objects[oid] for oid in rows) or (VarBind(oids[0], Tag.END_OF_MIB_VIEW),))

    found = await walk(Unsorted(ROWS, sound), SPAN)
    assert found.keys() == ROWS.keys()


async def test_an_agent_that_answers_nothing_ends_a_walk() -> None:
    assert await walk(FakeAgent(ROWS, lambda *_: Answer(())), SPAN) == {}
