"""Which printers a collector reads: by Kafka's share, what others let go of, and what is known without either."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from services.collector.assignment.owned import HANDOVER_S, SILENT_S, OwnedPrinters
from services.collector.assignment.share import EVERYTHING, Share, partition_of
from services.collector.registry.printers import Printer
from shared.errors import Retry
from tests.unit.collector.registry_rows import printer

PARTITIONS = 12


@given(st.text(min_size=1, max_size=40))
def test_a_key_falls_into_the_partition_that_kafkas_clients_put_it_into(key: str):
    numbers = list(range(PARTITIONS))
    assert partition_of(key, PARTITIONS) == DefaultPartitioner()(key.encode(), numbers, numbers)


class Registered:
    def __init__(self, *printers: Printer) -> None:
        self.changed = asyncio.Event()
        self.all = list(printers)

    def printers(self) -> list[Printer]:
        return self.all


class FakeHandover:
    """Gives what nobody else holds; `waited` gets the rest."""

    def __init__(self, *held: str) -> None:
        self.held = set(held)
        self.released: set[str] = set()
        self.asked: list[tuple[set[str], bool]] = []
        self.away = False

    async def take(self, printer_ids: list[str], *, waited: bool) -> set[str]:
        if self.away:
            raise Retry("PostgreSQL is away")
        self.asked.append((set(printer_ids), waited))
        return set(printer_ids) if waited else set(printer_ids) - self.held

    def release(self, printer_ids: set[str]) -> None:
        self.released |= printer_ids


class World:
    def __init__(self, *printers: Printer, held: tuple[str, ...] = ()) -> None:
        self.registry = Registered(*printers)
        self.handover = FakeHandover(*held)
        self.prints_on: dict[str, str] = {}
        self.remembered: list[Share] = []
        self.now_s = 0.0
        self.owned = OwnedPrinters(
            self.registry,
            self.handover,
            lambda each: self.prints_on.get(each.id),
            self._remember,
            now_s=lambda: self.now_s,
        )

    async def _remember(self, share: Share) -> None:
        self.remembered.append(share)

    async def ids(self) -> set[str]:
        await self.owned.align()
        return {each.id for each in self.owned.printers()}


FLEET = [printer(number) for number in range(1, 9)]
ALL = {each.id for each in FLEET}


def ids_in(share: Share) -> set[str]:
    return {each.id for each in FLEET if share.holds(each.id)}


HALF = Share(2, frozenset({0}))
OTHER_HALF = Share(2, frozenset({1}))


async def test_a_collector_alone_reads_all_before_kafka_has_said_anything():
    world = World(*FLEET)
    world.owned.begin(None, alone=True)
    assert await world.ids() == ALL


async def test_beside_another_one_a_new_collector_waits_for_its_share():
    world = World(*FLEET)
    world.owned.begin(None, alone=False)
    assert await world.ids() == set()
    world.owned.set_share(HALF)
    assert await world.ids() == ids_in(HALF)
    assert world.remembered == [HALF]


async def test_the_share_of_the_last_run_counts_until_kafka_tells_another():
    world = World(*FLEET)
    world.owned.begin(HALF, alone=True)
    assert await world.ids() == ids_in(HALF)
    world.owned.set_share(OTHER_HALF)
    assert await world.ids() == ids_in(OTHER_HALF)


async def test_what_another_one_still_reads_is_waited_for_and_then_taken():
    held = min(ids_in(HALF))
    world = World(*FLEET, held=(held,))
    world.owned.begin(None, alone=False)
    world.owned.set_share(HALF)
    assert await world.ids() == ids_in(HALF) - {held}
    world.now_s += HANDOVER_S / 2
    assert held not in await world.ids()
    world.now_s += HANDOVER_S
    assert await world.ids() == ids_in(HALF)
    assert world.handover.asked[-1] == ({held}, True)


async def test_without_kafka_it_is_waited_for_much_longer():
    world = World(*FLEET, held=("id-1",))
    world.owned.begin(EVERYTHING, alone=False)
    await world.ids()
    world.now_s += 2 * HANDOVER_S
    assert "id-1" not in await world.ids()
    world.now_s += SILENT_S
    assert "id-1" in await world.ids()


async def test_what_goes_is_let_go_of_once_the_poller_has_left_it():
    world = World(*FLEET)
    world.owned.begin(None, alone=True)
    await world.ids()
    world.owned.set_share(HALF)
    await world.ids()
    world.owned.aligned(ALL)
    assert not world.handover.released
    world.owned.aligned(ids_in(HALF))
    assert world.handover.released == ALL - ids_in(HALF)


async def test_what_comes_back_before_the_poller_has_left_it_is_not_let_go_of():
    world = World(*FLEET)
    world.owned.begin(None, alone=True)
    await world.ids()
    world.owned.set_share(HALF)
    await world.ids()
    world.owned.set_share(EVERYTHING)
    await world.ids()
    world.owned.aligned(ids_in(HALF))
    assert not world.handover.released


async def test_with_postgresql_away_at_a_start_what_was_read_last_is_read_and_taken_later():
    world = World(*FLEET, held=("id-1",))
    world.handover.away = True
    world.owned.begin(EVERYTHING, alone=True)
    assert await world.ids() == ALL
    world.handover.away = False
    await world.ids()
    assert world.handover.asked == [(ALL, True)]


async def test_with_postgresql_away_later_only_what_nobody_can_be_reading_is_taken():
    world = World(*FLEET)
    world.owned.begin(None, alone=False)
    world.owned.set_share(HALF)
    world.handover.away = True
    assert await world.ids() == set()
    world.now_s += HANDOVER_S
    assert await world.ids() == ids_in(HALF)


async def test_a_queue_is_read_where_its_device_is():
    queue = printer(20, kind="cups", address="ipp://192.0.2.200:631/printers/plotter")
    device = next(each for each in FLEET if OTHER_HALF.holds(each.id) != OTHER_HALF.holds(queue.id))
    world = World(*FLEET, queue)
    world.owned.set_share(HALF)
    assert (queue.id in await world.ids()) == HALF.holds(queue.id)
    world.prints_on[queue.id] = device.address
    assert (queue.id in await world.ids()) == HALF.holds(device.id) != HALF.holds(queue.id)


async def test_a_disabled_printer_is_nobodys():
    world = World(printer(1, enabled=False), printer(2))
    world.owned.begin(None, alone=True)
    assert await world.ids() == {"id-2"}


async def test_each_reader_hears_of_a_change_by_itself():
    world = World(*FLEET)
    views = [world.owned.view(), world.owned.view()]
    world.owned.begin(None, alone=True)
    await world.ids()
    assert [view.changed.is_set() for view in views] == [True, True]
    for view in views:
        view.changed.clear()
    await world.ids()
    assert [view.changed.is_set() for view in views] == [False, False]


async def test_it_runs_until_it_is_cancelled():
    world = World(*FLEET)
    world.owned.begin(None, alone=True)
    task = asyncio.create_task(world.owned.run())
    view = world.owned.view()
    await asyncio.wait_for(view.changed.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
