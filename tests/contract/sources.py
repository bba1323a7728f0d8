"""What every Source must do, as tests; the fake and the real one inherit them."""

from __future__ import annotations

from typing import Protocol

from shared.stream import Batch, Record, Source
from tests.deadline import eventually_async

LINGER_S = 0.1
IDLE_S = 0.2
WITHIN_S = 20.0


class World(Protocol):
    """A topic of two partitions and one consumer group."""

    async def produce(self, value: bytes | None, *, partition: int = 0, key: bytes | None = None) -> None:
        """Appends a record."""

    async def join(self) -> Source:
        """A new member of the group."""
        ...

    async def leave(self, source: Source) -> None:
        """Ends a member."""

    async def lose_partitions(self, source: Source) -> Source:
        """Has another member join, which takes a partition from this one; gives back the other member."""
        ...


async def take(source: Source, limit: int = 100) -> Batch:
    return await source.take(limit, linger_s=LINGER_S, idle_s=IDLE_S)


async def take_some(source: Source, count: int) -> list[Record]:
    """Takes until there are `count` records: a member that just joined may be given its partitions late."""
    found: list[Record] = []

    async def enough() -> bool:
        found.extend(await take(source, count - len(found)))
        return len(found) >= count

    await eventually_async(enough, within_s=WITHIN_S, what=f"{count} records")
    return found


class SourceContract:
    """Inherited by a test class that has a fixture `world`."""

    async def test_what_waits_is_taken_in_order_and_whole(self, world: World) -> None:
        source = await world.join()
        await world.produce(b"one", key=b"k")
        await world.produce(None, key=b"gone")
        await world.produce(b"three")
        taken = await take_some(source, 3)
        assert [each.value for each in taken] == [b"one", None, b"three"]
        assert [each.key for each in taken] == [b"k", b"gone", None]
        assert [each.offset for each in taken] == [0, 1, 2]
        assert {each.partition for each in taken} == {0}

    async def test_no_batch_is_larger_than_asked_for(self, world: World) -> None:
        source = await world.join()
        for number in range(5):
            await world.produce(b"%d" % number)
        assert len(await take_some(source, 2)) == 2
        assert [each.value for each in await take_some(source, 3)] == [b"2", b"3", b"4"]

    async def test_nothing_waiting_gives_an_empty_batch(self, world: World) -> None:
        source = await world.join()
        assert list(await take(source)) == []

    async def test_whoever_comes_next_goes_on_behind_what_was_committed(self, world: World) -> None:
        source = await world.join()
        for number in range(4):
            await world.produce(b"%d" % number)
        await source.commit(await take_some(source, 3))
        await world.leave(source)
        assert [each.value for each in await take_some(await world.join(), 1)] == [b"3"]

    async def test_what_was_not_committed_is_given_out_again(self, world: World) -> None:
        source = await world.join()
        await world.produce(b"one")
        await take_some(source, 1)
        await world.leave(source)
        assert [each.value for each in await take_some(await world.join(), 1)] == [b"one"]

    async def test_holding_skips_and_repeats_nothing(self, world: World) -> None:
        source = await world.join()
        for number in range(3):
            await world.produce(b"%d" % number)
        held = await take_some(source, 1)
        await source.hold(0.3)
        await world.produce(b"3")
        await source.hold(0.3)
        assert list(source.still_ours(held)) == held
        await source.commit(held)
        assert [each.value for each in await take_some(source, 3)] == [b"1", b"2", b"3"]

    async def test_records_of_a_partition_taken_away_go_to_the_other_member(self, world: World) -> None:
        source = await world.join()
        for partition in (0, 1):
            await world.produce(b"%d" % partition, partition=partition)
        batch = await take_some(source, 2)
        other = await world.lose_partitions(source)
        assert len(source.still_ours(batch)) < len(batch)
        await source.commit(source.still_ours(batch))
        assert len(await take_some(other, 1)) == 1
