"""Refused records on real Kafka: set aside once, with origin and reason; sent back or dropped."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from shared.dead_letters import OpenLetter, choose, content, letter_for, open_box
from shared.errors import ConfigError, NotFound, Reject
from shared.events import DEAD_LETTER
from shared.events.dead_letters import DeadLetter
from shared.kafka import make_consumer, make_producer, send, start
from shared.stream import Batch, Options, Record
from shared.stream.run import Consumer, run_consumer
from tests.running import INKMETER
from tests.unit.shared.test_events import is_cloud_event, validator

GOOD = b'{"good": true}'
BAD = b"\x1bnot json \xff"


@pytest.fixture
async def producer(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    made = await start(make_producer(kafka_bootstrap, "test", linger_ms=0), kafka_bootstrap)
    yield made
    await made.stop()


async def consume_until(
    bootstrap: str, topic: str, done: Callable[[list[Record]], bool], *, group: str = "readers"
) -> list[Record]:
    """Runs a consumer that refuses BAD until what it handled will do."""
    seen: list[Record] = []
    stop = asyncio.Event()

    async def handler(records: Batch) -> None:
        if any(each.value == BAD for each in records):
            raise Reject("not JSON", pointer="/data")
        seen.extend(records)
        if done(seen):
            stop.set()

    what = Consumer(bootstrap=bootstrap, topics=[topic], group_id=group, options=Options(name="test.reader"))
    async with asyncio.timeout(30):
        await run_consumer(what, handler, stop=stop)
    return seen


async def raw_records(bootstrap: str, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
    consumer = await start(make_consumer(bootstrap, client_id="stranger"), bootstrap)
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[ConsumerRecord[bytes, bytes]] = []
        async with asyncio.timeout(20):
            while len(found) < end:
                found += (await consumer.getmany(partition, timeout_ms=500)).get(partition, [])
        return found
    finally:
        await consumer.stop()


async def set_aside(bootstrap: str, prefix: str, producer: AIOKafkaProducer) -> list[OpenLetter]:
    """Has two bad records among good ones refused, and gives back their letters."""
    topic = f"{prefix}people.v1"
    for number in range(20):
        value = BAD if number in {7, 13} else GOOD
        await send(producer, topic, key=b"k%d" % number, value=value, partition=number % 2)
    await consume_until(bootstrap, topic, lambda seen: len(seen) == 18)
    async with open_box(bootstrap, prefix) as box:
        return await box.letters()


async def test_bad_records_are_set_aside_and_all_others_are_handled(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    letters = await set_aside(kafka_bootstrap, topic_prefix, producer)
    topic = f"{topic_prefix}people.v1"
    assert [each.id for each in letters] == [f"{topic}/1/3", f"{topic}/1/6"]
    assert {(each.reason, each.letter.pointer, each.consumer) for each in letters} == {
        ("not JSON", "/data", "test.reader")
    }
    assert content(letters[0].letter) == "\N{REPLACEMENT CHARACTER}not json \N{REPLACEMENT CHARACTER}"


async def test_a_dead_letter_is_a_cloud_event_that_names_its_origin_in_headers(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    await set_aside(kafka_bootstrap, topic_prefix, producer)
    for record in await raw_records(kafka_bootstrap, f"{topic_prefix}people.v1.dlq"):
        document = json.loads(record.value or b"")
        validator(DEAD_LETTER).validate(document)
        assert is_cloud_event(document)
        headers = dict(record.headers)
        assert headers["content-type"] == b"application/cloudevents+json"
        assert headers["origin-topic"] == f"{topic_prefix}people.v1".encode()
        assert headers["origin-partition"] == b"1"
        assert headers["origin-offset"] in {b"3", b"6"}
        assert headers["reason"] == b"not JSON"


async def test_a_record_refused_again_after_a_crash_has_one_open_letter(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    await set_aside(kafka_bootstrap, topic_prefix, producer)
    topic = f"{topic_prefix}people.v1"
    await consume_until(kafka_bootstrap, topic, lambda seen: len(seen) == 18, group="the same from the start")
    assert len(await raw_records(kafka_bootstrap, f"{topic}.dlq")) == 4
    async with open_box(kafka_bootstrap, topic_prefix) as box:
        assert len(await box.letters()) == 2


async def test_a_retried_record_comes_back_byte_for_byte_and_its_letter_is_closed(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    letters = await set_aside(kafka_bootstrap, topic_prefix, producer)
    async with open_box(kafka_bootstrap, topic_prefix) as box:
        await box.retry(choose(letters, ["people.v1/1/3"], topic_prefix))
        assert [each.offset for each in await box.letters()] == [6]
    seen: list[Record] = []
    stop = asyncio.Event()

    async def mended(records: Batch) -> None:
        seen.extend(records)
        stop.set()

    what = Consumer(
        bootstrap=kafka_bootstrap,
        topics=[f"{topic_prefix}people.v1"],
        group_id="readers",
        options=Options(name="test.reader"),
    )
    async with asyncio.timeout(30):
        await run_consumer(what, mended, stop=stop)
    assert [(each.key, each.value, each.partition) for each in seen] == [(b"k7", BAD, 1)]
    assert dict(seen[0].headers)["retried-from"] == f"{topic_prefix}people.v1/1/3".encode()


async def test_a_dropped_letter_is_closed_and_its_record_not_sent_again(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    letters = await set_aside(kafka_bootstrap, topic_prefix, producer)
    async with open_box(kafka_bootstrap, topic_prefix) as box:
        await box.drop(letters)
        assert await box.letters() == []
    last = (await raw_records(kafka_bootstrap, f"{topic_prefix}people.v1.dlq"))[-1]
    assert last.value is None
    assert dict(last.headers)["closed-by"] == b"drop"


async def test_a_record_too_large_to_keep_still_gets_its_letter_but_can_not_be_retried(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    topic = f"{topic_prefix}people.v1"
    for offset, size in enumerate((1_300_000, 1_300_001)):
        record = Record(topic, 0, offset, None, b"x" * size)
        reject = Reject("\N{PILE OF POO}" * 5_000)
        letter = letter_for(record, reject, consumer="test", now=datetime.now(UTC))
        await send(producer, letter.topic, key=letter.key, value=letter.value, headers=letter.headers)
    async with open_box(kafka_bootstrap, topic_prefix) as box:
        kept, omitted = await box.letters()
        assert kept.letter.value_omitted_bytes is None
        assert omitted.letter.value_omitted_bytes == 1_300_001
        with pytest.raises(Reject, match="too large to be kept"):
            await box.retry([omitted])


def test_an_unknown_id_is_told() -> None:
    with pytest.raises(NotFound, match=r"no open dead letter jobs\.v1/0/1"):
        choose([], ["jobs.v1/0/1"], "inkmeter.")


def test_a_value_nested_too_deeply_for_json_is_shown_as_text() -> None:
    deep = b"[" * 60_000
    letter = DeadLetter(
        topic="jobs.v1",
        partition=0,
        offset=18,
        refused_at=datetime(2026, 11, 2, tzinfo=UTC),
        consumer="test",
        reason="no job",
        value_base64=b64encode(deep).decode(),
    )
    assert content(letter) == deep.decode()


async def test_a_missing_topic_is_told_with_the_remedy(kafka_bootstrap: str) -> None:
    what = Consumer(bootstrap=kafka_bootstrap, topics=["nowhere.v1"], group_id="g", options=Options(name="test"))

    async def handler(_records: Batch) -> None:
        raise AssertionError

    with pytest.raises(ConfigError, match=r"no topic nowhere\.v1.*inkmeter topics apply"):
        await run_consumer(what, handler)


async def test_the_command_lists_shows_retries_and_drops(
    kafka_bootstrap: str, topic_prefix: str, producer: AIOKafkaProducer
) -> None:
    await set_aside(kafka_bootstrap, topic_prefix, producer)

    async def inkmeter(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "INKMETER_KAFKA_BOOTSTRAP": kafka_bootstrap,
            "INKMETER_TOPIC_PREFIX": topic_prefix,
        }
        command = [INKMETER, "dlq", *arguments]
        return await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, check=False, timeout=30
        )

    listed = json.loads((await inkmeter("list", "--json")).stdout)["items"]
    assert [each["id"].removeprefix(topic_prefix) for each in listed] == ["people.v1/1/3", "people.v1/1/6"]
    assert "not JSON at /data" in (await inkmeter("list")).stdout
    shown = json.loads((await inkmeter("show", "people.v1/1/3", "--json")).stdout)
    assert shown["key"] == "k7"
    assert shown["reason"] == "not JSON"
    assert (await inkmeter("retry", "people.v1/1/3")).stdout == "1 sent back.\n"
    assert (await inkmeter("drop", "--all", "--topic", "people.v1")).stdout == "1 dropped.\n"
    gone = await inkmeter("show", "people.v1/1/3")
    assert gone.returncode == 2
    assert gone.stderr.startswith("inkmeter: no open dead letter people.v1/1/3")
    assert (await inkmeter("drop")).returncode == 2
