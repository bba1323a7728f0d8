"""Wires accounting: the ledger's writer, its relay, reference data, changes of projects, and HTTP."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from services.accounting.charges import Charges
from services.accounting.http_charges import ChargeApi
from services.accounting.http_prices import PriceBookApi
from services.accounting.http_projects import ProjectApi
from services.accounting.pricebooks import PriceBooks
from services.accounting.projects import Projects, tell_projects
from services.accounting.reference import follow_reference
from services.accounting.settings import AccountingSettings, load_settings
from shared import log
from shared.clock import SystemClock
from shared.health import Probe, Readiness
from shared.http.app import make_app, serve_http
from shared.http.routes import Route
from shared.kafka import make_producer, start_when_there
from shared.migrate import require_current
from shared.postgres import Pool, open_pool
from shared.process import run_until_stopped


async def serve(settings: AccountingSettings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        ConfigError: the database refuses the settings or is not migrated, or the port is taken.
        Unreachable: no database answers.
    """
    url = settings.database_url.get_secret_value()
    pool = await open_pool(url, name="inkmeter-accounting", max_size=settings.accounting_connections)
    try:
        await asyncio.to_thread(require_current, url, "accounting")
        projects = Projects(pool)
        readiness = Readiness()
        readiness.add("database", answers(pool))
        app = make_app(
            "accounting",
            routes(pool, projects, settings),
            readiness=readiness,
            token=settings.token.get_secret_value(),
        )
        await run_until_stopped(
            {
                "http": lambda: serve_http(app, settings.http_host, settings.http_port),
                "reference": lambda: follow_reference(
                    pool, bootstrap=settings.kafka_bootstrap, topic_prefix=settings.topic_prefix
                ),
                "projects": lambda: _tell(projects, settings),
            }
        )
    finally:
        await pool.close()


def routes(pool: Pool, projects: Projects, settings: AccountingSettings) -> list[Route]:
    """Everything under /v1."""
    price_books = PriceBooks(pool, ZoneInfo(settings.timezone))
    charges = Charges(pool, currency=settings.currency)
    return [
        *PriceBookApi(price_books, currency=settings.currency).routes(),
        *ProjectApi(projects).routes(),
        *ChargeApi(charges, SystemClock(), timezone=settings.timezone).routes(),
    ]


def answers(pool: Pool) -> Probe:
    """Asks the database for anything at all."""

    async def probe() -> str | None:
        async with pool.connection(timeout=2.0) as connection:
            await connection.execute("SELECT 1")
        return None

    return probe


async def _tell(projects: Projects, settings: AccountingSettings) -> None:
    """Tells changes of projects by a producer of their own."""
    name = "accounting-projects"
    producer = await start_when_there(
        lambda: make_producer(settings.kafka_bootstrap, name), settings.kafka_bootstrap
    )
    try:
        await tell_projects(projects, producer, topic_prefix=settings.topic_prefix)
    finally:
        await producer.stop()


def main() -> int:
    """Runs the service in the foreground; the exit code."""
    settings = load_settings()
    log.configure(settings.log_format, service="accounting", level=settings.log_level)
    asyncio.run(serve(settings))
    return 0
