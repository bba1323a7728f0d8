"""Devices read side by side: none delays another, and what is heard of one has it read now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from services.collector.devices.reading import DeviceReading
from services.collector.registry.printers import Printer
from services.collector.watching import poller as module
from services.collector.watching.poller import DevicePoller, DeviceRhythm
from services.collector.watching.watcher import Watcher
from shared.clock import FixedClock
from shared.errors import Reject, Retry
from tests.deadline import eventually_async

AT = datetime(2026, 11, 2, 9, 15, tzinfo=UTC)
NEVER_S = 3_600.0


def printer(name: str, **other: Any) -> Printer:
    told = {"address": f"ipp://{name}/ipp/print", "added_at": AT, "changed_at": AT, "kind": "ipp"} | other
    return Printer(id=name, name=name, **told)


class FakeWatcher:
    """Looks as it is told to."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self.last: DeviceReading | None = None
        self.failures = 0
        self.looks = 0
        self.closed = False
        self.errors: list[str] = []

    async def look(self) -> None:
        self.looks += 1
        await self._look()
        self.failures, self.last = 0, DeviceReading(at=AT)

    async def failed(self, error: Exception) -> None:
        self.failures += 1
        self.errors.append(str(error))

    async def close(self) -> None:
        self.closed = True


class World:
    def __init__(self, interval_s: float) -> None:
        self.known: list[Printer] = []
        self.asked: list[str] = []
        self.looks: dict[str, Callable[[], Awaitable[None]]] = {}
        self.watchers: dict[str, FakeWatcher] = {}
        rhythm = DeviceRhythm(interval_s, 1.0, 2, jitter=lambda: 0.0)
        self.poller = DevicePoller(self, self.make, rhythm, clock=FixedClock(AT))

    def printers(self) -> list[Printer]:
        return self.known

    def make(self, of: Printer) -> Watcher | None:
        self.asked.append(of.id)
        if of.kind == "cups":
            return None
        self.watchers[of.id] = FakeWatcher(self.looks.get(of.id, well))
        return cast("Watcher", self.watchers[of.id])

    def has_looked(self, name: str, times: int = 1) -> Callable[[], Awaitable[bool]]:
        async def looked() -> bool:
            return name in self.watchers and self.watchers[name].looks >= times

        return looked


async def well() -> None: ...


async def hangs() -> None:
    await asyncio.Event().wait()


async def refused() -> None:
    raise Reject("no such user")


async def broken() -> None:
    raise ValueError("a fault")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALIGN_S", 0.01)
    monkeypatch.setattr(module, "LEAST_PAUSE_S", 0.01)


@asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(world.poller.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_one_that_hangs_refuses_or_breaks_delays_no_other() -> None:
    world = World(0.01)
    world.known = [printer("well"), printer("hangs"), printer("refused"), printer("broken")]
    world.looks = {"hangs": hangs, "refused": refused, "broken": broken}
    async with running(world):
        await eventually_async(world.has_looked("well", 5), within_s=20, what="five looks")
        for name in ("hangs", "refused", "broken"):
            await eventually_async(world.has_looked(name, 2), within_s=20, what=f"{name} is asked again")
        assert world.poller.status("well").error is None
        assert world.poller.status("hangs").error == "no answer within 1 s"
        assert world.poller.status("refused").error == "no such user"
        assert "a fault of ours" in str(world.poller.status("broken").error)


async def test_what_is_heard_of_a_device_has_it_read_now() -> None:
    world = World(NEVER_S)
    world.known = [printer("one"), printer("two")]
    async with running(world):
        await eventually_async(world.has_looked("one"), within_s=20, what="the first look")
        await eventually_async(world.has_looked("two"), within_s=20, what="the first look")
        world.poller.nudge("one")
        world.poller.nudge("nobody")
        await eventually_async(world.has_looked("one", 2), within_s=20, what="the look it was nudged to")
        assert world.watchers["two"].looks == 1


async def test_printers_that_come_change_and_go_are_noticed() -> None:
    world = World(NEVER_S)
    world.known = [printer("one"), printer("queue", kind="cups"), printer("off", enabled=False)]
    async with running(world):
        await eventually_async(world.has_looked("one"), within_s=20, what="the first look")
        first = world.watchers["one"]
        world.known = [printer("one", address="ipp://other/ipp/print"), printer("two")]
        await eventually_async(world.has_looked("two"), within_s=20, what="the new one")
        assert first.closed
        assert world.watchers["one"] is not first
    assert set(world.watchers) == {"one", "two"}
    assert world.asked == ["one", "queue", "one", "two"], "each is asked about once, until it changes"
    assert all(each.closed for each in world.watchers.values())


def test_a_device_that_fails_is_asked_less_often() -> None:
    rhythm = DeviceRhythm(60.0, 60.0, 2, jitter=lambda: 1.0)
    assert [rhythm.delay_s(failures) for failures in (0, 1, 2, 3, 9)] == [60.0, 120.0, 240.0, 480.0, 480.0]


async def test_a_journal_that_fails_while_a_failure_is_told_ends_nothing() -> None:
    world = World(0.01)
    world.known = [printer("one")]
    world.looks = {"one": refused}

    async def full(error: Exception) -> None:
        raise Retry("the disk is full")

    async with running(world):
        await eventually_async(world.has_looked("one"), within_s=20, what="the first look")
        world.watchers["one"].failed = full  # type: ignore[method-assign]
        await eventually_async(world.has_looked("one", 3), within_s=20, what="it goes on")
