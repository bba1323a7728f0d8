"""The publisher: in order, nothing let go before Kafka has it, and it says what is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from services.collector.journal import Entry, Journal, Record
from services.collector.publisher import Publisher
from shared.clock import FixedClock
from shared.errors import Retry
from tests.deadline import eventually_async

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class FakeSender:
    """Takes all but those whose value is named in `fails`; `away` when there is no connection at all."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.fails: dict[bytes, Exception] = {}
        self.away = False
        self.closed = 0
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def send(self, records: Sequence[Record]) -> list[BaseException | None]:
        if self.away:
            raise Retry("Kafka does not answer at 127.0.0.1:9")
        await self.goes_on.wait()
        outcomes: list[BaseException | None] = []
        for record in records:
            outcomes.append(self.fails.get(record.value))
            if outcomes[-1] is None:
                self.taken.append(record.value)
        return outcomes

    async def reachable(self) -> str | None:
        return "Kafka does not answer" if self.away else None

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite", clock=FixedClock(NOW))
    await made.open()
    yield made
    await made.close()


async def put(journal: Journal, *values: str) -> None:
    """Appends values such as "a1": key a."""
    await journal.append([Entry("jobs.v1", value[0], value, value.encode()) for value in values])


async def test_records_are_sent_in_order_and_then_let_go(journal: Journal):
    sender = FakeSender()
    publisher = Publisher(journal, sender, clock=FixedClock(NOW))
    await put(journal, "a1", "b1", "a2")
    assert await publisher.publish_some()
    assert not await publisher.publish_some()
    assert sender.taken == [b"a1", b"b1", b"a2"]
    assert (await journal.backlog()).records == 0
    assert await publisher.probe() is None


async def test_what_comes_after_a_failed_record_of_its_key_is_sent_again_after_it(journal: Journal):
    sender = FakeSender()
    publisher = Publisher(journal, sender, clock=FixedClock(NOW))
    await put(journal, "a1", "a2", "b1", "a3")
    sender.fails[b"a2"] = KafkaTimeoutError()
    with pytest.raises(Retry):
        await publisher.publish_some()
    assert [record.value for record in await journal.read()] == [b"a2", b"a3"]
    assert sender.closed == 1

    sender.fails.clear()
    await publisher.publish_some()
    assert sender.taken == [b"a1", b"b1", b"a3", b"a2", b"a3"]


async def test_a_record_that_kafka_will_never_take_does_not_hold_up_the_rest(journal: Journal):
    sender = FakeSender()
    publisher = Publisher(journal, sender, clock=FixedClock(NOW))
    await put(journal, "a1", "a2", "b1")
    sender.fails[b"a1"] = MessageSizeTooLargeError()
    while await publisher.publish_some():
        pass
    assert sender.taken == [b"a2", b"b1", b"a2"]
    assert "1 records are too large" in (await publisher.probe() or "")


class SmallTopic(FakeSender):
    """Takes no batch of more than one record."""

    async def send(self, records: Sequence[Record]) -> list[BaseException | None]:
        if len(records) > 1:
            return [MessageSizeTooLargeError() for _ in records]
        return await super().send(records)


async def test_records_that_are_only_together_too_large_are_all_published_in_order(journal: Journal):
    """Kafka answers a batch that is too large by refusing each of its records."""
    sender = SmallTopic()
    publisher = Publisher(journal, sender, clock=FixedClock(NOW))
    await put(journal, "a1", "a2", "b1", "a3")
    while await publisher.publish_some():
        pass
    assert sorted(sender.taken) == [b"a1", b"a2", b"a3", b"b1"]
    assert [each for each in sender.taken if each.startswith(b"a")] == [b"a1", b"a2", b"a3"]
    assert (await journal.backlog()).refused == 0


async def test_a_send_that_takes_long_is_told_before_it_ends(journal: Journal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.collector.publisher.LATE_S", 0.01)
    sender = FakeSender()
    sender.goes_on.clear()
    publisher = Publisher(journal, sender, clock=FixedClock(NOW))
    await put(journal, "a1")
    sending = asyncio.ensure_future(publisher.publish_some())

    async def told() -> bool:
        return "Kafka does not acknowledge" in (await publisher.probe() or "")

    await eventually_async(told, within_s=5, what="the delay is told")
    sender.goes_on.set()
    await sending
    assert await publisher.probe() is None


async def test_while_kafka_is_away_the_backlog_is_told_and_later_published(journal: Journal):
    clock = FixedClock(NOW)
    sender = FakeSender()
    publisher = Publisher(journal, sender, clock=clock)
    sender.away = True
    running = asyncio.ensure_future(publisher.run())
    await put(journal, "a1", "a2")

    async def told() -> bool:
        return "2 records wait in the journal" in (await publisher.probe() or "")

    await eventually_async(told, within_s=5, what="the backlog is told")
    clock.advance(timedelta(seconds=90))
    assert "the oldest for 90 s: Kafka does not answer" in (await publisher.probe() or "")

    sender.away = False

    async def empty() -> bool:
        return (await journal.backlog()).records == 0

    await eventually_async(empty, within_s=10, what="all is published")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sender.taken == [b"a1", b"a2"]


class FullDisk(Journal):
    """A journal that can be read and not written."""

    full = False

    async def published(self, numbers: Sequence[int]) -> None:
        if self.full:
            raise Retry("The journal can't be written: database or disk is full.")
        await super().published(numbers)


async def test_what_kafka_has_is_not_sent_again_and_again_while_the_disk_is_full(tmp_path: Path):
    journal = FullDisk(tmp_path / "journal.sqlite", clock=FixedClock(NOW))
    await journal.open()
    sender = FakeSender()
    publisher = Publisher(journal, sender, clock=FixedClock(NOW))
    await put(journal, "a1", "b1")
    journal.full = True
    for _ in range(3):
        with pytest.raises(Retry):
            await publisher.publish_some()
    assert sender.taken == [b"a1", b"b1"]
    journal.full = False
    await put(journal, "a2")
    assert await publisher.publish_some()
    assert sender.taken == [b"a1", b"b1", b"a2"]
    assert (await journal.backlog()).records == 0
    await journal.close()
