"""A simulated HP large-format printer that speaks PIWS: a job queue in XML or JSON, with filled values."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from services.collector.sources.piws.snapshot import NAMESPACE

UNSET: Final = "1970-01-01T00:00:00Z"
UNKNOWN_QUEUE: Final = "Unkownw QueueID"
"""As a DesignJet Z9 spells it."""

Tree = Mapping[str, Any]
Style = Literal["xml", "json"]


@dataclass(slots=True)
class PiwsPage:
    """One page: inches, and what the device accounts for it over all copies."""

    width_in: str = "23.385827"
    height_in: str = "33.110236"
    media: str = "9E489F02AE027F9DD93191D872728C1D"
    quality: str = "Normal"
    printed_copies: int = 1
    square: str = "0.000000"
    linear: str = "0.000000"
    ink_cc: dict[str, str] = field(default_factory=dict)
    grey: str = "0.000000"
    colour: str = "0.000000"


@dataclass(slots=True)
class PiwsJob:
    """One job as the queue shows it."""

    name: str
    user: str = "alice"
    status: str = "Printed"
    completion: str = "OK"
    kind: str = "Print"
    account: str = ""
    copies: int = 1
    printed_copies: int = 1
    printed_pages: int = 1
    square: str = "0.000000"
    linear: str = "0.000000"
    paper: str = ""
    ink_cc: dict[str, str] = field(default_factory=dict)
    pages: list[PiwsPage] = field(default_factory=list)
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    job_uuid: str = field(default_factory=lambda: str(uuid.uuid4()).upper())


@dataclass(slots=True)
class PiwsDevice:
    """The device: what it is, its queue, and how it answers.

    Attributes:
        units: whether numbers come with their unit in JSON.
        password: of the user admin; "" where none is asked for.
        asleep: whether it answers nothing but HTTP 503.
        totals: whether the job has amounts of its own, beside those of its pages.
        garbage: what it answers instead of anything else, as broken firmware does.
    """

    model: str = "HP DesignJet Z9"
    serial: str = "CN12345Z9A"
    style: Style = "xml"
    units: bool = False
    square_unit: str = "in2"
    password: str = ""
    asleep: bool = False
    totals: bool = True
    garbage: bytes = b""
    paused: bool = False
    jobs: list[PiwsJob] = field(default_factory=list)
    queue: str = field(default_factory=lambda: str(uuid.uuid4()))
    clock: datetime | None = None
    asked: list[str] = field(default_factory=list)

    def reboot(self) -> None:
        """Starts anew: the queue keeps its jobs and gets another id."""
        self.queue = str(uuid.UUID(bytes=secrets.token_bytes(16)))

    def identification(self) -> Tree:
        """What it says of itself."""
        return {"Identification": {"Fields": {"ModelName": self.model, "SerialNumber": self.serial}}}

    def collection(self) -> Tree:
        """Its queues."""
        queue = {
            "Name": "PRINT",
            "Persistence": "Persistent",
            "Type": "Print",
            "URI": f"/LFPWebServices/PI/JQ/JobQueue/{self.queue}",
        }
        return {"JobQueueCollection": {"Queue": queue}}

    def snapshot(self) -> Tree:
        """All jobs of its queue."""
        jobs = [{"Job2DPrint": self._job(number, job)} for number, job in enumerate(self.jobs, 1)]
        return {
            "JobQueueSnapshot": {
                "ModificationNumber": 70 + len(jobs),
                "Status": {"JobQueueStatus": "Paused" if self.paused else "Running", "NumberOfJobs": len(jobs)},
                "Timestamp": _time(self.clock or datetime.now(UTC)),
                "Jobs": {"Job": jobs} if jobs else {},
            }
        }

    def _job(self, number: int, job: PiwsJob) -> Tree:
        return {
            "ModificationNumber": number,
            "URI": f"/LFPWebServices/PI/JQ/JobQueue/{self.queue}/Job/{job.job_uuid}/",
            "Type": job.kind,
            "UUID": job.job_uuid,
            "Settings": {
                "UserName": job.user,
                "Source": "Application",
                "JobName": job.name,
                "Account": job.account,
                "RequestedCopies": job.copies,
                "NumberOfPagesPerCopy": len(job.pages),
            },
            "Status": {"JobStatus": job.status, "CompletionStatus": job.completion, "HoldReason": "None"},
            "Pages": {
                "NumberOfPages": len(job.pages),
                "Page": [self._page(at, page) for at, page in enumerate(job.pages, 1)],
            },
            "Progress": {"NumberOfPrintedPages": job.printed_pages, "NumberOfPrintedCopies": job.printed_copies},
            "Accounting": {
                "SubmissionTimestamp": _time(job.submitted_at),
                "CompletionTimestamp": _time(job.completed_at),
                "ArrivalTimestamp": _time(job.submitted_at),
                "PrintingTimestamp": _time(job.started_at),
                **(
                    self._consumption(job.square, job.linear, job.paper, job.ink_cc)
                    if self.totals
                    else {"MediaCollectionConsumption": "", "InkCollectionConsumption": ""}
                ),
            },
        }

    def _page(self, number: int, page: PiwsPage) -> Tree:
        size = {
            side: {"Value": inches, "Unit": "in"}
            for side, inches in (("Width", page.width_in), ("Height", page.height_in))
        }
        return {
            "ID": number,
            "Settings": {"PageSize": size, "MediaType": page.media, "PrintQuality": page.quality},
            "Progress": {"NumberOfPrintedCopies": page.printed_copies},
            "Accounting": {
                **self._consumption(page.square, page.linear, "", page.ink_cc),
                "GrayPixelCoverage": page.grey,
                "ColorPixelCoverage": page.colour,
            },
        }

    def _consumption(self, square: str, linear: str, paper: str, ink_cc: Mapping[str, str]) -> Tree:
        media = {
            "PaperId": paper,
            "PaperVendor": "",
            "SquareAmount": self._amount(square, self.square_unit),
            "LinearAmount": self._amount(linear, self.square_unit[:-1]),
        }
        inks = [{"InkName": name, "Amount": self._amount(cc, "cc")} for name, cc in ink_cc.items()]
        return {
            "MediaCollectionConsumption": {"MediaConsumption": media},
            "InkCollectionConsumption": {"InkConsumption": inks} if inks else {},
        }

    def _amount(self, number: str, unit: str) -> Any:
        return {"Unit": unit, "Value": number} if self.units else number


def to_json(tree: Tree) -> bytes:
    """The tree as JSON: numbers are numbers, a list of one is that one, as the device has it."""
    return json.dumps(_plain(tree)).encode()


def to_xml(tree: Tree) -> bytes:
    """The tree as XML, in the namespace of PIWS both by default and by prefix, as the device has it."""
    (name, content), *_ = tree.items()
    inner = "".join(_elements(each, value) for each, value in content.items())
    head = f'<piws:{name} xmlns="{NAMESPACE}" xmlns:piws="{NAMESPACE}">'
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n{head}{inner}</piws:{name}>'.encode()


def _elements(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_elements(name, each) for each in value)
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_elements(each, inner) for each, inner in value.items())}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, str) and value.replace(".", "", 1).isdigit() and value.count(".") == 1:
        return json.loads(value)
    return value


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else UNSET
