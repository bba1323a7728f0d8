"""A running aggregates worker with all that it needs, and what it told, for the tests of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from aiokafka import TopicPartition

from services.accounting.aggregates.cells import Keep
from services.accounting.aggregates.changes import shown
from services.accounting.aggregates.ledger_windows import snapshot
from shared.events import AggregateChangedEvent, AlertRaised, AlertRaisedEvent, DeadLetterEvent
from shared.kafka import make_consumer, make_producer, start
from tests.deadline import eventually
from tests.jobs import MODEL, job
from tests.running import Running

ZONE = ZoneInfo("UTC")
STARTED = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
_changed = msgspec.json.Decoder(AggregateChangedEvent)
_alert = msgspec.json.Decoder(AlertRaisedEvent)
_letter = msgspec.json.Decoder(DeadLetterEvent)


class Live:
    """The services, and what their topics hold."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.bootstrap = running.settings["INKMETER_KAFKA_BOOTSTRAP"]
        self.prefix = running.settings["INKMETER_TOPIC_PREFIX"]
        self.database_url = running.settings["INKMETER_DATABASE_URL"]

    def print(self, numbers: range, **changes: object) -> None:
        """Jobs that were done a few minutes ago, told by the collector."""
        jobs = []
        for number in numbers:
            done = (STARTED + timedelta(milliseconds=number)).isoformat()
            made = job(number, **{"completed_at": done, "submitted_at": done, **changes})
            made["job"] = {"device_job_id": str(number), "source": "ingest"}
            jobs.append(made)
        status, answer = self.running.http("collector", "POST", "/v1/jobs", {"jobs": jobs})
        assert status == 202, answer

    def records(self, topic: str) -> list[tuple[bytes | None, bytes | None]]:
        """All records of a topic, key and value."""
        return asyncio.run(_read(self.bootstrap, f"{self.prefix}{topic}"))

    def send(self, topic: str, records: list[tuple[bytes | None, bytes | None]]) -> None:
        """Puts records into a topic, as they are."""
        asyncio.run(_send(self.bootstrap, f"{self.prefix}{topic}", records))

    def alerts(self, kind: str) -> list[AlertRaised]:
        """The alerts of a kind; one that is told again, as after a kill, is the same by its event id."""
        events = [_alert.decode(value) for _, value in self.records("alerts.v1")]
        return list({each.id: each.data for each in events if each.data.kind == kind}.values())

    def letters(self) -> list[DeadLetterEvent]:
        """Refused charges."""
        return [_letter.decode(value).data for _, value in self.records("charges.v1.dlq")]

    def told(self) -> tuple[int, dict[str, object]]:
        """The newest generation that was told, and the newest value of each of its windows."""
        events = [_changed.decode(value) for _, value in self.records("aggregates.v1")]
        newest = max((each.data.generation for each in events), default=0)
        return newest, {each.subject: each.data.sums for each in events if each.data.generation == newest}

    def by_ledger(self) -> dict[str, object]:
        """The same windows, counted by SQL."""
        taken = snapshot(self.database_url, ZONE, Keep(), datetime.now(UTC))
        return {cell.name.text: shown(cell.sums) for cell in taken.cells}

    def wait_until_equal(self, *, jobs: int, generation: int = 1) -> None:
        """Waits until the ledger has so many jobs, and all that was told of windows is what the ledger says."""

        def equal() -> bool:
            ledger = self.by_ledger()
            days = [sums for name, sums in ledger.items() if name.startswith("day/") and "/printer/" in name]
            assert sum(each.jobs for each in days) == jobs
            number, told = self.told()
            assert number >= generation
            differing = {name for name in told.keys() | ledger.keys() if told.get(name) != ledger.get(name)}
            assert not differing, sorted(differing)[:3]
            return True

        eventually(equal, within_s=60, what="the live windows are those of the ledger")


async def _read(bootstrap: str, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    consumer = await start(make_consumer(bootstrap, client_id="test", topics=[topic]), bootstrap)
    found = []
    try:
        parts = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic)]
        consumer.unsubscribe()
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        ends = await consumer.end_offsets(parts)
        while [part for part in parts if await consumer.position(part) < ends[part]]:
            for several in (await consumer.getmany(timeout_ms=500)).values():
                found += [(each.key, each.value) for each in several]
    finally:
        await consumer.stop()
    return found


async def _send(bootstrap: str, topic: str, records: list[tuple[bytes | None, bytes | None]]) -> None:
    producer = await start(make_producer(bootstrap, "test"), bootstrap)
    try:
        for key, value in records:
            await producer.send_and_wait(topic, key=key, value=value)
    finally:
        await producer.stop()


__all__ = ["MODEL", "STARTED", "Live"]
