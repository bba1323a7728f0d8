"""The seam between the poller and whatever a printer speaks: three questions and a goodbye."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from shared.events.jobs import JobCompleted

SourceKind = Literal["ipp", "cups", "piws", "ews", "snmp"]
Activity = Literal["idle", "processing", "stopped"]


@dataclass(frozen=True, slots=True)
class PrinterState:
    """What a printer does right now; None where it does not say."""

    activity: Activity | None = None
    reasons: tuple[str, ...] = ()
    message: str | None = None
    queued_jobs: int | None = None
    prints_on: str | None = None
    """Of a queue of a print server: the URI of the device behind it."""


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    """Who a printer is and what it can do; None where it does not say.

    `serial` and `uuid` are its identity: they survive a new name and a new address.
    """

    kind: SourceKind
    make_and_model: str | None = None
    serial: str | None = None
    uuid: str | None = None
    name: str | None = None
    is_cups: bool = False
    supports_colour: bool | None = None
    media_sources: tuple[str, ...] = ()
    operations: frozenset[int] = frozenset()
    state: PrinterState = PrinterState()
    current_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at a printer brought.

    Attributes:
        jobs: ended jobs, oldest first, their texts without control characters. A source may bring the same job
            again and again, always equal in device job id and completion time: whoever reads drops those it
            knows by job id.
        cursor: to be stored together with the jobs and handed to the next look, unread. It also pins the
            start time of a device that has only an up-time clock, which keeps the identities of its jobs
            stable over restarts of the collector: a lost cursor may change the completion time of the jobs
            still in such a device's history.
        state: what the printer does now.
        refused: ended jobs that can't be told apart, dated or read yet, one sentence each.
        doubts: what makes no sense in jobs that are told nevertheless, one sentence each.
        unchanged: the printer shows the very jobs of the last look, which are not brought again.
    """

    jobs: tuple[JobCompleted, ...]
    cursor: str
    state: PrinterState = PrinterState()
    refused: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unchanged: bool = False


class PrinterSource(Protocol):
    """Reads one printer. One call at a time; every call is bounded in time and in size.

    All methods raise Retry when the printer can't be reached or is busy, and Reject when it answers something
    that will not get better by asking again (not a printer, no such queue, access refused).
    """

    async def probe(self) -> PrinterFacts:
        """Asks who the printer is; used to validate an address before it is added."""
        ...

    async def completed_jobs(self, cursor: str = "") -> Reading:
        """Reads the ended jobs since `cursor` ("" = all that the printer still remembers) and its state."""
        ...

    async def close(self) -> None:
        """Releases connections; safe to call twice."""
        ...


@runtime_checkable
class HearsOfAttempts(Protocol):
    """A source whose counters go on when a job is tried again: it is told where they stood."""

    def hear(self, attempts: Mapping[int, int]) -> None:
        """For jobs by number the impressions that were counted when their last attempt began; before each look."""
        ...
