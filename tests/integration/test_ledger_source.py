"""The ledger's member of the group: reads where its leases say, and leaves to others what it has lost."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from services.accounting.ledger.fence import Lease
from services.accounting.ledger.source import LedgerSource, Taken
from shared.errors import ConfigError, Unreachable
from shared.group_consumer import GroupConsumer, make_group_consumer
from shared.kafka import make_producer, send, start
from tests.deadline import eventually_async

WITHIN_S = 30.0


class Database:
    """What leases say, as the database would, and who had them."""

    def __init__(self) -> None:
        self.at = {0: 0, 1: 0}
        self.leased: list[list[int]] = []

    async def lease(self, partitions: Sequence[int]) -> tuple[int, dict[int, Lease]]:
        self.leased.append(list(partitions))
        return 0, {partition: Lease(len(self.leased), self.at[partition]) for partition in partitions}


async def drained() -> None:
    """No batch is being written."""


async def produce(bootstrap: str, topic: str, partition: int, values: list[bytes | None]) -> None:
    producer = await start(make_producer(bootstrap, "test", linger_ms=0), bootstrap)
    for value in values:
        await send(producer, topic, key=b"k", value=value, partition=partition)
    await producer.stop()


@pytest.fixture
def world(kafka_bootstrap: str, topic_prefix: str) -> SimpleNamespace:
    group = f"g{secrets.token_hex(4)}"

    def member(database: Database, instance: str | None = None, wait: Callable = drained) -> LedgerSource:
        consumer = make_group_consumer(kafka_bootstrap, client_id="test", group_id=group, instance=instance)
        return LedgerSource(consumer, f"{topic_prefix}jobs.v1", database.lease, wait)

    return SimpleNamespace(bootstrap=kafka_bootstrap, topic=f"{topic_prefix}jobs.v1", member=member)


async def taken_from(source: LedgerSource, limit: int = 100) -> Taken:
    found: list[Taken] = []

    async def something() -> bool:
        if taken := await source.take(limit):
            found.append(taken)
        return bool(found)

    await eventually_async(something, within_s=WITHIN_S, what="a batch")
    return found[0]


async def test_reading_begins_where_the_lease_says_and_moves_are_told(world: SimpleNamespace) -> None:
    await produce(world.bootstrap, world.topic, 0, [b"0", b"1", None, b"3"])
    database = Database()
    database.at[0] = 1
    source = world.member(database)
    await source.join()
    first = await taken_from(source, 2)
    second = await taken_from(source)
    await source.close()

    assert [record.value for record in first.work.records] == [b"1", None]
    assert [(record.offset, record.key) for record in second.work.records] == [(3, b"k")]
    assert [move[2:] for move in (*first.work.moves, *second.work.moves)] == [(1, 3), (3, 4)]
    assert database.leased == [[0, 1]]


async def test_a_partition_that_goes_to_another_member_is_read_by_it_alone(world: SimpleNamespace) -> None:
    await produce(world.bootstrap, world.topic, 0, [b"0"])
    await produce(world.bootstrap, world.topic, 1, [b"1"])
    database = Database()
    one = world.member(database)
    await one.join()
    batch = await taken_from(one)
    other = world.member(database)
    await other.join()
    read: dict[str, list[bytes | None]] = {"one": [], "other": []}

    async def both_have_read() -> bool:
        for name, source in (("one", one), ("other", other)):
            if taken := await source.take(100):
                read[name] += [record.value for record in taken.work.records]
        return (
            bool(read["other"]) and one.partitions == other.partitions == 1 and sum(map(len, read.values())) >= 2
        )

    await eventually_async(both_have_read, within_s=WITHIN_S, what="a partition each")
    assert batch.generation != one.generation, "what was taken before must not be written"
    await asyncio.gather(one.close(), other.close())
    assert {*read["one"][-1:], *read["other"]} == {b"0", b"1"}


async def test_a_member_that_waits_for_the_database_passes_nothing_over(world: SimpleNamespace) -> None:
    await produce(world.bootstrap, world.topic, 0, [b"0", b"1", b"2"])
    source = world.member(Database(), instance="a")
    await source.join()
    first = await taken_from(source, 1)
    for _ in range(5):
        await source.stay_member()
    rest: list[bytes | None] = []

    async def all_read() -> bool:
        if taken := await source.take(100):
            rest.extend(record.value for record in taken.work.records)
        return len(rest) >= 2

    await eventually_async(all_read, within_s=WITHIN_S, what="the rest")
    assert first.generation == source.generation
    await source.close()
    assert [record.value for record in first.work.records] == [b"0"]
    assert rest == [b"1", b"2"]


async def test_a_topic_shorter_than_what_was_taken_of_it_is_told(world: SimpleNamespace) -> None:
    database = Database()
    database.at[1] = 7
    source = world.member(database)
    await source.join()
    with pytest.raises(ConfigError, match="emptied or made anew"):
        await taken_from(source)
    await source.close()


async def test_a_source_that_waits_for_a_lease_can_be_closed(world: SimpleNamespace) -> None:
    asked = asyncio.Event()

    class Away(Database):
        async def lease(self, partitions: Sequence[int]) -> tuple[int, dict[int, Lease]]:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

    source = world.member(Away())
    await source.join()

    async def until_asked() -> None:
        while True:
            await source.take(1)

    taking = asyncio.create_task(until_asked())
    async with asyncio.timeout(WITHIN_S):
        await asked.wait()
        await source.close()
        with pytest.raises(Unreachable):
            await taking


async def test_a_missing_topic_and_a_missing_broker_are_told_apart(kafka_bootstrap: str) -> None:
    for bootstrap, told in ((kafka_bootstrap, ConfigError), ("127.0.0.1:1", Unreachable)):
        consumer = make_group_consumer(bootstrap, client_id="test", group_id="nobody", instance=None)
        source = LedgerSource(consumer, "no.such.topic", Database().lease, drained)
        with pytest.raises(told):
            await source.join()
        await source.close()


async def test_that_the_client_is_at_its_end_is_heard_although_it_comes_with_a_rebalance(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = world.member(Database())
    await source.join()
    await eventually_async(lambda: has_partitions(source), within_s=WITHIN_S, what="the partitions")
    fatal = SimpleNamespace(error=lambda: KafkaError(KafkaError._FATAL))

    def consume(_: GroupConsumer, limit: int, timeout: float) -> list[SimpleNamespace]:
        source._revoked([])
        return [fatal]

    monkeypatch.setattr(GroupConsumer, "consume", consume)
    with pytest.raises(KafkaException):
        await source.take(100)
    await source.close()


async def test_what_was_posted_last_is_told_to_kafka_before_the_end(world: SimpleNamespace) -> None:
    await produce(world.bootstrap, world.topic, 0, [b"0"])
    source = world.member(Database(), "me")
    await source.join()
    batch = await taken_from(source)
    source.hint(batch.work)
    await source.close()
    again = world.member(Database(), "me")
    partition = TopicPartition(world.topic, 0)
    committed = await asyncio.to_thread(again._consumer._open.committed, [partition], WITHIN_S)
    await again.close()

    assert [each.offset for each in committed] == [1]


async def has_partitions(source: LedgerSource) -> bool:
    await source.take(100)
    return source.partitions > 0
