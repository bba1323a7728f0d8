"""The poller: each printer in its own rhythm, whatever the others do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Self

import pytest
from prometheus_client import REGISTRY

from services.collector.polling.poller import Poller, Rhythm
from services.collector.registry.printers import Printer
from services.collector.sources.source import PrinterState, Reading
from shared.clock import FixedClock
from shared.errors import Reject, Retry
from tests.deadline import eventually_async
from tests.unit.collector.registry_rows import printer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WITHIN_S = 5.0


class Time:
    """A time that passes only when every task waits: `advance` wakes sleepers in the order of their alarms."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = 0

    async def sleep(self, delay_s: float) -> None:
        self._count += 1
        alarm = (self.now_s + delay_s, self._count, asyncio.Event())
        self._sleepers.append(alarm)
        try:
            await alarm[2].wait()
        finally:
            self._sleepers.remove(alarm)

    async def advance(self, by_s: float) -> None:
        end_s = self.now_s + by_s
        await _settle()
        while self._sleepers and min(self._sleepers)[0] <= end_s:
            first = min(self._sleepers)
            self.now_s = first[0]
            first[2].set()
            await _settle()
        self.now_s = end_s


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Printers:
    """A PrinterSet that tests change."""

    def __init__(self, *printers: Printer) -> None:
        self.changed = asyncio.Event()
        self._printers = list(printers)

    def printers(self) -> list[Printer]:
        return self._printers

    def set(self, *printers: Printer) -> None:
        self._printers = list(printers)
        self.changed.set()


class FakeLooker:
    """Counts looks; does what the printer's name is told to do."""

    def __init__(self, printer: Printer, world: World) -> None:
        self._printer, self._world = printer, world

    async def look(self) -> tuple[Reading, int]:
        name = self._printer.name
        self._world.looks[name] += 1
        self._world.under_way[name] += 1
        self._world.most_under_way[name] = max(self._world.most_under_way[name], self._world.under_way[name])
        try:
            behaviour = self._world.behaviour.get(name)
            if isinstance(behaviour, Exception):
                raise behaviour
            if behaviour == "hangs":
                await asyncio.Event().wait()
            return Reading((), "", PrinterState("idle")), 1
        finally:
            self._world.under_way[name] -= 1

    def hear(self, attempts: Mapping[int, int]) -> None:
        if attempts:
            self._world.heard.append((self._printer.name, dict(attempts)))

    def lost(self) -> None:
        self._world.lost[self._printer.name] += 1

    async def close(self) -> None:
        self._world.closed[self._printer.name] += 1


class World:
    def __init__(self, *printers: Printer, timeout_s: float = 30.0, concurrency: int = 64) -> None:
        self.time = Time()
        self.set = Printers(*printers)
        self.behaviour: dict[str, Exception | str] = {}
        self.looks: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.most_under_way: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self.heard: list[tuple[str, dict[int, int]]] = []
        self.jitter = 1.0
        self.clock = FixedClock(NOW)
        rhythm = Rhythm(10.0, 55.0, timeout_s, concurrency, jitter=self._jitter)
        self.poller = Poller(
            self.set, lambda each: FakeLooker(each, self), rhythm, clock=self.clock, sleep=self.time.sleep
        )
        self.task = asyncio.ensure_future(self.poller.run())

    def _jitter(self) -> float:
        if self.jitter > 1.0:
            raise OverflowError("a fault between two looks")
        return self.jitter

    def break_the_pauses(self) -> None:
        self.jitter = 2.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_a_printer_is_looked_at_once_per_interval():
    async with World(printer(1)) as world:
        await world.time.advance(60)
    assert world.looks["plotter-1"] == 6
    assert world.most_under_way["plotter-1"] == 1
    assert world.closed["plotter-1"] == 1


@pytest.mark.parametrize(
    "behaviour",
    [Retry("away"), Reject("no printer"), ValueError("a bug"), "hangs"],
    ids=["away", "no", "bug", "hangs"],
)
async def test_a_bad_printer_does_not_delay_the_others(behaviour):
    async with World(printer(1), printer(2), printer(3)) as world:
        world.behaviour["plotter-1"] = behaviour
        await world.time.advance(100)
    assert world.looks["plotter-2"] == world.looks["plotter-3"] == 10


async def test_printers_that_hang_do_not_take_the_places_of_the_healthy():
    bad = [printer(number) for number in range(1, 9)]
    async with World(*bad, printer(9), concurrency=8, timeout_s=0.01) as world:
        world.behaviour |= {each.name: "hangs" for each in bad}
        await world.time.advance(1)

        async def all_given_up() -> bool:
            return not any(world.under_way[each.name] for each in bad)

        await eventually_async(all_given_up, within_s=5, what="no look hangs any more")
        await world.time.advance(100)
    assert world.looks["plotter-9"] >= 10


async def test_failures_double_the_pause_up_to_the_longest_and_a_success_ends_that():
    async with World(printer(1)) as world:
        world.behaviour["plotter-1"] = Retry("away")
        await world.time.advance(1)
        await world.time.advance(20 + 40 + 55 + 55)
        assert world.looks["plotter-1"] == 5
        status = world.poller.status("id-1")
        assert (status.consecutive_failures, status.error, status.succeeded_at) == (5, "away", None)
        assert world.lost["plotter-1"] == 5

        world.behaviour.clear()
        await world.time.advance(55)
        status = world.poller.status("id-1")
        assert (status.consecutive_failures, status.error, status.activity) == (0, None, "idle")
        await world.time.advance(30)
    assert world.looks["plotter-1"] == 5 + 1 + 3


async def test_new_changed_disabled_and_removed_printers_take_effect_at_once():
    async with World(printer(1)) as world:
        await world.time.advance(2)
        world.set.set(printer(1), printer(2))
        await world.time.advance(0.1)
        assert world.looks == {"plotter-1": 1, "plotter-2": 1}

        world.set.set(printer(1, address="ipp://192.0.2.99:631/", version=2), printer(2))
        await world.time.advance(0.1)
        assert world.looks == {"plotter-1": 2, "plotter-2": 1}
        assert world.closed == {"plotter-1": 1}

        world.set.set(printer(1, enabled=False, version=3))
        await world.time.advance(60)
        assert world.looks == {"plotter-1": 2, "plotter-2": 1}
        assert world.poller.status("id-2").looked_at is None


async def test_a_fault_of_ours_is_shown_and_the_printer_is_tried_again():
    async with World(printer(1)) as world:
        world.behaviour["plotter-1"] = ValueError("oops")
        await world.time.advance(2)
        assert world.poller.status("id-1").error == "a fault of ours: ValueError: oops"
        world.behaviour.clear()
        await world.time.advance(20)
        assert world.poller.status("id-1").error is None


async def test_reading_that_ends_by_a_fault_outside_of_a_look_is_not_silent():
    async with World(printer(1), printer(2)) as world:
        await world.time.advance(2)
        world.break_the_pauses()
        await world.time.advance(60)
        with pytest.raises(OverflowError):
            await asyncio.wait_for(world.task, WITHIN_S)


async def test_a_printer_that_is_looked_at_too_seldom_is_told():
    async with World(printer(1)) as world:
        before = late_looks()
        await world.time.advance(2)
        world.clock.advance(timedelta(seconds=61))
        await world.time.advance(11)
        assert late_looks() == before + 1


async def test_a_failing_printer_that_is_taken_out_no_longer_counts_as_failing():
    async with World(printer(1)) as world:
        world.behaviour["plotter-1"] = Retry("away")
        await world.time.advance(2)
        assert failing() == 1
        world.set.set()
        await world.time.advance(2)
        assert failing() == 0


def late_looks() -> float:
    return REGISTRY.get_sample_value("inkmeter_collector_late_looks_total") or 0.0


def failing() -> float | None:
    return REGISTRY.get_sample_value("inkmeter_collector_printers_failing")


def test_no_pause_is_longer_than_the_longest():
    rhythm = Rhythm(10.0, 55.0, 30.0, 4, jitter=lambda: 1.0)
    assert [rhythm.delay_s(failures) for failures in (0, 1, 2, 3, 500)] == [10, 20, 40, 55, 55]


async def test_a_printer_that_is_woken_is_looked_at_at_once_and_a_storm_of_hints_is_one_look():
    async with World(printer(1), printer(2)) as world:
        await world.time.advance(2)
        for number in range(50):
            assert world.poller.wake("id-1", {number: 6})
        await world.time.advance(1)
        assert world.looks == {"plotter-1": 2, "plotter-2": 1}
        assert world.heard == [("plotter-1", dict.fromkeys(range(50), 6))]
        await world.time.advance(8.5)
        assert world.looks == {"plotter-1": 2, "plotter-2": 2}, "the rhythm begins anew"
    assert not world.poller.wake("id-9")


async def test_a_hint_during_a_look_brings_another_look():
    async with World(printer(1), timeout_s=0.01) as world:
        world.behaviour["plotter-1"] = "hangs"
        await world.time.advance(1)
        assert world.under_way["plotter-1"] == 1
        world.poller.wake("id-1")
        del world.behaviour["plotter-1"]

        async def given_up() -> bool:
            return not world.under_way["plotter-1"]

        await eventually_async(given_up, within_s=5, what="the look is given up")
        await world.time.advance(1)
        assert world.looks["plotter-1"] == 2
