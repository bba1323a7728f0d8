"""Listening to CUPS servers: who is woken by what, and what a server that is away or refuses costs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Self

from services.collector.polling.events import REFUSED_S, EventWatch
from services.collector.registry.printers import Printer
from services.collector.sources.ipp.events import JobEvent
from services.collector.sources.ipp.subscription import Told
from shared.errors import Reject, Retry
from tests.unit.collector.registry_rows import printer
from tests.unit.collector.test_poller import Time

HELD, PROCESSING, COMPLETED = 4, 5, 9
FIRST = Told(missed=True)


class FakeServer:
    """A server whose events tests tell."""

    def __init__(self) -> None:
        self.tells: list[Told | Exception] = [FIRST]
        self.away: Exception | None = None
        self.reads = 0
        self.closed = 0

    async def read(self) -> Told:
        self.reads += 1
        if self.away:
            raise self.away
        told = self.tells.pop(0) if self.tells else Told()
        if isinstance(told, Exception):
            raise told
        return told

    async def close(self) -> None:
        self.closed += 1


class World:
    """Two queues of one server, one of another, and a printer that is none."""

    def __init__(self) -> None:
        self.time = Time()
        self.servers = {"ipp://a:631/": FakeServer(), "ipp://b:631/": FakeServer()}
        self.fleet = [
            printer(1, kind="cups", address="ipp://a:631/printers/one"),
            printer(2, kind="cups", address="ipp://a:631/printers/Two"),
            printer(3, kind="cups", address="ipp://b:631/printers/one"),
            printer(4),
        ]
        self.woken: Counter[str] = Counter()
        self.heard: dict[str, dict[int, int]] = {}
        watch = EventWatch(self, self.wake, self.open, interval_s=1.0, sleep=self.time.sleep)
        self.task = asyncio.ensure_future(watch.run())

    def printers(self) -> list[Printer]:
        return self.fleet

    def open(self, address: str, _: Printer) -> FakeServer:
        return self.servers[address]

    def wake(self, printer_id: str, attempts: Mapping[int, int]) -> None:
        self.woken[printer_id] += 1
        if attempts:
            self.heard[printer_id] = dict(attempts)

    async def __aenter__(self) -> Self:
        await self.time.advance(0.5)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def told(*events: tuple[str, int, int, int]) -> Told:
    made = (JobEvent(number, *event) for number, event in enumerate(events, start=1))
    return Told(tuple(made))


async def test_the_end_of_a_job_wakes_its_queue_and_a_new_subscription_every_queue():
    async with World() as world:
        assert world.woken == {"id-1": 1, "id-2": 1, "id-3": 1}
        world.woken.clear()
        world.servers["ipp://a:631/"].tells = [told(("two", 7, PROCESSING, 0), ("two", 7, COMPLETED, 6))]
        await world.time.advance(1)
        assert world.woken == {"id-2": 1}
        world.servers["ipp://a:631/"].tells = [told(("one", 8, HELD, 0), ("one", 8, PROCESSING, 0))]
        await world.time.advance(1)
        assert world.woken == {"id-2": 1}, "nothing has ended"
    assert [each.closed for each in world.servers.values()] == [1, 1]


async def test_where_a_job_is_begun_again_its_counter_is_passed_on_once():
    async with World() as world:
        server = world.servers["ipp://a:631/"]
        server.tells = [
            told(("one", 8, HELD, 6)),
            told(("one", 8, PROCESSING, 6)),
            told(("one", 8, COMPLETED, 12)),
        ]
        await world.time.advance(3)
        assert world.heard == {"id-1": {8: 6}}


async def test_a_server_that_was_away_for_a_minute_is_asked_seldom_and_its_queues_are_looked_at_when_it_is_back():
    async with World() as world:
        away, other = world.servers.values()
        world.woken.clear()
        away.away, away.tells = Retry("can't be reached"), [FIRST]
        before = (away.reads, other.reads)
        await world.time.advance(60)
        assert away.reads - before[0] < 25
        assert other.reads - before[1] >= 59
        away.away = None
        await world.time.advance(15)
        assert world.woken == {"id-1": 1, "id-2": 1}


async def test_a_server_that_refuses_or_tells_nonsense_is_asked_again_after_ten_minutes():
    async with World() as world:
        refuses, nonsense = world.servers.values()
        refuses.away, nonsense.away = Reject("operation not supported"), ValueError("nonsense")
        await world.time.advance(2)
        reads = (refuses.reads, nonsense.reads)
        await world.time.advance(REFUSED_S - 10)
        assert (refuses.reads, nonsense.reads) == reads
        refuses.away = nonsense.away = None
        await world.time.advance(20)
        assert refuses.reads > reads[0]
        assert nonsense.reads > reads[1]


async def test_a_server_without_queues_that_are_read_is_left():
    async with World() as world:
        world.fleet = [world.fleet[0]]
        await world.time.advance(2)
        gone = world.servers["ipp://b:631/"]
        assert gone.closed == 1
        reads = gone.reads
        await world.time.advance(10)
        assert gone.reads == reads
