"""Wires what sets counters and supplies of devices against their jobs."""

from __future__ import annotations

from services.collector.http.reconciliation import ReconciliationApi
from services.collector.ink.estimator import InkEstimator
from services.collector.journal import Journal
from services.collector.reconcile.reconciler import Reconciler
from services.collector.reconcile.store import AccountStore
from services.collector.registry.registry import Registry
from services.collector.settings import CollectorSettings
from services.collector.watching.observing import Observer
from shared.http.routes import Route
from shared.postgres import Pool


class Reconciling:
    """The observers of device readings, and what they answer."""

    def __init__(self, settings: CollectorSettings, pool: Pool, journal: Journal, registry: Registry) -> None:
        accounts = AccountStore(pool)
        reconciler = Reconciler(
            journal, accounts, collector_id=settings.collector_id, grace_s=settings.reconcile_grace_s
        )
        self.observers: list[Observer] = [reconciler.observe]
        if settings.estimate_ink:
            self.observers.append(InkEstimator(journal, collector_id=settings.collector_id).observe)
        self._api = ReconciliationApi(registry, accounts)

    def routes(self) -> list[Route]:
        """The routes to serve."""
        return self._api.routes()
