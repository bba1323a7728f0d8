"""HTTP of jobs and of the journal: POST /v1/jobs, GET /v1/journal."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from services.collector import metrics
from services.collector.intake.ingest import job_entries, read_jobs
from services.collector.intake.strict_job import StrictJob
from services.collector.journal import Entry, Journal
from services.collector.publisher import Publisher
from services.collector.registry.registry import Registry
from shared.events.jobs import JobCompleted
from shared.http.routes import Call, Route

_DESCRIPTION: Final = """\
The body is one job, or `{"jobs": [...]}` with up to 1,000 of them; all are taken or none. `job.id`, `job.key` and
`printer.id` may be left out where `printer.serial`, `job.device_job_id` and `completed_at` are there."""


class AcceptedJob(Struct, frozen=True):
    """One job that is safe on disk. `duplicate`: the very same was brought before, and is no second job."""

    event_id: str
    job_id: str
    job_key: str
    duplicate: bool


class Accepted(Struct, frozen=True):
    """The jobs of a request in their order."""

    items: list[AcceptedJob]


class JournalState(Struct, frozen=True, kw_only=True):
    """What waits in the journal and why; null where all is well."""

    records: int
    oldest_at: datetime | None
    refused: int
    journal_fault: str | None
    kafka_fault: str | None


class JobsApi:
    """Takes jobs: answers once they are on disk, whether Kafka is there or not."""

    def __init__(self, journal: Journal, publisher: Publisher, registry: Registry, *, collector_id: str) -> None:
        self._journal = journal
        self._publisher = publisher
        self._registry = registry
        self._collector_id = collector_id

    def routes(self) -> list[Route]:
        """The routes to serve."""
        return [
            Route(
                method="POST",
                path="/v1/jobs",
                handler=self.accept,
                summary="Bring one job, or a batch as {jobs: [...]}; the same job again is no second job.",
                description=_DESCRIPTION,
                body=StrictJob,
                parse=lambda raw, _: read_jobs(raw),
                answer=Accepted,
                status=202,
            ),
            Route(
                method="GET",
                path="/v1/journal",
                handler=self.state,
                summary="What waits for Kafka, and why.",
                answer=JournalState,
            ),
        ]

    async def accept(self, call: Call) -> Accepted:
        """Journals jobs. An Idempotency-Key is not needed: a job's own identity makes it one job."""
        jobs: list[JobCompleted]
        jobs, is_batch = call.body
        entries = job_entries(
            jobs,
            lambda ref: self._registry.find(printer_id=ref.id, serial=ref.serial),
            is_batch=is_batch,
            collector_id=self._collector_id,
        )
        known = await self._journal.append(entries)
        for entry, duplicate in zip(entries, known, strict=True):
            if duplicate:
                metrics.DUPLICATES.inc()
            else:
                metrics.JOBS.labels(entry.source.rpartition("/")[2]).inc()
        return Accepted([_accepted(entry, duplicate) for entry, duplicate in zip(entries, known, strict=True)])

    async def state(self, _: Call) -> JournalState:
        """The backlog."""
        backlog = await self._journal.backlog()
        return JournalState(
            records=backlog.records,
            oldest_at=backlog.oldest_at,
            refused=backlog.refused,
            journal_fault=self._journal.fault,
            kafka_fault=await self._publisher.probe(),
        )


class _Subject(Struct, frozen=True):
    subject: str


_subject = msgspec.json.Decoder(_Subject)


def _accepted(entry: Entry, duplicate: bool) -> AcceptedJob:
    key = _subject.decode(entry.value).subject
    return AcceptedJob(event_id=entry.event_id, job_id=entry.event_id, job_key=key, duplicate=duplicate)
