"""Jobs that another collector told, on real Kafka: put together with what is read here, they count once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.collector.following import Follower
from services.collector.intake.jobs import device_of
from shared.clock import SystemClock
from shared.events import JOB_COMPLETED, JobCompleted, JobCorrectedEvent
from shared.events.envelope import encode, new_event
from shared.events.jobs import PrinterRef, identified
from shared.kafka import make_producer, start
from tests.deadline import eventually_async
from tests.unit.collector.readings import SERIAL, by_backend, by_cups, by_device
from tests.unit.collector.test_taking import Desk

HERE = f"serial:{SERIAL}"


class Elsewhere:
    """The topic, and a collector that tells jobs into it."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.bootstrap = bootstrap
        self.topic = topic

    async def tell(self, *jobs: JobCompleted, name: str = "c2") -> list[JobCompleted]:
        whole = [identified(replace(job, printer=PrinterRef(id=HERE, serial=SERIAL))) for job in jobs]
        producer = await start(make_producer(self.bootstrap, "test"), self.bootstrap)
        try:
            for job in whole:
                event = new_event(
                    JOB_COMPLETED,
                    job,
                    event_id=str(job.job.id),
                    source=f"/collector/{name}/http",
                    time=job.completed_at,
                    subject=str(job.job.key),
                )
                await producer.send_and_wait(self.topic, encode(event), key=HERE.encode())
        finally:
            await producer.stop()
        return whole

    @asynccontextmanager
    async def followed_by(self, desk: Desk, *, mine: bool = True) -> AsyncIterator[None]:
        """A collector follows meanwhile."""

        def device_here(job: JobCompleted) -> str | None:
            return device_of(job, None) if mine else None

        follower = Follower(
            self.bootstrap,
            self.topic,
            desk.journal,
            device_here,
            collector_id="c1",
            window=timedelta(minutes=15),
            clock=SystemClock(),
        )
        task = asyncio.create_task(follower.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def elsewhere(kafka_bootstrap: str, topic_prefix: str) -> Elsewhere:
    return Elsewhere(kafka_bootstrap, f"{topic_prefix}jobs.v1")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "journal.sqlite")
    await desk.journal.open()
    yield desk
    await desk.journal.close()


async def corrections(desk: Desk, count: int) -> list[JobCorrectedEvent]:
    """Waits for so many corrections in the journal."""

    async def there() -> list[JobCorrectedEvent]:
        found = [event for _, event in await desk.events() if event.type != JOB_COMPLETED]
        assert len(found) >= count, found
        return found

    return await eventually_async(there, within_s=30, what=f"{count} corrections")


async def test_a_job_told_elsewhere_and_read_here_is_made_one(desk: Desk, elsewhere: Elsewhere) -> None:
    await desk.bring(by_device())
    [device] = [event.data for _, event in await desk.events()]
    async with elsewhere.followed_by(desk):
        [queue] = await elsewhere.tell(by_cups())
        twice, better = await corrections(desk, 2)

    assert (twice.data.corrects, twice.data.reason) == (queue.job.id, "same_job")
    assert twice.data.replacement is not None
    assert twice.data.replacement.job.id == device.job.id
    assert (better.data.corrects, better.data.reason) == (device.job.id, "better_reading")
    assert better.data.replacement is not None
    assert better.data.replacement.project == "P-100"


async def test_what_was_told_elsewhere_is_known_when_it_is_read_here(desk: Desk, elsewhere: Elsewhere) -> None:
    async with elsewhere.followed_by(desk):
        [queue, _] = await elsewhere.tell(by_cups(), by_backend(title="another plan"))

        async def known() -> bool:
            brought = await desk.bring(by_device())
            assert not any(each.stored for each in brought)
            return True

        async def two_are_remembered() -> bool:
            rows = await desk.journal.ask(
                lambda store: store.db.execute("SELECT count(*) FROM job_group").fetchone()
            )
            return bool(rows[0] == 2)

        await eventually_async(two_are_remembered, within_s=30, what="both are remembered")
        assert await known()
        [better] = await corrections(desk, 1)
    assert better.data.corrects == queue.job.id
    assert [key for key, _ in await desk.events()] == [HERE]


async def test_records_are_taken_once_and_those_of_others_devices_not_at_all(
    desk: Desk, elsewhere: Elsewhere
) -> None:
    await desk.bring(by_device())
    await elsewhere.tell(by_cups())
    async with elsewhere.followed_by(desk, mine=False):
        await elsewhere.tell(by_cups(5, title="x"))
        await eventually_async(lambda: _place(desk), within_s=30, what="the place is stored")
    async with elsewhere.followed_by(desk):
        await elsewhere.tell(by_backend())
        assert len(await corrections(desk, 1)) >= 1
    before = len(await desk.events())
    async with elsewhere.followed_by(desk):
        await elsewhere.tell(by_backend(), by_cups(9, title="the last one"))

        async def last_one() -> bool:
            rows = await desk.journal.ask(
                lambda store: store.db.execute(
                    "SELECT count(*) FROM job_group WHERE mark = 'the last one'"
                ).fetchone()
            )
            return bool(rows[0])

        await eventually_async(last_one, within_s=30, what="the last record is taken")
    assert len(await desk.events()) == before


async def _place(desk: Desk) -> str:
    return await desk.journal.cursor("followed")
