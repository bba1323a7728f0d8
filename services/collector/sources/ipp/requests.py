"""The questions that are put to printers, as messages (RFC 8011, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final, Literal

from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.tags import GroupTag, Operation, Tag

REQUESTING_USER: Final = "inkmeter"

PRINTER_ATTRIBUTES: Final = (
    "printer-make-and-model",
    "printer-name",
    "printer-info",
    "printer-uuid",
    "printer-serial-number",
    "printer-device-id",
    "printer-type",
    "printer-up-time",
    "printer-current-time",
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "queued-job-count",
    "color-supported",
    "cups-version",
    "device-uri",
    "operations-supported",
    "media-source-supported",
    "media-default",
    "media-col-default",
    "media-col-ready",
    "sides-default",
    "sides-supported",
    "print-color-mode-default",
)
"""Named one by one: `all` is slow on some devices, for it carries the whole media database."""

STATE_ATTRIBUTES: Final = (
    "printer-up-time",
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "queued-job-count",
)
"""What may differ from look to look at a device whose jobs are the same."""

JOB_ATTRIBUTES: Final = (
    "job-id",
    "job-uri",
    "job-uuid",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-originating-user-name",
    "job-printer-state-message",
    "job-account-id",
    "job-accounting-user-id",
    "job-billing",
    "job-impressions",
    "job-impressions-completed",
    "job-media-sheets",
    "job-media-sheets-completed",
    "time-at-creation",
    "time-at-processing",
    "time-at-completed",
    "date-time-at-creation",
    "date-time-at-processing",
    "date-time-at-completed",
    "copies",
    "copies-actual",
    "finishings",
    "media",
    "media-actual",
    "media-col",
    "media-col-actual",
    "page-ranges",
    "print-color-mode",
    "print-color-mode-actual",
    "print-quality",
    "print-quality-actual",
    "sides",
    "sides-actual",
)
"""Named one by one: for `all` CUPS leaves out everything of a job that it has not loaded (even its name)."""

_request_ids = count(1)


def new_request_id() -> int:
    """The number of a request: 31 bits, never 0."""
    return next(_request_ids) & 0x7FFF_FFFF or 1


def request(operation: Operation, uri: str, *more: Attribute) -> Message:
    """An operation on a printer, with what each begins with."""
    head = (
        Attribute.of("attributes-charset", Tag.CHARSET, "utf-8"),
        Attribute.of("attributes-natural-language", Tag.LANGUAGE, "en"),
        Attribute.of("printer-uri", Tag.URI, uri),
    )
    return Message(operation, new_request_id(), (Group(GroupTag.OPERATION, (*head, *more)),))


def asker() -> Attribute:
    """Who asks."""
    return Attribute.of("requesting-user-name", Tag.NAME, REQUESTING_USER)


def get_printer_attributes(uri: str, requested: Sequence[str] = PRINTER_ATTRIBUTES) -> Message:
    """Get-Printer-Attributes: who the printer is and what it can do."""
    return request(
        Operation.GET_PRINTER_ATTRIBUTES,
        uri,
        asker(),
        Attribute.of("requested-attributes", Tag.KEYWORD, *requested),
    )


def get_jobs(
    uri: str,
    which: Literal["completed", "not-completed"],
    *,
    limit: int,
    requested: Sequence[str] = JOB_ATTRIBUTES,
) -> Message:
    """Get-Jobs of everybody: `completed` includes canceled and aborted jobs, newest first."""
    return request(
        Operation.GET_JOBS,
        uri,
        asker(),
        Attribute.of("limit", Tag.INTEGER, limit),
        Attribute.of("requested-attributes", Tag.KEYWORD, *requested),
        Attribute.of("which-jobs", Tag.KEYWORD, which),
        Attribute.of("my-jobs", Tag.BOOLEAN, False),
    )


def get_job_attributes(uri: str, job_id: int, requested: Sequence[str] = JOB_ATTRIBUTES) -> Message:
    """Get-Job-Attributes of one job."""
    return request(
        Operation.GET_JOB_ATTRIBUTES,
        uri,
        Attribute.of("job-id", Tag.INTEGER, job_id),
        asker(),
        Attribute.of("requested-attributes", Tag.KEYWORD, *requested),
    )
