"""A consumer whose client gives up begins anew where it was: the service goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka.errors import KafkaError

from shared.kafka import make_producer, send, start
from shared.stream import Options, Record
from shared.stream.run import Consumer, run_consumer

WITHIN_S = 30.0


@pytest.fixture
async def what(kafka_bootstrap: str, topic_prefix: str) -> Consumer:
    topic = f"{topic_prefix}jobs.v1"
    producer = await start(make_producer(kafka_bootstrap, "test", linger_ms=0), kafka_bootstrap)
    for value in (b"one", b"two"):
        await send(producer, topic, key=b"k", value=value, partition=0)
    await producer.stop()
    options = Options(name="test", max_records=1)
    return Consumer(
        bootstrap=kafka_bootstrap, topics=[topic], group_id=topic_prefix, options=options, group_instance_id="me"
    )


async def test_a_client_that_gives_up_is_followed_by_another_which_reads_on(what: Consumer) -> None:
    handled: list[bytes | None] = []
    stop = asyncio.Event()

    async def handle(records: Sequence[Record]) -> None:
        handled.extend(each.value for each in records)
        if handled == [b"one", b"two"]:
            raise KafkaError("Unexpected error during coordination")
        if len(handled) == 3:
            stop.set()

    async with asyncio.timeout(WITHIN_S):
        await run_consumer(what, handle, stop=stop)

    assert handled == [b"one", b"two", b"two"]


async def test_a_client_that_gives_up_while_it_is_stopped_is_followed_by_none(what: Consumer) -> None:
    handling = asyncio.Event()

    async def handle(records: Sequence[Record]) -> None:
        del records
        handling.set()
        await asyncio.sleep(0.2)
        raise KafkaError("gone")

    task = asyncio.create_task(run_consumer(what, handle))
    async with asyncio.timeout(WITHIN_S):
        await handling.wait()
        task.cancel()
        with pytest.raises(KafkaError, match="gone"):
            await task


async def test_a_bug_ends_it(what: Consumer) -> None:
    async def handle(records: Sequence[Record]) -> None:
        raise ZeroDivisionError

    async with asyncio.timeout(WITHIN_S):
        with pytest.raises(ZeroDivisionError):
            await run_consumer(what, handle)
