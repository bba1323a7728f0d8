"""What a forwarder brings of a Windows print server's log, and how two of its events make one job.

Event 307 of Microsoft-Windows-PrintService/Operational tells that a document was printed: by whom, on which queue
and port, and its pages. How many copies and whether in colour is only in event 805, which the spooler writes when
it renders the job, and which names the job by its number alone: numbers are those of one server, and begin again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from msgspec import Meta, Struct

from shared.events.envelope import Moment
from shared.events.jobs import JobCompleted, JobLine, JobRef, PersonRef, PrinterRef
from shared.printable import without_controls

PRINTED: Final = 307
RENDERED: Final = 805
MAX_EVENTS: Final = 1_000
BEFORE: Final = timedelta(hours=24)
"""A job may wait in its queue for so long after it was rendered, and still be joined."""
AFTER: Final = timedelta(minutes=5)
SOURCE: Final = "windows"
_COLOURS: Final = {1: "mono", 2: "colour"}
_MAX_TEXT: Final = 1_000

Name = Annotated[str, Meta(max_length=32_768)]
"""Longer than any job record takes: one long title must not refuse the events that came with it."""
Number = Annotated[int, Meta(ge=0, le=2**32)]


class WindowsEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    r"""One event, its fields named as the log's own mean them; 307 has those on top, 805 copies and colour.

    Attributes:
        id: 307 or 805.
        at: when it was logged.
        job: the spooler's number of the job.
        machine: the computer that sent the job, such as `\\PC-7`.
        printer: the queue.
        size: of the spooled data in bytes.
        pages: as the spooler counts them, without copies.
        color: 1 is monochrome, 2 colour: what the job asked for.
        record: the event's number in the log.
    """

    id: Annotated[int, Meta(ge=1, le=65_535)]
    at: Moment
    job: Number
    document: Name | None = None
    user: Name | None = None
    machine: Name | None = None
    printer: Name | None = None
    port: Name | None = None
    size: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    pages: Annotated[int, Meta(ge=0, le=10**7)] | None = None
    copies: Annotated[int, Meta(ge=0, le=10**5)] | None = None
    color: Number | None = None
    record: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


class WindowsEvents(Struct, frozen=True, kw_only=True):
    """What a forwarder sends: the server that logged, and its events in any order, each as often as needed."""

    computer: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[^\s/\\]+$")]
    events: Annotated[list[WindowsEvent], Meta(min_length=1, max_length=MAX_EVENTS)]


def rendering_of(printed: WindowsEvent, renderings: Sequence[WindowsEvent]) -> WindowsEvent | None:
    """The event 805 of a printed job: the last one before it, else the first one soon after it.

    Args:
        printed: the 307.
        renderings: the events 805 of the same server with the same job number, in any order.
    """
    fitting = [each for each in renderings if not each.printer or each.printer == printed.printer]
    before = [each for each in fitting if printed.at - BEFORE <= each.at <= printed.at]
    if before:
        return max(before, key=_moment)
    return min((each for each in fitting if printed.at < each.at <= printed.at + AFTER), key=_moment, default=None)


def _moment(event: WindowsEvent) -> datetime:
    return event.at


def job_of(
    computer: str, printed: WindowsEvent, rendering: WindowsEvent | None, printer: PrinterRef
) -> JobCompleted:
    """The job that was printed.

    Impressions are pages x copies; a job without an event 805 counts as one copy, and does not say how many it
    has. Sheets, sizes and media are not in the log, so they are not told.
    """
    copies = (rendering.copies or None) if rendering else None
    pages = printed.pages or None  # 0: the driver did not say
    colour = _COLOURS.get(rendering.color or 0) if rendering else None
    line = JobLine(
        impressions=pages * (copies or 1) if pages else None,
        colour_mode=colour,  # type: ignore[arg-type]
    )
    return JobCompleted(
        job=JobRef(device_job_id=f"{computer.partition('.')[0].lower()}-{printed.job}", source=SOURCE),
        printer=printer,
        person=PersonRef(claimed=user) if (user := _text(printed.user)) else None,
        title=_text(printed.document),
        copies=copies,
        completed_at=printed.at,
        measured="as_submitted",
        raw_reference=_text(f"{computer} {printed.machine or ''}"),
        lines=[line],
    )


def _text(text: str | None) -> str | None:
    return without_controls(text or "").strip()[:_MAX_TEXT] or None
