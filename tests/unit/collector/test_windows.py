"""Events 307 and 805 of Windows print servers become one job each, in any order and however often they come."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.registry.registry import Registry
from services.collector.windows import memory
from services.collector.windows.events import WindowsEvent, WindowsEvents
from services.collector.windows.joining import Joiner
from services.collector.windows.printers import QueueTable, load_queues, queue_id
from shared.clock import FixedClock
from shared.errors import ConfigError
from tests.unit.collector.registry_rows import MemoryRows, printer

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WAIT = timedelta(seconds=60)


def printed(job: int = 12, *, at: datetime = NOW, **changes: Any) -> WindowsEvent:
    told = {"document": "plan.pdf", "user": "alice", "machine": "\\\\PC-7", "printer": "Plotter A",
            "port": "IP_10.9.9.9", "size": 123_456, "pages": 3}  # fmt: skip
    return WindowsEvent(id=307, job=job, at=at, **(told | changes))


def rendered(job: int = 12, *, at: datetime = NOW - timedelta(seconds=9), **changes: Any) -> WindowsEvent:
    return WindowsEvent(id=805, job=job, at=at, **({"copies": 2, "color": 2} | changes))


class Server:
    """A collector that takes events."""

    def __init__(self, journal: Journal, joiner: Joiner, clock: FixedClock) -> None:
        self.journal = journal
        self.joiner = joiner
        self.clock = clock

    async def bring(self, *events: WindowsEvent, computer: str = "PRINTSRV.example.com") -> int:
        new = await self.joiner.keep(WindowsEvents(computer=computer, events=list(events)))
        await self.joiner.join()
        return new

    async def wait(self, by: timedelta = WAIT) -> None:
        self.clock.advance(by)
        await self.joiner.join()

    async def jobs(self) -> list[dict[str, Any]]:
        return [json.loads(each.value)["data"] for each in await self.journal.read() if each.topic == "jobs.v1"]


@asynccontextmanager
async def server(
    path: Path, *, queues: Iterable[QueueTable] = (), clock: FixedClock | None = None
) -> AsyncIterator[Server]:
    clock = clock or FixedClock(NOW)
    journal = Journal(path / "journal.sqlite", clock=clock)
    await journal.open()
    registry = Registry(MemoryRows(printer(1), printer(2)), journal, collector_id="c1", clock=clock)
    await registry.refresh()
    intake = Intake(journal, registry, collector_id="c1", clock=clock)
    try:
        yield Server(journal, Joiner(journal, intake, registry, list(queues), wait=WAIT, clock=clock), clock)
    finally:
        await journal.close()


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Server]:
    async with server(tmp_path) as made:
        yield made


async def test_both_events_make_one_job_with_pages_times_copies(one: Server):
    assert await one.bring(rendered(), printed()) == 2
    (job,) = await one.jobs()
    assert (job["title"], job["person"]["claimed"], job["copies"]) == ("plan.pdf", "alice", 2)
    assert job["lines"] == [{"impressions": 6, "colour_mode": "colour"}]
    assert (job["measured"], job["completed_at"]) == ("as_submitted", "2026-11-02T09:00:00Z")
    assert job["job"]["device_job_id"] == "printsrv-12"
    assert job["printer"]["id"] == "windows:printsrv.example.com/plotter a"


@pytest.mark.parametrize("late_s", [-3_600, -1, 20])
async def test_the_event_805_may_come_before_or_after_and_later_than_the_other(one: Server, late_s: int):
    await one.bring(printed())
    assert await one.jobs() == []
    one.clock.advance(WAIT / 2)
    await one.bring(rendered(at=NOW + timedelta(seconds=late_s), copies=4, color=1))
    (job,) = await one.jobs()
    assert job["lines"] == [{"impressions": 12, "colour_mode": "mono"}]


async def test_without_its_event_805_a_job_is_told_after_a_while_and_what_comes_later_changes_nothing(one: Server):
    await one.bring(printed())
    await one.wait()
    (job,) = await one.jobs()
    assert ("copies" in job, job["lines"]) == (False, [{"impressions": 3}])
    await one.bring(rendered())
    await one.wait()
    assert len(await one.jobs()) == 1


async def test_a_clock_that_jumps_back_holds_no_job_for_ever(one: Server):
    await one.bring(printed())
    await one.wait(-timedelta(hours=5))
    assert len(await one.jobs()) == 1


async def test_events_brought_again_are_no_second_jobs_also_after_a_restart(tmp_path: Path):
    clock = FixedClock(NOW)
    async with server(tmp_path, clock=clock) as first:
        await first.bring(printed())
    async with server(tmp_path, clock=clock) as second:
        assert await second.bring(printed(), rendered()) == 1
        assert await second.bring(printed(), rendered(), printed()) == 0
        await second.wait()
        assert len(await second.jobs()) == 1
        await second.wait(timedelta(days=30))
        assert await second.bring(printed(), rendered()) == 2, "the events are forgotten by then"
        assert len(await second.jobs()) == 1, "but the job is still known"


async def test_numbers_that_begin_again_do_not_mix_jobs(one: Server):
    later = NOW + timedelta(hours=3)
    await one.bring(printed())
    await one.wait()
    await one.bring(rendered(copies=9), printed(at=later))
    await one.wait()
    assert [each.get("copies") for each in await one.jobs()] == [None, None]
    await one.bring(
        rendered(13, at=NOW), rendered(13, at=later, copies=5), printed(13, at=later), printed(13, at=NOW)
    )
    assert [each["copies"] for each in (await one.jobs())[2:]] == [2, 5]


async def test_the_same_number_of_two_servers_is_two_jobs(one: Server):
    await one.bring(rendered(), printed())
    await one.bring(rendered(copies=7), printed(), computer="OTHER")
    assert [each["copies"] for each in await one.jobs()] == [2, 7]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 30), min_size=1, max_size=6))
async def test_in_any_order_and_any_pieces_each_job_comes_once_with_its_own_copies(tmp_path_factory, seed, cuts):
    chance = random.Random(seed)
    events = []
    for number in range(1, 9):
        at = NOW + timedelta(minutes=number)
        events += [printed(number, at=at), rendered(number, at=at - timedelta(seconds=5), copies=number, color=1)]
    events += chance.choices(events, k=8)
    chance.shuffle(events)
    async with server(tmp_path_factory.mktemp("w")) as one:
        while events:
            size = chance.choice(cuts)
            await one.bring(*events[:size])
            events = events[size:]
        found = {each["job"]["device_job_id"]: each["copies"] for each in await one.jobs()}
        assert found == {f"printsrv-{number}": number for number in range(1, 9)}
        assert len(await one.jobs()) == 8


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"port": "IP_192.0.2.1"}, "id-1"),
        ({"port": "192.0.2.2_1"}, "id-2"),
        ({"port": "192.0.2.2"}, "id-2"),
        ({"printer": "PLOTTER-2", "port": "WSD-7e4b"}, "id-2"),
        ({"printer": "Plotter A", "port": "192.0.2.9"}, "windows:printsrv.example.com/plotter a"),
        ({"printer": "Copy Room", "port": "192.0.2.1"}, "id-2"),
        ({"printer": "Plotter A", "port": "WSD-7e4b-1"}, "id-1"),
    ],
)
async def test_the_printer_is_the_operators_else_the_ports_else_the_one_of_that_name(tmp_path, changes, expected):
    queues = [
        QueueTable(queue="copy*", printer="plotter-2", computer="printsrv*"),
        QueueTable(port="wsd-7e4b-*", printer="SN1"),
    ]
    async with server(tmp_path, queues=queues) as one:
        await one.bring(rendered(), printed(**changes))
        (job,) = await one.jobs()
        assert job["printer"]["id"] == expected


async def test_a_queue_of_a_printer_that_is_not_there_yet_waits_and_holds_up_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr("services.collector.windows.memory.READ_AT_ONCE", 2)
    async with server(tmp_path, queues=[QueueTable(queue="new", printer="nobody")]) as one:
        await one.bring(*(printed(number, printer="new") for number in range(5)), printed(9), rendered(9))
        await one.wait()
        assert [each["job"]["device_job_id"] for each in await one.jobs()] == ["printsrv-9"]


async def test_what_the_log_does_not_tell_is_absent(one: Server):
    bare = printed(pages=0, user="", document=None)
    await one.bring(bare, rendered(copies=0, color=0), WindowsEvent(id=800, job=1, at=NOW))
    (job,) = await one.jobs()
    assert job["lines"] == [{}]
    assert not {"person", "title", "copies"} & set(job)


async def test_events_of_which_no_job_can_be_made_are_done_with_and_hold_up_no_other(one: Server):
    absurd = [printed(at=datetime.min.replace(tzinfo=UTC)), rendered(at=datetime.max.replace(tzinfo=UTC))]
    await one.bring(*absurd, printed(1, printer=None), printed(2), rendered(2))
    await one.wait()
    assert [each["job"]["device_job_id"] for each in await one.jobs()] == ["printsrv-2"]
    assert await one.journal.ask(memory.waiting) == []


def test_times_with_the_seven_digits_of_dotnet_are_read():
    raw = b'{"computer": "S", "events": [{"id": 307, "job": 1, "at": "2026-11-02T09:15:00.1234567+01:00"}]}'
    (event,) = msgspec.json.decode(raw, type=WindowsEvents).events
    assert abs(event.at - datetime(2026, 11, 2, 8, 15, 0, 123_456, UTC)) <= timedelta(microseconds=1)


def test_long_names_of_queues_have_a_short_id_of_their_own():
    one, two = (queue_id("S", "x" * 220 + end) for end in "ab")
    assert one != two
    assert max(len(one), len(two)) <= 120


@pytest.mark.parametrize("text", ["[[queues]]\nqueue='a'\n", "[[", "[[queues]]\nqueue='a'\nprinter='b'\nx=1\n"])
def test_the_operators_file_is_checked_at_the_start(tmp_path: Path, text: str):
    path = tmp_path / "queues.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"queues\.toml"):
        load_queues(path)
