"""Every ended job is read once and whole, though devices list little, slowly, oddly, or set their clocks back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.collector.sources.ipp import history
from services.collector.sources.ipp.client import Address
from services.collector.sources.ipp.cursor import Mark
from services.collector.sources.ipp.decode import decode
from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.history import FIRST_PAGE, MAX_FOLLOW_UPS, Ended, EndedJobs
from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.tags import GroupTag, Operation, Tag
from services.collector.sources.ipp.times import DeviceClock
from services.collector.sources.ipp.view import View
from shared.errors import Retry

ADDRESS = Address.parse("ipp://plotter/ipp/print")
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass
class FakeDevice:
    """A client whose device remembers jobs; `thin` lists hold numbers only, as RFC 8011 allows."""

    thin: bool = False
    longest_list: int = 10_000
    oldest_first: bool = False
    obeys_limit: bool = True
    jobs: list[tuple[int, datetime]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    address: Address = ADDRESS

    def print(self, count: int, at: datetime = START) -> None:
        first = len(self.jobs) + 1
        self.jobs += [(number, at + timedelta(minutes=number)) for number in range(first, first + count)]

    async def send(self, message: Message) -> Message:
        head = View(message.first(GroupTag.OPERATION))
        if message.code == Operation.GET_JOB_ATTRIBUTES:
            number = head.integer("job-id") or 0
            self.asked.append(f"job {number}")
            return answer(self._whole(*self.jobs[number - 1]))
        limit = head.integer("limit") or 0
        self.asked.append(f"list of {limit}")
        if limit > self.longest_list:
            raise Retry("does not answer within 10 s")
        shown = (self.jobs if self.oldest_first else self.jobs[::-1])[: limit if self.obeys_limit else None]
        return answer(*(self._whole(*job)[: 1 if self.thin else None] for job in shown))

    async def ask(self, octets: bytes) -> bytes:
        message = decode(octets)
        return encode(replace(await self.send(message), request_id=message.request_id))

    async def read(self, octets: bytes, request_id: int) -> Message:
        return decode(octets)

    def _whole(self, number: int, moment: datetime) -> tuple[Attribute, ...]:
        return (
            Attribute.of("job-id", Tag.INTEGER, number),
            Attribute.of("job-state", Tag.ENUM, 9),
            Attribute.of("job-name", Tag.NAME, f"plan {number}"),
            Attribute.of("job-originating-user-name", Tag.NAME, "alice"),
            Attribute.of("date-time-at-completed", Tag.DATE_TIME, moment),
        )


def answer(*jobs: tuple[Attribute, ...]) -> Message:
    return Message(0, 1, tuple(Group(GroupTag.JOB, job) for job in jobs))


class Reader:
    """Reads a device again and again, as the poller does."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self.reader = EndedJobs(device)
        self.marks: tuple[Mark, ...] = ()

    async def look(self, up_time_s: int = 100) -> Ended:
        self.device.asked.clear()
        found = await self.reader.read(self.marks, DeviceClock(), up_time_s)
        self.marks = found.marks
        return found


def numbers(found: Ended) -> set[int]:
    return {job.integer("job-id") or 0 for job in found.jobs}


async def test_jobs_that_a_device_lists_by_number_only_are_asked_for_once_each_and_all_in_the_end():
    device = FakeDevice(thin=True)
    device.print(MAX_FOLLOW_UPS + 30)
    reader = Reader(device)
    first = await reader.look()
    assert numbers(first) == set(range(31, MAX_FOLLOW_UPS + 31))
    assert first.unread == ["30 jobs are not read yet: this printer must be asked for each of them"]
    second = await reader.look()
    assert numbers(second) == set(range(1, MAX_FOLLOW_UPS + 31))
    assert all(job.text("job-name") for job in second.jobs)
    assert not second.unread
    await reader.look()
    assert device.asked == [f"list of {FIRST_PAGE}"]


async def test_after_a_restart_of_the_device_a_number_stands_for_another_job():
    device = FakeDevice(thin=True)
    device.print(1)
    reader = Reader(device)
    await reader.look(up_time_s=500)
    device.jobs = [(1, START + timedelta(days=1))]
    assert [job.moment("date-time-at-completed") for job in (await reader.look(up_time_s=5)).jobs] == [
        START + timedelta(days=1)
    ]


async def test_a_device_too_slow_for_a_long_list_is_read_by_short_ones_and_tried_again():
    device = FakeDevice(longest_list=FIRST_PAGE)
    device.print(FIRST_PAGE + 20)
    reader = Reader(device)
    found = await reader.look()
    assert numbers(found) == set(range(21, FIRST_PAGE + 21))
    assert found.unread == ["older jobs are not read: does not answer within 10 s"]
    device.longest_list = 10_000
    assert numbers(await reader.look()) == set(range(1, FIRST_PAGE + 21))
    await reader.look()
    assert device.asked == [f"list of {FIRST_PAGE}"]


async def test_a_job_dated_in_the_future_does_not_hide_those_that_end_after_the_clock_was_mended():
    device = FakeDevice()
    device.print(5)
    device.jobs.append((6, datetime(2035, 1, 1, tzinfo=UTC)))
    reader = Reader(device)
    await reader.look()
    device.print(FIRST_PAGE + 25)
    assert set(range(7, FIRST_PAGE + 32)) <= numbers(await reader.look())


async def test_jobs_of_one_second_that_a_list_is_cut_among_are_all_read():
    """CUPS lists the newest second first, but within a second the lowest number."""
    device = FakeDevice()
    device.jobs = [(number, START) for number in range(1, 4)]
    reader = Reader(device)
    await reader.look()
    device.jobs = [(number, START) for number in range(FIRST_PAGE + 30, 0, -1)]
    assert numbers(await reader.look()) == set(range(1, FIRST_PAGE + 31))


@pytest.mark.parametrize("oldest_first", [False, True])
async def test_more_jobs_than_a_page_that_ended_while_nobody_looked_are_all_read(oldest_first: bool):
    device = FakeDevice(oldest_first=oldest_first)
    device.print(FIRST_PAGE + 5)
    reader = Reader(device)
    await reader.look()
    device.print(3 * FIRST_PAGE)
    assert set(range(FIRST_PAGE + 6, 4 * FIRST_PAGE + 6)) <= numbers(await reader.look())


@pytest.mark.parametrize("oldest_first", [False, True])
async def test_of_a_device_that_obeys_no_limit_the_newest_are_taken(oldest_first, monkeypatch):
    monkeypatch.setattr(history, "MAX_HISTORY", 60)
    device = FakeDevice(obeys_limit=False, oldest_first=oldest_first)
    device.print(100)
    assert numbers(await Reader(device).look()) == set(range(41, 101))
