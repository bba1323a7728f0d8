"""Wires the reporting service."""

from __future__ import annotations

import asyncio

from services.reporting.http import SummaryApi
from services.reporting.settings import ReportingSettings
from services.reporting.store import Store
from shared import log
from shared.clock import SystemClock
from shared.health import Probe, Readiness
from shared.http.app import make_app, serve_http
from shared.postgres import open_pool
from shared.process import run_until_stopped
from shared.settings import load


async def serve(settings: ReportingSettings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        ConfigError: the database refuses the settings, or the port is taken.
        Unreachable: no database answers.
    """
    pool = await open_pool(
        settings.database_url.get_secret_value(), name="inkmeter-reporting", max_size=settings.report_connections
    )
    try:
        store = Store(
            pool,
            currency=settings.currency,
            timezone=settings.timezone,
            timeout_s=settings.report_timeout_s,
        )

        readiness = Readiness()
        readiness.add("database", missing_views(store))
        api = SummaryApi(store, SystemClock(), timezone=settings.timezone)
        app = make_app("reporting", api.routes(), readiness=readiness, token=settings.token.get_secret_value())
        await run_until_stopped({"http": lambda: serve_http(app, settings.http_host, settings.http_port)})
    finally:
        await pool.close()


def missing_views(store: Store) -> Probe:
    """Asks the database for the views that reporting reads."""

    async def probe() -> str | None:
        missing = await store.missing_views()
        return f"The views {', '.join(missing)} are missing: run `inkmeter migrate`." if missing else None

    return probe


def main() -> int:
    """Runs the service in the foreground; the exit code."""
    settings = load(ReportingSettings)
    log.configure(settings.log_format, service="reporting", level=settings.log_level)
    asyncio.run(serve(settings))
    return 0
