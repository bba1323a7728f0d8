"""What a simulated printer answers to IPP requests (RFC 8011, section 4): messages in, messages out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from deploy.demo.attributes import FORMATS, JOB_TEMPLATE, OPERATIONS, printer_attributes
from deploy.demo.queue import Queue, SimulatedJob
from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.tags import GroupTag, JobState, Operation, PrinterStateCode, Status, Tag
from services.collector.sources.ipp.view import View
from shared.clock import Clock

_PAGE: Final = re.compile(rb"/Type\s*/Page\b")
_KEPT: Final = frozenset({*JOB_TEMPLATE, "job-account-id", "job-accounting-user-id", "job-billing"})
_WHICH: Final = ("completed", "not-completed")
_BY_NAME_ONLY: Final = frozenset({"media-col-database"})
_SHORT: Final = frozenset({"job-id", "job-uri"})


class Refused(Exception):  # noqa: N818 - an answer of the protocol, not an error of the program
    """The request is answered with this status."""

    def __init__(self, status: Status, words: str, *unsupported: Attribute) -> None:
        super().__init__(words)
        self.status, self.words, self.unsupported = status, words, unsupported


class Printer:
    """One simulated printer's side of the protocol."""

    def __init__(self, queue: Queue, uri: str, clock: Clock) -> None:
        self.queue = queue
        self._uri = uri
        self._clock = clock
        self._started_at = clock.now()
        self._fixed = printer_attributes(queue.model, uri)
        self._answers: dict[int, Callable[[Message, View], Iterable[Group]]] = {
            Operation.PRINT_JOB: self._print_job,
            Operation.VALIDATE_JOB: self._validate_job,
            Operation.CREATE_JOB: self._create_job,
            Operation.SEND_DOCUMENT: self._send_document,
            Operation.CANCEL_JOB: self._cancel_job,
            Operation.GET_JOB_ATTRIBUTES: self._get_job_attributes,
            Operation.GET_JOBS: self._get_jobs,
            Operation.GET_PRINTER_ATTRIBUTES: self._get_printer_attributes,
        }

    def answer(self, request: Message) -> Message:
        """The response to one request."""
        try:
            head = _checked(request)
            groups = tuple(self._answers[request.code](request, head))
            return _response(request, Status.OK, "successful-ok", groups)
        except Refused as refused:
            groups = (Group(GroupTag.UNSUPPORTED, refused.unsupported),) if refused.unsupported else ()
            return _response(request, refused.status, str(refused), groups)

    def _get_printer_attributes(self, _request: Message, head: View) -> Iterable[Group]:
        self._check_format(head)
        moving = (
            Attribute.of("printer-up-time", Tag.INTEGER, self._seconds(self._clock.now())),
            Attribute.of("printer-current-time", Tag.DATE_TIME, self._clock.now()),
            Attribute.of("queued-job-count", Tag.INTEGER, len(self.queue.open())),
            Attribute.of(
                "printer-state",
                Tag.ENUM,
                PrinterStateCode.PROCESSING if self.queue.current else PrinterStateCode.IDLE,
            ),
            Attribute.of("printer-state-reasons", Tag.KEYWORD, "none"),
        )
        yield Group(GroupTag.PRINTER, _selected((*self._fixed, *moving), head, _printer_group))

    def _validate_job(self, request: Message, head: View) -> Iterable[Group]:
        self._check_format(head)
        self._check_template(request)
        return ()

    def _create_job(self, request: Message, head: View) -> Iterable[Group]:
        yield self._created(self._new_job(request, head))

    def _print_job(self, request: Message, head: View) -> Iterable[Group]:
        job = self._new_job(request, head)
        self.queue.release(job, _pages(request, head))
        yield self._created(job)

    def _send_document(self, request: Message, head: View) -> Iterable[Group]:
        job = self._job(head)
        if head.boolean("last-document") is None:
            raise Refused(Status.BAD_REQUEST, "last-document is missing")
        self._check_format(head)
        if job.state != JobState.PENDING_HELD:
            raise Refused(Status.NOT_POSSIBLE, f"job {job.number} takes no more documents")
        self.queue.release(job, _pages(request, head))
        yield self._created(job)

    def _cancel_job(self, _request: Message, head: View) -> Iterable[Group]:
        job = self._job(head)
        if job.ended:
            raise Refused(Status.NOT_POSSIBLE, f"job {job.number} has ended already")
        self.queue.cancel(job)
        return ()

    def _get_job_attributes(self, _request: Message, head: View) -> Iterable[Group]:
        yield Group(GroupTag.JOB, _selected(self._describe(self._job(head)), head, _job_group))

    def _get_jobs(self, _request: Message, head: View) -> Iterable[Group]:
        which = head.text("which-jobs") or "not-completed"
        if which not in _WHICH:
            wrong = Attribute.of("which-jobs", Tag.KEYWORD, which)
            raise Refused(Status.ATTRIBUTES_NOT_SUPPORTED, f"which-jobs {which!r}", wrong)
        jobs = self.queue.ended() if which == "completed" else self.queue.open()
        if head.boolean("my-jobs"):
            jobs = [job for job in jobs if job.user == (head.text("requesting-user-name") or "anonymous")]
        limit = head.integer("limit")
        for job in jobs[:limit]:
            described = self._describe(job)
            if "requested-attributes" not in head:
                described = tuple(one for one in described if one.name in _SHORT)
            yield Group(GroupTag.JOB, _selected(described, head, _job_group))

    def _new_job(self, request: Message, head: View) -> SimulatedJob:
        self._check_format(head)
        self._check_template(request)
        asked = tuple(one for group in request.groups for one in group.attributes if one.name in _KEPT)
        name, user = head.text("job-name") or "Untitled", head.text("requesting-user-name") or "anonymous"
        job = self.queue.create(name, user, asked)
        if job is None:
            raise Refused(Status.BUSY, "too many jobs wait")
        return job

    def _job(self, head: View) -> SimulatedJob:
        number = head.integer("job-id")
        uri = head.text("job-uri")
        if number is None and uri:
            tail = uri.rsplit("/", 1)[-1]
            number = int(tail) if tail.isdecimal() and len(tail) < 10 else None  # noqa: PLR2004 - a 32 bit number
        if number is None:
            raise Refused(Status.BAD_REQUEST, "job-id or job-uri is missing")
        job = self.queue.find(number)
        if job is None:
            raise Refused(Status.NOT_FOUND, f"job {number} is not known here")
        return job

    def _check_format(self, head: View) -> None:
        wanted = head.text("document-format")
        if wanted is not None and wanted not in FORMATS:
            wrong = Attribute.of("document-format", Tag.MIME_TYPE, wanted)
            raise Refused(Status.DOCUMENT_FORMAT_NOT_SUPPORTED, f"document-format {wanted}", wrong)
        if (compression := head.text("compression")) not in (None, "none"):
            wrong = Attribute.of("compression", Tag.KEYWORD, compression)
            raise Refused(Status.COMPRESSION_NOT_SUPPORTED, f"compression {compression}", wrong)

    def _check_template(self, request: Message) -> None:
        for one in request.first(GroupTag.JOB):
            copies = View((one,)).integer("copies")
            sides = View((one,)).text("sides")
            if (copies is not None and not 1 <= copies <= 999) or (sides and sides not in self.queue.model.sides):  # noqa: PLR2004
                raise Refused(Status.ATTRIBUTES_NOT_SUPPORTED, f"{one.name} is not supported", one)

    def _created(self, job: SimulatedJob) -> Group:
        names = ("job-id", "job-uri", "job-uuid", "job-state", "job-state-reasons")
        return Group(GroupTag.JOB, tuple(one for one in self._describe(job) if one.name in names))

    def _describe(self, job: SimulatedJob) -> tuple[Attribute, ...]:
        now = self._clock.now()
        return (
            Attribute.of("job-id", Tag.INTEGER, job.number),
            Attribute.of("job-uri", Tag.URI, f"{self._uri}/{job.number}"),
            Attribute.of("job-uuid", Tag.URI, f"urn:uuid:{job.uuid}"),
            Attribute.of("job-printer-uri", Tag.URI, self._uri),
            Attribute.of("job-name", Tag.NAME, job.name),
            Attribute.of("job-originating-user-name", Tag.NAME, job.user),
            Attribute.of("job-state", Tag.ENUM, job.state),
            Attribute.of("job-state-reasons", Tag.KEYWORD, job.reason),
            Attribute.of("job-impressions", Tag.INTEGER, job.pages),
            Attribute.of("job-impressions-completed", Tag.INTEGER, job.printed),
            Attribute.of("job-media-sheets-completed", Tag.INTEGER, job.sheets),
            Attribute.of("job-printer-up-time", Tag.INTEGER, self._seconds(now)),
            *self._times("creation", job.created_at),
            *self._times("processing", job.processing_at),
            *self._times("completed", job.ended_at),
            *job.template,
        )

    def _times(self, event: str, moment: datetime | None) -> tuple[Attribute, Attribute]:
        if moment is None:
            return (
                Attribute.of(f"time-at-{event}", Tag.NO_VALUE, None),
                Attribute.of(f"date-time-at-{event}", Tag.NO_VALUE, None),
            )
        return (
            Attribute.of(f"time-at-{event}", Tag.INTEGER, self._seconds(moment)),
            Attribute.of(f"date-time-at-{event}", Tag.DATE_TIME, moment),
        )

    def _seconds(self, moment: datetime) -> int:
        return max(1, int((moment - self._started_at).total_seconds()) + 1)


def _checked(request: Message) -> View:
    """The operation attributes, after the checks of RFC 8011, section 4.1."""
    if request.version[0] not in (1, 2):
        raise Refused(Status.VERSION_NOT_SUPPORTED, "IPP 1.1 and 2.0 are spoken here")
    if request.request_id <= 0:
        raise Refused(Status.BAD_REQUEST, "request-id must be above 0")
    tags = [group.tag for group in request.groups]
    if not tags or tags[0] != GroupTag.OPERATION or tags.count(GroupTag.OPERATION) > 1:
        raise Refused(Status.BAD_REQUEST, "the operation attributes must come first, once")
    attributes = request.groups[0].attributes
    head = View(attributes)
    if [one.name for one in attributes[:2]] != ["attributes-charset", "attributes-natural-language"]:
        raise Refused(Status.BAD_REQUEST, "attributes-charset and attributes-natural-language must come first")
    if (head.text("attributes-charset") or "").lower() not in ("utf-8", "us-ascii"):
        raise Refused(Status.CHARSET_NOT_SUPPORTED, "utf-8 is spoken here")
    if "printer-uri" not in head and "job-uri" not in head:
        raise Refused(Status.BAD_REQUEST, "printer-uri is missing")
    if request.code not in OPERATIONS:
        raise Refused(Status.OPERATION_NOT_SUPPORTED, f"operation 0x{request.code:04x} is not supported")
    return head


def _response(request: Message, status: Status, words: str, groups: tuple[Group, ...]) -> Message:
    head = (
        Attribute.of("attributes-charset", Tag.CHARSET, "utf-8"),
        Attribute.of("attributes-natural-language", Tag.LANGUAGE, "en"),
        Attribute.of("status-message", Tag.TEXT, words[:255]),
    )
    version = request.version if request.version in ((1, 1), (2, 0)) else (2, 0)
    return Message(status, request.request_id, (Group(GroupTag.OPERATION, head), *groups), version)


def _selected(
    attributes: tuple[Attribute, ...], head: View, group_of: Callable[[str], str]
) -> tuple[Attribute, ...]:
    """Those that were asked for, by name or by group; all but the long ones when nothing was asked for."""
    wanted = set(head.texts("requested-attributes")) or {"all"}
    return tuple(
        one
        for one in attributes
        if one.name in wanted or (one.name not in _BY_NAME_ONLY and wanted & {"all", group_of(one.name)})
    )


def _printer_group(name: str) -> str:
    stem = re.sub(r"-(default|supported|ready)$", "", name)
    return "job-template" if stem in JOB_TEMPLATE else "printer-description"


def _job_group(name: str) -> str:
    return "job-template" if name in JOB_TEMPLATE else "job-description"


def _pages(request: Message, head: View) -> int:
    """Pages of one copy: as the sender says, else as the PDF says, else one."""
    said = head.integer("job-impressions") or View(request.first(GroupTag.JOB)).integer("job-impressions")
    return said or len(_PAGE.findall(request.document)) or 1
