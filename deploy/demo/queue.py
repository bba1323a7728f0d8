"""A simulated printer's jobs: one is printed at a time, ended ones are remembered up to a bound."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from deploy.demo.models import Model, known_size
from services.collector.sources.ipp.media import Size, size_from_collection, size_from_name
from services.collector.sources.ipp.message import Attribute
from services.collector.sources.ipp.tags import JobState
from services.collector.sources.ipp.view import View
from shared.clock import Clock
from shared.units import area_mm2

MAX_HISTORY: Final = 200
MAX_WAITING: Final = 100
_ENDED: Final = (JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED)


@dataclass(slots=True)
class SimulatedJob:
    """One job, from its creation to its end; `template` is what its sender asked for."""

    number: int
    name: str
    user: str
    created_at: datetime
    template: tuple[Attribute, ...] = ()
    uuid: UUID = field(default_factory=uuid4)
    state: JobState = JobState.PENDING_HELD
    reason: str = "job-incoming"
    pages: int = 1
    printed: int = 0
    processing_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether it is in one of its last states."""
        return self.state in _ENDED

    @property
    def copies(self) -> int:
        """How often it is printed."""
        return View(self.template).integer("copies") or 1

    def size(self, default: str) -> Size:
        """The page that was asked for, else the printer's default."""
        asked = View(self.template)
        media = asked.view("media-col")
        name = asked.text("media")
        found = size_from_collection(media) if media is not None else None
        return found or (size_from_name(name) if name else None) or known_size(default)

    @property
    def sheets(self) -> int:
        """Sheets that came out: two sides share one, within a copy."""
        if not (View(self.template).text("sides") or "").startswith("two-sided"):
            return self.printed
        whole, rest = divmod(self.printed, self.pages)
        return whole * ((self.pages + 1) // 2) + (rest + 1) // 2


class Queue:
    """The jobs of one printer."""

    def __init__(self, model: Model, clock: Clock, *, pace: float = 1.0) -> None:
        self.model = model
        self._clock = clock
        self._pace = pace
        self._last_number = 0
        self._waiting: deque[SimulatedJob] = deque()
        self._jobs: dict[int, SimulatedJob] = {}
        self._wake = asyncio.Event()
        self.current: SimulatedJob | None = None
        self.ended_count = 0

    def create(self, name: str, user: str, template: tuple[Attribute, ...]) -> SimulatedJob | None:
        """A new job that waits for its document; None when too many wait."""
        if sum(not job.ended for job in self._jobs.values()) >= MAX_WAITING:
            return None
        self._last_number += 1
        job = SimulatedJob(self._last_number, name, user, self._clock.now(), template)
        self._jobs[job.number] = job
        return job

    def release(self, job: SimulatedJob, pages: int) -> None:
        """The document is here: the job may be printed."""
        job.pages, job.state, job.reason = max(1, pages), JobState.PENDING, "none"
        self._waiting.append(job)
        self._wake.set()

    def cancel(self, job: SimulatedJob) -> None:
        """Ends a job at once; what was printed of it stays printed."""
        self._end(job, JobState.CANCELED, "job-canceled-by-user")

    def find(self, number: int) -> SimulatedJob | None:
        """The job with this number, as long as it is remembered."""
        return self._jobs.get(number)

    def ended(self) -> list[SimulatedJob]:
        """Ended jobs, newest first."""
        done = [job for job in self._jobs.values() if job.ended]
        return sorted(done, key=lambda job: (job.ended_at or job.created_at, job.number), reverse=True)

    def open(self) -> list[SimulatedJob]:
        """Jobs that have not ended, in the order they will be printed."""
        return [job for job in self._jobs.values() if not job.ended]

    async def run(self) -> None:
        """Prints what waits, for ever."""
        while True:
            while self._waiting:
                job = self._waiting.popleft()
                if not job.ended:
                    await self._print(job)
            self._wake.clear()
            await self._wake.wait()

    async def _print(self, job: SimulatedJob) -> None:
        self.current = job
        job.state, job.reason, job.processing_at = JobState.PROCESSING, "job-printing", self._clock.now()
        size = job.size(self.model.inputs[0].size_name)
        page_s = self.model.seconds_per_m2 * area_mm2(size.width_um, size.length_um) / 1_000_000
        await asyncio.sleep(self.model.seconds_per_job * self._pace)
        while not job.ended and job.printed < job.pages * job.copies:
            await asyncio.sleep(page_s * self._pace)
            if not job.ended:
                job.printed += 1
        self.current = None
        if not job.ended:
            self._end(job, JobState.COMPLETED, "job-completed-successfully")

    def _end(self, job: SimulatedJob, state: JobState, reason: str) -> None:
        job.state, job.reason, job.ended_at = state, reason, self._clock.now()
        self.ended_count += 1
        for old in self.ended()[MAX_HISTORY:]:
            del self._jobs[old.number]
