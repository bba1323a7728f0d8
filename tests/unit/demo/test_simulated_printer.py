"""A simulated printer prints in turn, counts what came out, and answers bad requests as IPP wants it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from deploy.demo.models import MFP, T1700
from deploy.demo.operations import Printer
from deploy.demo.queue import MAX_HISTORY, MAX_WAITING, Queue
from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.requests import get_job_attributes, get_jobs, get_printer_attributes
from services.collector.sources.ipp.tags import GroupTag, JobState, Operation, Status, Tag
from services.collector.sources.ipp.view import View
from shared.clock import FixedClock
from tests.deadline import eventually_async

URI = "ipp://127.0.0.1:8631/ipp/print"
HEAD = get_printer_attributes(URI).groups[0].attributes[:3]


def a_printer(pace: float = 0.0) -> Printer:
    clock = FixedClock(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    return Printer(Queue(MFP, clock, pace=pace), URI, clock)


def ask(operation: int, *more: Attribute, job: tuple[Attribute, ...] = (), document: bytes = b"") -> Message:
    groups = (Group(GroupTag.OPERATION, (*HEAD, *more)), *((Group(GroupTag.JOB, job),) if job else ()))
    return Message(operation, 7, groups, document=document)


def print_job(copies: int = 1, pages: int = 1, *more: Attribute) -> Message:
    job = (
        Attribute.of("copies", Tag.INTEGER, copies),
        Attribute.of("job-impressions", Tag.INTEGER, pages),
        *more,
    )
    return ask(Operation.PRINT_JOB, Attribute.of("requesting-user-name", Tag.NAME, "kate"), job=job)


async def test_jobs_are_printed_in_turn_and_listed_newest_first() -> None:
    printer = a_printer()
    work = asyncio.create_task(printer.queue.run())
    for _ in range(3):
        assert printer.answer(print_job(copies=2, pages=3)).code == Status.OK

    async def all_done() -> bool:
        return printer.queue.ended_count == 3

    await eventually_async(all_done, within_s=5, what="three jobs are printed")
    work.cancel()
    jobs = [View(job) for job in printer.answer(get_jobs(URI, "completed", limit=10)).every(GroupTag.JOB)]
    assert [job.integer("job-id") for job in jobs] == [3, 2, 1]
    assert {job.integer("job-impressions-completed") for job in jobs} == {6}


def test_a_cancelled_job_keeps_what_came_out() -> None:
    printer = a_printer()
    printer.answer(print_job(2, 3, Attribute.of("sides", Tag.KEYWORD, "two-sided-long-edge")))
    job = printer.queue.find(1)
    assert job is not None
    job.state, job.printed = JobState.PROCESSING, 4
    assert printer.answer(ask(Operation.CANCEL_JOB, Attribute.of("job-id", Tag.INTEGER, 1))).code == Status.OK
    told = View(printer.answer(get_job_attributes(URI, 1)).first(GroupTag.JOB))
    assert told.integer("job-state") == JobState.CANCELED
    assert (told.integer("job-impressions-completed"), told.integer("job-media-sheets-completed")) == (4, 3)
    again = printer.answer(ask(Operation.CANCEL_JOB, Attribute.of("job-id", Tag.INTEGER, 1)))
    assert again.code == Status.NOT_POSSIBLE


def test_history_and_queue_are_bounded() -> None:
    printer = a_printer()
    for _ in range(MAX_HISTORY + 20):
        printer.answer(print_job())
        printer.queue.cancel(printer.queue.open()[0])
    assert len(printer.queue.ended()) == MAX_HISTORY
    assert printer.queue.find(1) is None
    for _ in range(MAX_WAITING):
        printer.answer(print_job())
    assert printer.answer(print_job()).code == Status.BUSY


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (Message(Operation.GET_JOBS, 7, ()), Status.BAD_REQUEST),
        (Message(Operation.GET_JOBS, 0, (Group(GroupTag.OPERATION, HEAD),)), Status.BAD_REQUEST),
        (Message(Operation.GET_JOBS, 7, (Group(GroupTag.OPERATION, HEAD[:2]),)), Status.BAD_REQUEST),
        (Message(Operation.GET_JOBS, 7, (Group(GroupTag.OPERATION, HEAD),), (9, 9)), Status.VERSION_NOT_SUPPORTED),
        (ask(0x0003), Status.OPERATION_NOT_SUPPORTED),
        (ask(Operation.GET_JOB_ATTRIBUTES, Attribute.of("job-id", Tag.INTEGER, 99)), Status.NOT_FOUND),
        (ask(Operation.GET_JOB_ATTRIBUTES), Status.BAD_REQUEST),
        (
            ask(Operation.VALIDATE_JOB, Attribute.of("document-format", Tag.MIME_TYPE, "text/x")),
            Status.DOCUMENT_FORMAT_NOT_SUPPORTED,
        ),
        (
            ask(Operation.VALIDATE_JOB, job=(Attribute.of("copies", Tag.INTEGER, 0),)),
            Status.ATTRIBUTES_NOT_SUPPORTED,
        ),
        (
            ask(Operation.GET_JOBS, Attribute.of("which-jobs", Tag.KEYWORD, "mine")),
            Status.ATTRIBUTES_NOT_SUPPORTED,
        ),
    ],
)
def test_a_wrong_request_gets_its_status(request_: Message, status: Status) -> None:
    assert a_printer().answer(request_).code == status


def test_the_pages_of_a_pdf_are_counted() -> None:
    printer = a_printer()
    printer.answer(ask(Operation.PRINT_JOB, document=b"/Type /Pages /Type /Page /Type/Page "))
    job = printer.queue.find(1)
    assert job is not None
    assert job.pages == 2


def test_a_plotter_tells_its_rolls() -> None:
    clock = FixedClock(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    told = View(
        Printer(Queue(T1700, clock), URI, clock).answer(get_printer_attributes(URI)).first(GroupTag.PRINTER)
    )
    ready = told.views("media-col-ready")
    assert [one.text("media-source") for one in ready] == ["roll-1", "roll-2"]
