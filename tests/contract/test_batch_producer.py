"""The producer of batches keeps the promises of the one for single records: order, partitions, honest failures."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from shared import batch_producer
from shared.batch_producer import Batch, BatchProducer
from shared.errors import ConfigError, Reject, Retry
from shared.kafka import EVENT_HEADERS, MAX_RECORD_BYTES, make_consumer, make_producer, send, start

KEYS = (b"", b"P-1", b"P-2", b"\xc3\xa4", *(f"project {number}".encode() for number in range(40)))


@pytest.fixture
def producer(kafka_bootstrap: str) -> Iterator[BatchProducer]:
    made = BatchProducer(kafka_bootstrap, "test")
    yield made
    made.stop()


async def test_records_come_in_order_with_headers_and_where_other_producers_put_their_keys(
    producer: BatchProducer, kafka_bootstrap: str, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}charges.v1"
    other = await start(make_producer(kafka_bootstrap, "test"), kafka_bootstrap)
    for key in KEYS:
        await send(other, topic, key=key, value=b"other")
    await other.stop()
    records = [(KEYS[number % len(KEYS)], b"%d" % number) for number in range(400)]
    await producer.send(Batch(topic, records[:300], EVENT_HEADERS))
    await producer.send(Batch(topic, records[300:], EVENT_HEADERS))

    consumer = await start(make_consumer(kafka_bootstrap, client_id="test", topics=[topic]), kafka_bootstrap)
    async with asyncio.timeout(30):
        found = [await consumer.getone() for _ in range(len(KEYS) + len(records))]
    await consumer.stop()
    theirs = {each.key: each.partition for each in found if each.value == b"other"}
    ours = [each for each in found if each.value != b"other"]
    assert len(set(theirs.values())) > 1
    assert {each.key: each.partition for each in ours} == theirs
    for partition in set(theirs.values()):
        told = [(each.key, each.value) for each in ours if each.partition == partition]
        assert told == [each for each in records if theirs[each[0]] == partition]
    assert {tuple(each.headers) for each in ours} == {tuple(EVENT_HEADERS)}


async def test_a_missing_topic_is_the_operators_to_mend(
    producer: BatchProducer, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(producer._settings, "topic.metadata.propagation.max.ms", 100)
    with pytest.raises(ConfigError, match="inkmeter topics apply"):
        await producer.send(Batch(f"{topic_prefix}nothing.v1", [(b"k", b"v")], ()))
    await producer.send(Batch(f"{topic_prefix}charges.v1", [(b"k", b"v")], ()))


async def test_a_record_that_is_too_large_is_refused(producer: BatchProducer, topic_prefix: str) -> None:
    with pytest.raises(Reject, match="larger than Kafka takes"):
        await producer.send(Batch(f"{topic_prefix}charges.v1", [(b"k", bytes(MAX_RECORD_BYTES + 1))], ()))


async def test_a_kafka_that_is_not_there_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_producer, "SEND_TIMEOUT_S", 0.3)
    producer = BatchProducer("127.0.0.1:1", "test")
    with pytest.raises(Retry, match="did not acknowledge"):
        await producer.send(Batch("t.charges.v1", [(b"k", b"v")], ()))


async def test_a_client_that_is_given_up_ends_where_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended_in: list[str] = []

    class Client(Producer):
        def __del__(self) -> None:
            ended_in.append(threading.current_thread().name)

    monkeypatch.setattr(batch_producer, "Producer", Client)
    monkeypatch.setattr(batch_producer, "SEND_TIMEOUT_S", 0.3)
    with pytest.raises(Retry):
        await BatchProducer("127.0.0.1:1", "test").send(Batch("t.charges.v1", [(b"k", b"v")], ()))
    assert len(ended_in) == 1
    assert ended_in != [threading.current_thread().name]


async def test_whoever_stops_does_not_wait_for_kafka() -> None:
    producer = BatchProducer("127.0.0.1:1", "test")
    sending = asyncio.create_task(producer.send(Batch("t.charges.v1", [(b"k", b"v")], ())))
    await asyncio.sleep(0)
    producer.stop()
    async with asyncio.timeout(batch_producer.SEND_TIMEOUT_S / 2):
        with pytest.raises(Retry):
            await sending


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="no Kafka broker's address"):
        BatchProducer("nonsense", "test")
