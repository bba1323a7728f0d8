"""What Faust says when its tables in memory may not be relied on any more: from then on nothing is written."""

from __future__ import annotations

import pytest
from aiokafka.errors import KafkaTimeoutError

from services.accounting.aggregates.counter import Counter
from services.accounting.aggregates.faust_app import make_worker
from services.accounting.aggregates.tables import BeginAnew, Tables
from shared.clock import FixedClock
from tests.unit.accounting.charge_records import NOW, RULES, charge, record


@pytest.fixture
def told():
    return []


@pytest.fixture
def worker(tmp_path, told):
    async def take(records):
        raise AssertionError(records)

    return make_worker(
        "t.aggregates.g1",
        bootstrap="127.0.0.1:1",
        topic="t.charges.v1",
        partitions=1,
        folder=tmp_path,
        take=take,
        tell=told.append,
    )


async def test_a_row_that_was_given_up_makes_a_flush_fail(worker, told, monkeypatch):
    async def flush():
        sensors = worker.app.sensors
        sensors.on_send_error(None, KafkaTimeoutError(), sensors.on_send_initiated(None, "t", None, 1, 1))

    monkeypatch.setattr(worker.app.producer, "flush", flush)
    worker.tables.check()
    with pytest.raises(BeginAnew, match="did not take a row: KafkaTimeoutError"):
        await worker.tables.flush()
    assert len(told) == 1


async def test_a_group_that_is_shared_out_anew_ends_all_writing_and_is_told_once(worker, told):
    worker.app.sensors.on_rebalance_start(worker.app)
    worker.tables.check()
    worker.watch.read_back = True
    for _ in range(2):
        worker.app.sensors.on_rebalance_start(worker.app)

    with pytest.raises(BeginAnew, match="thrown out of its group"):
        worker.tables.set_position(0, 1)
    assert len(told) == 1


@pytest.mark.parametrize("when", ["alerts", "cells"])
async def test_what_was_counted_from_rows_that_may_be_wrong_is_not_noted(when):
    lost = []

    def check():
        if lost:
            raise BeginAnew

    class World:
        """At one step of counting, the rows in memory become what they were long ago."""

        async def alerts(self, batch):
            self.step("alerts")

        async def cells(self, cells):
            self.step("cells")

        def step(self, step):
            if step == when:
                lost.append(step)

    async def flush():
        pass

    tables = Tables({}, {}, {}, flush, check)
    world = World()
    counter = Counter(tables, RULES, gaps=world, sink=world, dead_letters=world, clock=FixedClock(NOW))
    with pytest.raises(BeginAnew):
        await counter.take([record(charge(1, stream=0), 0, 0)])
    assert not tables.positions
    assert bool(tables.cells) == (when == "cells")
