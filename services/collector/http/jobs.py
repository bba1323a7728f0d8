"""HTTP of jobs and of the journal: POST /v1/jobs, GET /v1/journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from services.collector.intake import idempotency
from services.collector.intake.bring import Intake
from services.collector.intake.ingest import read_jobs, ready_jobs
from services.collector.intake.strict_job import StrictJob
from services.collector.intake.taking import Brought, ReadyJob
from services.collector.journal import Journal
from services.collector.journal.store import Store
from services.collector.publisher import Publisher
from shared.clock import Clock
from shared.events.jobs import JobCompleted
from shared.http.headers import IDEMPOTENCY_KEY, REPLAYED
from shared.http.idempotency import fingerprint
from shared.http.routes import Answer, Call, Route

_DESCRIPTION: Final = """\
The body is one job, or `{"jobs": [...]}` with up to 1,000 of them; all are taken or none. `job.id`, `job.key` and
`printer.id` may be left out where `printer.serial`, `job.device_job_id` and `completed_at` are there.
The same job again is no second job: a job's own identity sees to that. With an `Idempotency-Key` the request
itself is taken once, too, also while PostgreSQL or Kafka is away."""


class AcceptedJob(Struct, frozen=True):
    """One job that is safe on disk.

    `duplicate`: the very same was brought before, and is no second job. `merged_into`: another source had told of
    the job, or does so in the same request: both count as one, under that job id.
    """

    event_id: str
    job_id: str
    job_key: str
    duplicate: bool
    merged_into: str | None = None


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

    def __init__(self, intake: Intake, journal: Journal, publisher: Publisher, *, clock: Clock) -> None:
        self._intake = intake
        self._journal = journal
        self._publisher = publisher
        self._clock = clock

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
                takes=(IDEMPOTENCY_KEY,),
            ),
            Route(
                method="GET",
                path="/v1/journal",
                handler=self.state,
                summary="What waits for Kafka, and why.",
                answer=JournalState,
            ),
        ]

    async def accept(self, call: Call) -> Answer:
        """Journals jobs, and with them the answer where the request has a key."""
        jobs: list[JobCompleted]
        jobs, is_batch = call.body
        ready = ready_jobs(jobs, self._intake, is_batch=is_batch)
        key, now = call.idempotency_key, self._clock.now()
        request = await fingerprint(call)

        def before(store: Store) -> None:
            if key is not None and (body := idempotency.earlier(store, key, request, now)) is not None:
                raise _AnsweredBeforeError(body)

        def after(store: Store, brought: Sequence[Brought]) -> None:
            if key is not None:
                idempotency.remember(store, key, request, _answer(ready, brought), now)

        try:
            brought = await self._intake.store(ready, before=before, after=after)
        except _AnsweredBeforeError as same:
            return Answer(same.body, headers={REPLAYED.name: "true"})
        return Answer(_answer(ready, brought))

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


class _AnsweredBeforeError(Exception):
    """An equal request came before: ends the transaction of this one."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


def _answer(jobs: Sequence[ReadyJob], brought: Sequence[Brought]) -> bytes:
    items: list[AcceptedJob] = []
    for job, became in zip(jobs, brought, strict=True):
        job_id, key = str(job.data.job.id), str(job.data.job.key)
        duplicate, into = became.duplicate, became.merged_into
        items.append(
            AcceptedJob(event_id=job_id, job_id=job_id, job_key=key, duplicate=duplicate, merged_into=into)
        )
    return msgspec.json.encode(Accepted(items))
