"""Wires what brings jobs to the collector beside printers: HTTP, watched folders, Windows print servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from services.collector.files.folders import load_folders
from services.collector.files.watching import watch_folders
from services.collector.http.folders import FoldersApi
from services.collector.http.jobs import JobsApi
from services.collector.http.windows import WindowsApi
from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.publisher import Publisher
from services.collector.registry.registry import Registry
from services.collector.settings import CollectorSettings
from services.collector.windows.joining import Joiner
from services.collector.windows.printers import load_queues
from shared.clock import Clock
from shared.health import Readiness
from shared.http.routes import Route


class Bringers:
    """Routes, tasks and probes of all that brings jobs.

    Raises ConfigError when a file that a setting names is wrong.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        intake: Intake,
        journal: Journal,
        publisher: Publisher,
        registry: Registry,
        *,
        clock: Clock,
    ) -> None:
        folders = load_folders(settings.watch) if settings.watch else []
        self._folders = watch_folders(folders, intake, journal, registry, settings.watch_interval_s, clock=clock)
        queues = load_queues(settings.windows_printers) if settings.windows_printers else []
        wait = timedelta(seconds=settings.windows_wait_s)
        self._joiner = Joiner(journal, intake, registry, queues, wait=wait, clock=clock)
        self._jobs = JobsApi(intake, journal, publisher, clock=clock)

    def routes(self) -> list[Route]:
        """What they answer."""
        return [*self._jobs.routes(), *FoldersApi(self._folders).routes(), *WindowsApi(self._joiner).routes()]

    def tasks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What they do by themselves."""
        return {"folders": self._folders.run, "windows": self._joiner.run}

    def add_probes(self, readiness: Readiness) -> None:
        """What of them can be down."""
        if self._folders.states():
            readiness.add("folders", self._folders.probe)
