"""Reading a device: all of it at first, then in one question what changes, and all again when it is another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.collector.access import SnmpAccess
from services.collector.devices import mib
from services.collector.devices.reader import MAX_SILENT, DeviceReader
from services.collector.snmp.agent import Tree
from services.collector.snmp.files import load_recording
from services.collector.snmp.session import Answer, Asked
from services.collector.snmp.values import Oid, Tag, VarBind, within
from shared.clock import FixedClock
from shared.errors import Reject, Retry

FOLDER = Path(__file__).parents[2] / "fixtures" / "printers"
LEVEL = (*mib.SUPPLY, mib.SUPPLY_LEVEL, 1, 1)
ERRORS = (*mib.HR_PRINTER, mib.HR_PRINTER_ERRORS, 1)
CHANGES = (*mib.GENERAL, mib.CONFIG_CHANGES, 1)


class Device:
    """The contexts of a recording, each of which can be asked; counts and may hinder questions."""

    bulk = True

    def __init__(self, name: str) -> None:
        self.trees = {context: Tree(found) for context, found in load_recording(FOLDER / f"{name}.inkrec").items()}
        self.asked: list[Asked] = []
        self.hinder: Callable[[Asked, Oid], Answer | None] = lambda *_: None
        self.hidden: Oid = ()

    def open(self, access: SnmpAccess) -> Session:
        return Session(self, access.community.partition("@")[2])

    def put(self, oid: Oid, value: int | bytes) -> None:
        tag = Tag.OCTETS if isinstance(value, bytes) else Tag.INTEGER
        self.trees[""].put(VarBind(oid, tag, value))

    def reader(self) -> DeviceReader:
        return DeviceReader(self.open, SnmpAccess(), clock=FixedClock(datetime(2026, 11, 2, tzinfo=UTC)))


class Session:
    bulk = True

    def __init__(self, device: Device, context: str) -> None:
        self.device = device
        self.context = context

    async def ask(self, how: Asked, oids: Sequence[Oid], repeats: int = 0) -> Answer:
        self.device.asked.append(how)
        if self.context not in self.device.trees:
            raise Retry("no answer")
        if (answer := self.device.hinder(how, oids[0])) is not None:
            return answer
        tree = self.device.trees[self.context]
        if how == "get":
            hidden = self.device.hidden
            return Answer(tuple(tree.get(oid) if oid != hidden else VarBind(oid) for oid in oids))
        binds = [tree.following(oids[0])]
        while len(binds) < max(1, repeats) and not binds[-1].absent:
            binds.append(tree.following(binds[-1].oid))
        return Answer(tuple(binds))

    async def close(self) -> None: ...


async def test_a_usual_look_is_one_question() -> None:
    device = Device("canon-tm-5300")
    reader = device.reader()
    await reader.read()
    device.asked.clear()
    device.put(LEVEL, 1_500)
    reading = await reader.look()
    assert device.asked == ["get"]
    assert reading.supplies[0].level_percent == 50


@pytest.mark.parametrize(
    "change",
    [
        lambda device: device.trees[""].drop(LEVEL),
        lambda device: device.put(mib.SYS_UP_TIME, 5),
        lambda device: device.put(CHANGES, 2),
    ],
    ids=["a supply is gone", "started again", "says that it was changed"],
)
async def test_a_device_with_other_parts_is_read_whole(change: Callable[[Device], None]) -> None:
    device = Device("canon-tm-5300")
    device.put(CHANGES, 1)
    reader = device.reader()
    await reader.read()
    change(device)
    device.put((*mib.SUPPLY, mib.SUPPLY_LEVEL, 1, 9), 7)
    assert [supply.index for supply in (await reader.look()).supplies][-1] == 9


async def test_alerts_are_read_when_an_error_shows_and_until_none_is_left() -> None:
    device = Device("canon-tm-5300")
    reader = device.reader()
    await reader.read()
    alert = (*mib.ALERT, mib.ALERT_DESCR, 1, 1)
    device.put(alert, b"Jam in roll 1")
    device.put(ERRORS, b"\x04")
    assert [each.words for each in (await reader.look()).alerts] == ["Jam in roll 1", "Paper jam"]
    device.trees[""].drop(alert)
    assert [each.words for each in (await reader.look()).alerts] == ["Paper jam"]
    device.put(ERRORS, b"\x00")
    assert (await reader.look()).alerts == ()


async def test_what_a_walk_shows_and_a_question_by_name_does_not_is_asked_for_but_twice() -> None:
    device = Device("canon-tm-5300")
    reader = device.reader()
    await reader.read()
    device.hidden = LEVEL
    await reader.look()
    device.asked.clear()
    assert (await reader.look()).supplies[0].level_percent == 80
    assert device.asked == ["get"]


async def test_supplies_in_another_context_are_found_and_looked_at_there() -> None:
    device = Device("hp-supplies-in-context")
    reader = device.reader()
    assert [each.level_percent for each in (await reader.read()).supplies] == [61, 47]
    device.trees["Jetdirect"].put(VarBind(LEVEL, Tag.INTEGER, 5))
    assert [each.level_percent for each in (await reader.look()).supplies] == [5, 47]


async def test_some_tables_may_be_silent_but_not_a_device() -> None:
    device = Device("canon-tm-5300")

    def silent(*roots: Oid) -> Callable[[Asked, Oid], Answer | None]:
        def hinder(how: Asked, oid: Oid) -> Answer | None:
            if any(within(oid, root) for root in roots):
                raise Retry("no answer")
            return None

        return hinder

    device.hinder = silent(mib.MARKER, mib.ENTITY)
    reading = await device.reader().read()
    assert (reading.counters, len(reading.supplies)) == ((), 6)
    device.hinder = silent((1, 3, 6, 1, 2, 1, 43))
    assert MAX_SILENT < 8
    with pytest.raises(Retry):
        await device.reader().read()


async def test_an_agent_that_shows_nothing_is_refused_with_the_remedy() -> None:
    device = Device("canon-tm-5300")
    device.trees = {"": Tree({})}
    with pytest.raises(Reject, match="another community or user"):
        await device.reader().read()
