"""The counter against a stream that loses, doubles and dies: the windows come out as if nothing had happened."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from services.accounting.aggregates.cells import decode
from services.accounting.aggregates.counter import Counter
from services.accounting.aggregates.counting import Batch
from services.accounting.aggregates.tables import Tables
from shared.clock import FixedClock
from shared.errors import Retry
from tests.unit.accounting.charge_records import NOW, RULES, charge, record


class Died(BaseException):
    """The process is gone at this point."""


class WrittenAtOnce(dict):
    """A table whose records are durable the moment they are written; the others' are only when flushed."""

    def __init__(self, durable):
        super().__init__(durable)
        self.durable = durable

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self.durable[key] = value


class World:
    """What outlives a process: the topic, the changelogs, what was told; it may end one at any durable step."""

    def __init__(self, log):
        self.log = log
        self.durable = [{}, {}, {}]
        self.letters = set()
        self.told = {}
        self.steps_left = None

    def step(self):
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise Died

    def worker(self):
        """A worker that just recovered."""
        cells, densities = (dict(each) for each in self.durable[:2])

        async def flush():
            self.step()
            self.durable[:2] = dict(cells), dict(densities)

        tables = Tables(cells, densities, WrittenAtOnce(self.durable[2]), flush)
        return Counter(tables, RULES, gaps=self, sink=self, dead_letters=self, clock=FixedClock(NOW)), tables

    async def read(self, partition, first, end):
        self.step()
        yield [each for each in self.log[partition] if first <= each.offset < end]

    async def alerts(self, batch):
        self.step()

    async def cells(self, cells):
        self.step()
        self.told |= {cell.name.text: cell.sums for cell in cells}

    async def add(self, refused, reject):
        self.step()
        self.letters.add(refused.place)


@st.composite
def _logs(draw):
    """Two partitions of the topic, each with charges of two of the ledger, told again at times, and poison."""
    log = {}
    for partition in (0, 1):
        values = []
        reached = [0, 0]
        for kind in draw(st.lists(st.integers(0, 9), max_size=12)):
            stream = kind % 2
            if kind == 9:
                values.append(b"poison")
            elif kind > 6 and reached[stream]:
                first = draw(st.integers(1, reached[stream]))
                values += [charge(2 * n + partition, stream=stream) for n in range(first, reached[stream] + 1)]
            else:
                reached[stream] += 1
                values.append(charge(2 * reached[stream] + partition, stream=stream))
        log[partition] = [record(each, offset, partition) for offset, each in enumerate(values)]
    return log


async def _run(world, deliveries):
    """Gives a stream's batches to workers that die now and then; then one worker catches up."""
    counter, _ = world.worker()
    for records, dies_after in deliveries:
        world.steps_left = dies_after
        try:
            await counter.take(records)
        except Died:
            counter, _ = world.worker()
    world.steps_left = None
    for partition, records in world.log.items():
        await counter.catch_up(partition, len(records))
    await counter.tell_all()


@given(_logs(), st.data())
def test_windows_come_out_right_whatever_the_stream_does(log, data):
    everything = [each for records in log.values() for each in records]
    chunks = st.lists(st.sampled_from(everything), max_size=6, unique_by=id) if everything else st.just([])
    ordered = chunks.map(lambda chosen: sorted(chosen, key=lambda each: (each.partition, each.offset)))
    deliveries = data.draw(st.lists(st.tuples(ordered, st.none() | st.integers(0, 6)), max_size=8))
    world = World(log)
    asyncio.run(_run(world, deliveries))

    once = Batch({}.get, {}.get, RULES, NOW)
    seen = set()
    for each in everything:
        if each.value != b"poison" and each.value not in seen:
            seen.add(each.value)
            once.count(each)
    assert world.told == {cell.name.text: cell.sums for cell in once.cells.values()}
    assert world.letters == {each.place for each in everything if each.value == b"poison"}


async def test_a_fault_of_ours_sets_the_charge_aside_and_is_not_silent(monkeypatch):
    def breaks(self, told):
        raise ZeroDivisionError

    world = World({0: [record(charge())]})
    counter, tables = world.worker()
    monkeypatch.setattr(Batch, "count", breaks)
    await counter.take(world.log[0])

    assert world.letters == {"charges.v1/0/0"}
    assert tables.position(0) == 1


async def test_windows_that_are_over_are_forgotten():
    world = World({0: [record(charge())]})
    counter, tables = world.worker()
    await counter.take(world.log[0])
    kept = {decode(raw).name.window for raw in tables.cells.values()}
    counter._clock.moment = NOW.replace(day=25)
    await counter.take([])

    assert kept == {"minute", "hour", "day"}
    assert {decode(raw).name.window for raw in tables.cells.values()} == {"day"}


async def test_what_is_waited_for_is_known_until_it_is_there():
    world = World({})
    counter, _ = world.worker()
    seen = []

    async def tell(_cells):
        seen.append(counter.trouble)
        if len(seen) == 1:
            raise Retry("Kafka is away")

    world.cells = tell
    await counter.take([record(charge(1, stream=0), 0, 0)])

    assert seen == [None, "Kafka is away"]
    assert counter.trouble is None
