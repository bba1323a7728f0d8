"""Follows the jobs topic: what other collectors told of devices that are read here goes into the same memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from aiokafka.errors import KafkaError
from msgspec import Struct

from services.collector import metrics
from services.collector.intake.taking import Taking
from services.collector.journal import Journal
from services.collector.journal.store import Store
from shared.backoff import Backoff
from shared.clock import Clock
from shared.errors import Reject, Retry, Unreachable
from shared.events import JOB_COMPLETED, JOB_CORRECTED, JobCompleted, JobCorrected
from shared.events.jobs import identified
from shared.kafka import make_consumer, start

CURSOR: Final = "followed"
LOOK_BACK: Final = timedelta(hours=6)
"""How far back a collector reads that has never followed, or has lost its journal."""
TAKE_MS: Final = 1_000
MAX_RECORDS: Final = 1_000
KEEP_EVERY: Final = timedelta(minutes=1)
"""How often the place is stored while there is nothing of interest."""
MAX_RETRY_S: Final = 30.0
RECONCILE: Final = "reconcile"
_log = structlog.get_logger()


class _Head(Struct, frozen=True):
    type: str
    source: str


class _Completed(Struct, frozen=True):
    data: JobCompleted


class _Corrected(Struct, frozen=True):
    data: JobCorrected


_head: Final = msgspec.json.Decoder(_Head).decode
_completed: Final = msgspec.json.Decoder(_Completed).decode
_corrected: Final = msgspec.json.Decoder(_Corrected).decode


class Heard(NamedTuple):
    """One record of interest: a job that was told, or the correction of one, with the key of its record."""

    key: str
    job: JobCompleted | None = None
    correction: JobCorrected | None = None


class Follower:
    """Reads the topic from where it stopped; the place is stored with what follows from the records."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        journal: Journal,
        device_here: Callable[[JobCompleted], str | None],
        *,
        collector_id: str,
        window: timedelta,
        clock: Clock,
    ) -> None:
        """`device_here` names the device of a job as the memory does, if that device is read here."""
        self._bootstrap = bootstrap
        self._topic = topic
        self._journal = journal
        self._device_here = device_here
        self._collector_id = collector_id
        self._window = window
        self._clock = clock
        self._places: dict[int, int] = {}
        self._kept_at: datetime | None = None
        self._recovers_until: datetime | None = None

    async def run(self) -> None:
        """Follows until cancelled; while Kafka or the disk is away it waits."""
        backoff = Backoff(max_s=MAX_RETRY_S)
        while True:
            try:
                await self._follow(backoff)
            except (KafkaError, OSError, Retry, Unreachable) as error:
                _log.info("following_waits", topic=self._topic, error=str(error) or type(error).__name__)
            await asyncio.sleep(backoff.next_s())

    async def _follow(self, backoff: Backoff) -> None:
        client_id = f"inkmeter-collector-{self._collector_id}-following"
        made = make_consumer(self._bootstrap, client_id=client_id, topics=[self._topic])
        consumer = await start(made, self._bootstrap)
        try:
            await self._find_place(consumer)
            backoff.reset()
            while True:
                found = await consumer.getmany(timeout_ms=TAKE_MS, max_records=MAX_RECORDS)
                for part, records in found.items():
                    await self._take(part.partition, records)
        finally:
            await consumer.stop()

    async def _find_place(self, consumer: Any) -> None:
        """Goes to where each partition was left, or some hours back.

        Raises:
            Retry: the topic is not there yet.
        """
        parts = sorted(consumer.assignment())
        if not parts:
            raise Retry(f"Kafka has no topic {self._topic} yet")
        stored = await self._journal.cursor(CURSOR)
        self._places = {int(at): place for at, place in msgspec.json.decode(stored or "{}").items()}
        since = self._clock.now() - LOOK_BACK
        new = [each for each in parts if each.partition not in self._places]
        if new:
            self._recovers_until = self._clock.now()
            moments = dict.fromkeys(new, int(since.timestamp() * 1_000))
            # In this order: what comes in between must not be passed over.
            ends = await consumer.end_offsets(new)
            found = await consumer.offsets_for_times(moments)
            for each in new:
                self._places[each.partition] = found[each].offset if found[each] else ends[each]
        for each in parts:
            consumer.seek(each, self._places[each.partition])

    async def _take(self, partition: int, records: Sequence[Any]) -> None:
        """Takes in a part of a partition.

        Raises:
            Retry: the journal can't be written; the records are read again.
        """
        heard = [each for record in records if (each := self._heard(record)) is not None]
        place, now = records[-1].offset + 1, self._clock.now()
        self._places[partition] = place
        is_time = self._kept_at is None or not timedelta(0) <= now - self._kept_at < KEEP_EVERY
        if not heard and not is_time:
            return
        places = msgspec.json.encode({str(at): each for at, each in self._places.items()}).decode()

        def run(store: Store) -> int:
            taking = Taking(store, window=self._window, collector_id=self._collector_id, now=now)
            taken = sum(self._put(taking, each) for each in heard)
            taking.finish()
            store.set_cursor(CURSOR, places)
            return taken

        taken = await self._journal.transact(run)
        self._kept_at = now
        if taken:
            metrics.FOLLOWED.inc(taken)

    def _heard(self, record: Any) -> Heard | None:
        """What a record tells of a job; None for what this collector told itself, and for what can't be read."""
        value, key = record.value or b"", (record.key or b"").decode(errors="replace")
        try:
            head = _head(value)
            own = head.source.startswith(f"/collector/{self._collector_id}/")
            if own and not self._recovers(record.timestamp):
                return None
            if head.source.endswith(f"/{RECONCILE}"):
                return None
            if head.type == JOB_COMPLETED:
                return Heard(key, job=identified(_completed(value).data))
            return Heard(key, correction=_corrected(value).data) if head.type == JOB_CORRECTED else None
        except (msgspec.DecodeError, UnicodeDecodeError, Reject):
            return None

    def _recovers(self, timestamp_ms: int) -> bool:
        """Whether a record of ours is from before this journal followed: it may not be in it."""
        until = self._recovers_until
        return until is not None and timestamp_ms < until.timestamp() * 1_000

    def _put(self, taking: Taking, heard: Heard) -> bool:
        if heard.correction is not None:
            return taking.corrected_elsewhere(heard.correction)
        assert heard.job is not None  # noqa: S101 - one of the two is there
        device = self._device_here(heard.job)
        return device is not None and taking.told_elsewhere(heard.job, heard.key, device)
