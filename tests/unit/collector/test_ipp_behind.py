"""A job that CUPS gave up is counted by the device behind the queue, once that has ended it as well."""

from __future__ import annotations

from typing import Any

import pytest

from services.collector.sources.ipp.behind import FOLLOWED_FOR_S, Behind, device_uri
from services.collector.sources.ipp.client import Address
from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.tags import GroupTag, Operation, Tag
from services.collector.sources.ipp.view import View
from shared.errors import Reject, Retry

NOW_S = 1_795_716_000
UP_S = 500


def view(**values: Any) -> View:
    return View(attributes(**values))


def attributes(**values: Any) -> tuple[Attribute, ...]:
    return tuple(
        Attribute.of(name.replace("_", "-"), Tag.INTEGER if isinstance(value, int) else Tag.NAME, value)
        for name, value in values.items()
    )


def given_up(
    job: int = 7, *, title: str = "plan", ended_ago_s: int = 1, began_ago_s: int = 9, state: int = 7
) -> View:
    return view(
        job_id=job,
        job_state=state,
        job_name=title,
        job_originating_user_name="alice",
        time_at_processing=NOW_S - began_ago_s,
        time_at_completed=NOW_S - ended_ago_s,
    )


def on_device(
    title: str = "plan", *, user: str = "alice", came_ago_s: int = 8, state: int = 7, sides: int = 4
) -> Any:
    return attributes(
        job_id=1,
        job_state=state,
        job_name=title,
        job_originating_user_name=user,
        time_at_creation=UP_S - came_ago_s,
        job_impressions=6,
        job_impressions_completed=sides,
    )


class FakeQueue:
    """A queue's client whose device is a list of jobs, or an error."""

    def __init__(self, *jobs: Any) -> None:
        self.address = Address.parse("ipp://cups:631/printers/q")
        self.jobs = list(jobs)
        self.error: Exception | None = None
        self.asked = 0

    def beside(self, uri: str) -> FakeQueue:
        assert uri == "ipp://plotter/ipp/print"
        return self

    async def send(self, message: Message) -> Message:
        self.asked += 1
        if self.error:
            raise self.error
        if message.code == Operation.GET_PRINTER_ATTRIBUTES:
            return Message(0, 1, (Group(GroupTag.PRINTER, attributes(printer_up_time=UP_S)),))
        ended = View(message.first(GroupTag.OPERATION)).text("which-jobs") == "completed"
        shown = [job for job in self.jobs if ((View(job).integer("job-state") or 0) > 6) == ended]
        return Message(0, 1, tuple(Group(GroupTag.JOB, job) for job in shown))

    async def close(self) -> None:
        pass


QUEUE = view(printer_up_time=NOW_S, device_uri="ipp://plotter/ipp/print")


async def final(
    queue: FakeQueue, *jobs: View, behind: Behind | None = None
) -> tuple[dict[int, int | None], set[int]]:
    found, waits = await (behind or Behind(queue)).final(jobs, QUEUE)
    return {number: counted.impressions for number, counted in found.items()}, waits


async def test_the_devices_numbers_count_and_are_asked_for_once():
    queue = FakeQueue(on_device())
    behind = Behind(queue)
    assert await final(queue, given_up(), behind=behind) == ({7: 4}, set())
    asked = queue.asked
    assert await final(queue, given_up(), behind=behind) == ({7: 4}, set())
    assert queue.asked == asked


async def test_a_job_that_the_device_still_prints_or_that_is_not_to_be_reached_is_waited_for():
    queue = FakeQueue(on_device(state=5))
    assert await final(queue, given_up()) == ({}, {7})
    queue.error = Retry("off")
    assert await final(queue, given_up()) == ({}, {7})
    assert await final(queue, given_up(ended_ago_s=FOLLOWED_FOR_S + 1, began_ago_s=200)) == ({}, set())


@pytest.mark.parametrize(
    "other",
    [on_device("another"), on_device(user="bob"), on_device(came_ago_s=60), on_device(came_ago_s=0)[:4]],
    ids=["title", "person", "long before", "undated"],
)
async def test_another_job_of_the_device_is_not_taken_for_it(other: Any):
    assert await final(FakeQueue(other), given_up()) == ({}, set())


async def test_a_device_that_does_not_let_us_ask_leaves_the_job_without_numbers():
    queue = FakeQueue(on_device())
    queue.error = Reject("forbidden")
    assert await final(queue, given_up()) == ({}, set())


async def test_only_jobs_that_were_given_up_after_they_were_begun_are_asked_for():
    queue = FakeQueue(on_device())
    assert await final(queue, given_up(state=9), view(job_id=8, job_state=7, time_at_completed=NOW_S)) == (
        {},
        set(),
    )
    assert queue.asked == 0


@pytest.mark.parametrize(
    ("told", "server", "asked"),
    [
        ("ipp://plotter/ipp/print", "ipp://cups:631/printers/q", "ipp://plotter/ipp/print"),
        ("inkmeter:ipps://plotter/ipp/print", "ipp://cups:631/printers/q", "ipps://plotter/ipp/print"),
        ("ipp://localhost:60000/ipp/print", "ipp://cups:631/printers/q", None),
        ("ipp://localhost:60000/ipp/print", "ipp://127.0.0.1:631/printers/q", "ipp://localhost:60000/ipp/print"),
        ("socket://plotter:9100", "ipp://cups:631/printers/q", None),
        ("ipp://[plotter/", "ipp://cups:631/printers/q", None),
    ],
)
def test_where_the_device_can_be_asked(told: str, server: str, asked: str | None):
    assert device_uri(view(device_uri=told), server) == asked
