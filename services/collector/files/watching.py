"""Looks at the watched folders again and again; one that hangs or fails does not hold up the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

import structlog
from msgspec import Struct
from msgspec.structs import replace

from services.collector import metrics
from services.collector.files.folders import Folder
from services.collector.files.looking import Problem, Seen, Settling, look
from services.collector.files.taking import Printers, Taker, Took
from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from shared.clock import Clock
from shared.errors import Reject, Retry

MAX_PROBLEMS: Final = 100
LOOK_TIMEOUT_S: Final = 60.0
"""Of reading a folder's list; a share whose server is away hangs for minutes."""
_log = structlog.get_logger()
Sleep = Callable[[float], Awaitable[None]]


class FileProblem(Struct, frozen=True):
    """A file that is not taken, or not done with, and why; no name: the folder itself."""

    file: str
    why: str


class FolderState(Struct, frozen=True, kw_only=True):
    """A watched folder, counted since the collector was started.

    Attributes:
        fault: why the folder can't be read; null when it can.
        waiting: files that are not complete yet.
        problems: files that can't be taken, at most MAX_PROBLEMS.
    """

    name: str
    path: str
    pattern: str
    mapping: str
    fault: str | None = None
    looked_at: datetime | None = None
    waiting: int = 0
    files: int = 0
    jobs: int = 0
    duplicates: int = 0
    refused: int = 0
    last_file: str | None = None
    last_taken_at: datetime | None = None
    problems: list[FileProblem] = []


class FolderWatch:
    """One folder."""

    def __init__(
        self,
        folder: Folder,
        taker: Taker,
        *,
        clock: Clock,
        now_s: Callable[[], float] = time.monotonic,
        timeout_s: float = LOOK_TIMEOUT_S,
    ) -> None:
        self._folder = folder
        self._taker = taker
        self._clock = clock
        self._now_s = now_s
        self._settling = Settling(folder.settle_s)
        self._timeout_s = timeout_s
        self._listing: asyncio.Future[tuple[list[Seen], list[Problem]]] | None = None
        self._finished: dict[str, Seen] = {}
        self._hopeless: dict[str, tuple[Seen, str]] = {}
        self.state = FolderState(
            name=folder.name, path=str(folder.path), pattern=folder.pattern, mapping=folder.mapping.name
        )

    async def look(self) -> None:
        """Takes the files that are complete; the state says what came of it."""
        try:
            seen, found = await self._listed()
        except Retry as error:
            self._unreadable(str(error))
            return
        if self.state.fault is not None:
            _log.info("folder_readable", folder=self._folder.name)
        complete = seen if self._folder.grows else self._settling.settled(seen, self._now_s())
        there = {each.name for each in seen}
        self._finished = {name: each for name, each in self._finished.items() if name in there}
        self._hopeless = {name: each for name, each in self._hopeless.items() if name in there}
        problems = [*found, *[problem for each in complete if (problem := await self._take(each)) is not None]]
        self._tell(problems)
        self.state = replace(
            self.state,
            fault=None,
            looked_at=self._clock.now(),
            waiting=len(seen) - len(complete),
            problems=[FileProblem(problem.name, problem.why) for problem in problems[:MAX_PROBLEMS]],
        )

    async def _listed(self) -> tuple[list[Seen], list[Problem]]:
        """What lies in the folder. A share that hangs keeps one thread, however often it is looked at."""
        if self._listing is None:
            self._listing = asyncio.ensure_future(asyncio.to_thread(look, self._folder))
        listing = self._listing
        if not (await asyncio.wait([listing], timeout=self._timeout_s))[0]:
            raise Retry(f"{self._folder.path} does not answer within {self._timeout_s:g} s")
        self._listing = None
        return listing.result()

    async def _take(self, seen: Seen) -> Problem | None:
        name = seen.name
        if self._finished.get(name) == seen:
            return None
        if name in self._hopeless and self._hopeless[name][0] == seen:
            return Problem(name, self._hopeless[name][1])
        try:
            took = await self._taker.take(seen)
        except Retry as error:
            return Problem(name, str(error))
        except Reject as error:
            return self._give_up(seen, error.reason)
        except Exception as error:  # noqa: BLE001 - one odd file must not end the reading of all printers
            _log.exception("file_broke", folder=self._folder.name)
            return self._give_up(seen, f"a fault of ours ({type(error).__name__}); the log has the details")
        self._finished[name] = seen
        self._count(name, took)
        return None

    def _give_up(self, seen: Seen, why: str) -> Problem:
        """The file is not read again before it changes or the collector is started again."""
        metrics.FILES.labels(self._folder.name, "refused").inc()
        self._hopeless[seen.name] = (seen, why)
        return Problem(seen.name, why)

    def _count(self, name: str, took: Took) -> None:
        if not (took.jobs or took.duplicates or took.refused or took.taken.is_whole):
            return
        metrics.FILES.labels(self._folder.name, "taken").inc()
        _log.info(
            "file_taken", folder=self._folder.name, jobs=took.jobs, again=took.duplicates, refused=took.refused
        )
        state = self.state
        self.state = replace(
            state,
            files=state.files + 1,
            jobs=state.jobs + took.jobs,
            duplicates=state.duplicates + took.duplicates,
            refused=state.refused + took.refused,
            last_file=name,
            last_taken_at=self._clock.now(),
        )

    def _unreadable(self, why: str) -> None:
        if self.state.fault != why:
            _log.error("folder_unreadable", folder=self._folder.name, reason=why)
        self.state = replace(self.state, fault=why)

    def _tell(self, problems: Sequence[Problem]) -> None:
        """Each problem once, as the same ones come with every look."""
        known = {(each.file, each.why) for each in self.state.problems}
        for problem in problems[:MAX_PROBLEMS]:
            if (problem.name, problem.why) not in known:
                _log.warning("file_not_taken", folder=self._folder.name, file=problem.name, reason=problem.why)


def watch_folders(
    folders: Sequence[Folder],
    intake: Intake,
    journal: Journal,
    printers: Printers,
    interval_s: float,
    *,
    clock: Clock,
) -> Watching:
    """Watches folders, each as it is told."""
    takers = [Taker(folder, intake, journal, printers, clock=clock) for folder in folders]
    watches = [FolderWatch(folder, taker, clock=clock) for folder, taker in zip(folders, takers, strict=True)]
    return Watching(watches, interval_s)


class Watching:
    """All watched folders, each with a task of its own."""

    def __init__(self, watches: Sequence[FolderWatch], interval_s: float, *, sleep: Sleep = asyncio.sleep) -> None:
        self._watches = watches
        self._interval_s = interval_s
        self._sleep = sleep

    async def run(self) -> None:
        """Looks until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for watch in self._watches:
                tasks.create_task(self._run(watch))
            await asyncio.Event().wait()

    async def _run(self, watch: FolderWatch) -> None:
        while True:
            await watch.look()
            await self._sleep(self._interval_s)

    def states(self) -> list[FolderState]:
        """Each folder's state, in the order of the file that names them."""
        return [watch.state for watch in self._watches]

    async def probe(self) -> str | None:
        """Which folders can't be read; None when all can."""
        faults = [f"{state.name}: {state.fault}" for state in self.states() if state.fault is not None]
        return "; ".join(faults) or None
