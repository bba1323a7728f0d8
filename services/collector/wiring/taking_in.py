"""Wires how jobs are taken in: readings of one job by several sources are put together on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.registry.printers import Printer
from services.collector.registry.registry import Registry
from services.collector.registry.twice import device_behind
from services.collector.settings import CollectorSettings
from shared.clock import Clock


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

    def device_at(self, uri: str | None) -> Printer | None:
        """The registered device that has this device URI on a print server."""
        return device_behind(uri, self._registry.printers()) if uri else None

    def _behind(self, queue: Printer) -> Printer | None:
        return self.device_at(self._prints_on(queue.id)) if queue.kind == "cups" else None
