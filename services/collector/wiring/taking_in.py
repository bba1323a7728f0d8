"""Wires how jobs are taken in: readings of one job by several sources are put together on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from services.collector.assignment.owned import OwnedPrinters
from services.collector.following import Follower
from services.collector.intake.bring import Intake
from services.collector.intake.jobs import JOBS_TOPIC, device_of
from services.collector.journal import Journal
from services.collector.registry.printers import Printer
from services.collector.registry.registry import Registry
from services.collector.registry.twice import device_behind
from services.collector.settings import CollectorSettings
from shared.clock import Clock
from shared.events import JobCompleted


class TakingIn:
    """The one intake of all sources, and which device a print server's queue prints on."""

    def __init__(
        self,
        settings: CollectorSettings,
        journal: Journal,
        registry: Registry,
        prints_on: Callable[[str], str | None],
        *,
        clock: Clock,
    ) -> None:
        """`prints_on` tells the device URI of the queue with an id, once it was read."""
        self._settings = settings
        self._journal = journal
        self._registry = registry
        self._prints_on = prints_on
        self.intake = Intake(
            journal,
            registry,
            collector_id=settings.collector_id,
            clock=clock,
            window=timedelta(seconds=settings.correlate_window_s),
            behind=self._behind,
        )

    def follower(self, owned: OwnedPrinters, *, clock: Clock) -> Follower:
        """Takes in what other collectors tell of the devices that are read here."""

        def device_here(job: JobCompleted) -> str | None:
            known = self._registry.find(printer_id=job.printer.id, serial=job.printer.serial)
            mine = owned.owns(known.id) if known else owned.holds(job.printer.id or "")
            return device_of(job, known) if mine else None

        settings = self._settings
        return Follower(
            settings.kafka_bootstrap,
            f"{settings.topic_prefix}{JOBS_TOPIC}",
            self._journal,
            device_here,
            collector_id=settings.collector_id,
            window=timedelta(seconds=settings.correlate_window_s),
            clock=clock,
        )

    def device_at(self, uri: str | None) -> Printer | None:
        """The registered device that has this device URI on a print server."""
        return device_behind(uri, self._registry.printers()) if uri else None

    def _behind(self, queue: Printer) -> Printer | None:
        return self.device_at(self._prints_on(queue.id)) if queue.kind == "cups" else None
