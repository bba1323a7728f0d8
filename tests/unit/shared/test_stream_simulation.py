"""Whatever fails in whatever order: good records have their effect, bad ones a letter, none is skipped."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from shared.backoff import Backoff
from shared.errors import Reject, Retry
from shared.stream import Batch, Options, consume
from shared.testing.stream import FakeBroker, FakeDeadLetters, FakeSource

PARTITIONS = 3
Fault = Literal["none", "retry", "bug", "lose a partition", "lose and regain", "cancel"]
FAULTS: tuple[Fault, ...] = ("none", "none", "retry", "bug", "lose a partition", "lose and regain", "cancel")


@dataclass
class World:
    """A broker, a store keyed by place, and the faults still to come."""

    broker: FakeBroker
    bad: set[str]
    faults: list[Fault]
    source: FakeSource
    stored: set[str] = field(default_factory=set)
    letters: FakeDeadLetters = field(default_factory=FakeDeadLetters)
    task: asyncio.Task[None] | None = None

    async def handle(self, records: Batch) -> None:
        """Stores a batch whole or not at all, unless a fault comes first or right after."""
        fault = self.faults.pop() if self.faults else "none"
        await asyncio.sleep(0)
        if fault == "retry":
            raise Retry("the world")
        if fault == "bug":
            raise ZeroDivisionError
        for each in records:
            if each.place in self.bad:
                raise Reject("bad")
        self.stored |= {each.place for each in records}
        if fault.startswith("lose"):
            self.source.revoke(records[0].partition)
        if fault == "lose and regain":
            self.source.assign(records[0].partition)
        if fault == "cancel" and self.task:
            self.task.cancel()

    def all_committed(self) -> bool:
        ends = [sum(each.partition == p for each in self.broker.records) for p in range(PARTITIONS)]
        return all(self.broker.committed.get(p, 0) == end for p, end in enumerate(ends))


async def run_to_the_end(world: World, source_class: type[FakeSource], max_records: int) -> None:
    """Lives of the consumer, one after the other as a supervisor would have it, until all is committed."""
    options = Options(name="simulation", max_records=max_records, backoff=lambda: Backoff(first_s=0))
    lives = 0
    while not world.all_committed():
        lives += 1
        assert lives < 200, "makes no progress"
        world.source = source_class(world.broker)
        stop = asyncio.Event()
        world.task = asyncio.create_task(consume(world.source, world.handle, world.letters, options, stop=stop))
        for _ in range(300):
            if world.task.done() or world.all_committed():
                break
            await asyncio.sleep(0)
        stop.set()
        await asyncio.gather(world.task, return_exceptions=True)


def simulate(
    layout: list[tuple[int, bool]],
    faults: list[Fault],
    max_records: int,
    source_class: type[FakeSource] = FakeSource,
) -> World:
    broker = FakeBroker(partitions=PARTITIONS)
    records = [(broker.produce(b"", partition=partition), bad) for partition, bad in layout]
    bad_places = {record.place for record, bad in records if bad}
    world = World(broker, bad_places, list(faults), source_class(broker))
    asyncio.run(run_to_the_end(world, source_class, max_records))
    return world


RECORDS = st.tuples(st.integers(0, PARTITIONS - 1), st.sampled_from([False, False, False, True]))
LAYOUT = st.lists(RECORDS, max_size=24)


@given(LAYOUT, st.lists(st.sampled_from(FAULTS), max_size=12), st.integers(1, 10))
def test_nothing_is_lost_and_only_the_bad_is_set_aside(
    layout: list[tuple[int, bool]], faults: list[Fault], max_records: int
) -> None:
    world = simulate(layout, faults, max_records)
    everything = {each.place for each in world.broker.records}
    assert world.stored == everything - world.bad
    assert set(world.letters.letters) == world.bad


class CommitsTooEarly(FakeSource):
    """The mistake that this simulation must be able to see: the commit comes before the effect."""

    async def take(self, limit: int, *, linger_s: float, idle_s: float) -> Batch:
        batch = await super().take(limit, linger_s=linger_s, idle_s=idle_s)
        await self.commit(batch)
        return batch


def test_the_simulation_sees_a_commit_that_comes_before_the_effect() -> None:
    layout = [(0, False)] * 5
    assert len(simulate(layout, ["bug"], 5).stored) == 5
    assert len(simulate(layout, ["bug"], 5, CommitsTooEarly).stored) < 5
