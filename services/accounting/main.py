"""Wires accounting: the ledger's writer, its relay, reference data, changes of projects, and HTTP."""

from __future__ import annotations

import asyncio
import socket
from typing import Final
from zoneinfo import ZoneInfo

from services.accounting.amend.corrections import Corrections
from services.accounting.books.store import PriceBooks
from services.accounting.browse.charges import Charges
from services.accounting.browse.lists import Lists
from services.accounting.budgets.reservations import Reservations, follow_authorizations
from services.accounting.budgets.store import Budgets
from services.accounting.http.budget_check import BudgetCheckApi
from services.accounting.http.budgets import BudgetApi
from services.accounting.http.charges import ChargeApi
from services.accounting.http.corrections import CorrectionApi
from services.accounting.http.imports import ImportApi
from services.accounting.http.periods import PeriodApi
from services.accounting.http.price_assignments import PriceAssignmentApi
from services.accounting.http.price_copies import PriceCopyApi
from services.accounting.http.price_publications import PricePublicationApi
from services.accounting.http.prices import PriceBookApi
from services.accounting.http.projects import ProjectApi
from services.accounting.http.repricings import RepricingApi
from services.accounting.http.reservations import ReservationApi
from services.accounting.http.unpriced import UnpricedApi
from services.accounting.http.what_if import WhatIfApi
from services.accounting.idempotency import run_forgetting
from services.accounting.ledger.worker import Ledger, LedgerOptions
from services.accounting.periods import Periods
from services.accounting.projects.store import Projects
from services.accounting.projects.telling import run_telling
from services.accounting.reference import follow_reference
from services.accounting.relay.relay import Relay, run_relay
from services.accounting.rerate.draft_effects import DraftEffects
from services.accounting.rerate.work import RerateWork
from services.accounting.settings import AccountingSettings, load_settings
from services.accounting.tasks import Kind, Tasks, Work
from shared import log
from shared.clock import SystemClock
from shared.health import Probe, Readiness
from shared.http.app import make_app, serve_http
from shared.http.routes import Route
from shared.kafka import why_silent
from shared.kafka_watch import watch_kafka
from shared.migrate import require_current
from shared.postgres import Pool, open_pool
from shared.process import run_until_stopped

STATEMENT_TIMEOUT_S: Final = 20.0


async def serve(settings: AccountingSettings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        ConfigError: the database refuses the settings or is not migrated, or the port is taken.
        Unreachable: no database answers.
    """
    url = settings.database_url.get_secret_value()
    pool = await open_request_pool(settings)
    try:
        relay_pool = await open_pool(url, name="inkmeter-accounting-relay", max_size=1)
        try:
            await asyncio.to_thread(require_current, url, "accounting")
            await PriceBooks(pool, ZoneInfo(settings.timezone)).require_currency(settings.currency)
            await Projects(pool).index_search()
            await _run(settings, pool, relay_pool)
        finally:
            await relay_pool.close()
    finally:
        await pool.close()


async def open_request_pool(settings: AccountingSettings) -> Pool:
    """Connections for HTTP and reference data: few, so that none may be held for long.

    Raises:
        ConfigError, Unreachable: see open_pool.
    """
    return await open_pool(
        settings.database_url.get_secret_value(),
        name="inkmeter-accounting",
        max_size=settings.accounting_connections,
        statement_timeout_s=STATEMENT_TIMEOUT_S,
    )


async def _run(settings: AccountingSettings, pool: Pool, relay_pool: Pool) -> None:
    """All tasks of the service, until one of them fails or it is told to stop."""
    relays: list[Relay] = []

    def wake() -> None:
        for relay in relays:
            relay.wake()

    ledger = Ledger(ledger_options(settings), posted=wake)
    projects = Projects(pool)
    readiness = Readiness()
    readiness.add("database", answers(pool))
    readiness.add("kafka", lambda: why_silent(settings.kafka_bootstrap))
    readiness.add("ledger", ledger.probe)
    tasks = Tasks(pool)
    app = make_app(
        "accounting",
        routes(pool, projects, settings, tasks),
        readiness=readiness,
        token=settings.token.get_secret_value(),
    )
    kafka, prefix = settings.kafka_bootstrap, settings.topic_prefix
    await run_until_stopped(
        {
            "http": lambda: serve_http(app, settings.http_host, settings.http_port),
            "ledger": ledger.run,
            "relay": lambda: run_relay(
                relay_pool, bootstrap=kafka, topic_prefix=prefix, currency=settings.currency, started=relays.append
            ),
            "reference": lambda: follow_reference(
                pool, bootstrap=kafka, topic_prefix=prefix, instance=member_name(settings)
            ),
            "idempotency": lambda: run_forgetting(pool),
            "reservations": lambda: follow_authorizations(
                Reservations(pool, currency=settings.currency),
                bootstrap=kafka,
                topic_prefix=prefix,
                instance=member_name(settings),
            ),
            "tasks": lambda: tasks.run(works(rerate_work(pool, settings))),
            "projects": lambda: run_telling(projects, bootstrap=kafka, topic_prefix=prefix),
            "kafka": lambda: watch_kafka(kafka),
        }
    )


def ledger_options(settings: AccountingSettings) -> LedgerOptions:
    """Which ledger the settings mean."""
    return LedgerOptions(
        database_url=settings.database_url.get_secret_value(),
        bootstrap=settings.kafka_bootstrap,
        topic=f"{settings.topic_prefix}jobs.v1",
        group=f"{settings.topic_prefix}accounting-ledger",
        timezone=settings.timezone,
        instance=member_name(settings),
        max_batch=settings.ledger_batch,
        thresholds=settings.thresholds,
    )


def routes(
    pool: Pool, projects: Projects, settings: AccountingSettings, tasks: Tasks | None = None
) -> list[Route]:
    """Everything under /v1; `tasks` runs what takes long, without it another process does."""
    tasks = tasks or Tasks(pool)
    work = rerate_work(pool, settings)
    price_books = PriceBooks(pool, ZoneInfo(settings.timezone))
    url = settings.database_url.get_secret_value()
    effects = DraftEffects(url, SystemClock(), timezone=settings.timezone)
    charges = Charges(pool, currency=settings.currency, zone=ZoneInfo(settings.timezone))
    clock, zone, currency = SystemClock(), settings.timezone, settings.currency
    corrections = Corrections(pool, clock, timezone=zone)
    return [
        *PriceBookApi(price_books, currency=settings.currency).routes(),
        *PriceCopyApi(price_books).routes(),
        *PricePublicationApi(price_books, effects, currency=settings.currency).routes(),
        *PriceAssignmentApi(pool).routes(),
        *ImportApi(projects, Budgets(pool)).routes(),
        *ProjectApi(projects).routes(),
        *CorrectionApi(corrections, pool, clock, timezone=zone, currency=currency).routes(),
        *WhatIfApi(pool, tasks, work).routes(),
        *RepricingApi(pool, tasks, work).routes(),
        *UnpricedApi(pool, tasks, work, clock).routes(),
        *PeriodApi(Periods(pool, clock, timezone=zone)).routes(),
        *BudgetApi(Budgets(pool), SystemClock(), currency=settings.currency, timezone=settings.timezone).routes(),
        *BudgetCheckApi(pool, clock, currency=currency, zone=ZoneInfo(zone)).routes(),
        *ReservationApi(Reservations(pool, currency=settings.currency), currency=settings.currency).routes(),
        *ChargeApi(charges, Lists(pool), SystemClock(), timezone=settings.timezone).routes(),
    ]


def rerate_work(pool: Pool, settings: AccountingSettings) -> RerateWork:
    """What prices lines of the ledger again."""
    zone, url = settings.timezone, settings.database_url.get_secret_value()
    return RerateWork(url, PriceBooks(pool, ZoneInfo(zone)), SystemClock(), timezone=zone)


def works(work: RerateWork) -> dict[Kind, Work]:
    """What does each kind of task."""
    return {"what-if": work.what_if, "reprice": work.reprice}


def member_name(settings: AccountingSettings) -> str:
    """Names this process in its consumer groups: started again on its host and port, it is the same member."""
    return f"{socket.gethostname()}-{settings.http_port}"


def answers(pool: Pool) -> Probe:
    """Asks the database for anything at all."""

    async def probe() -> str | None:
        async with pool.connection(timeout=2.0) as connection:
            await connection.execute("SELECT 1")
        return None

    return probe


def main() -> int:
    """Runs the service in the foreground; the exit code."""
    settings = load_settings()
    log.configure(settings.log_format, service="accounting", level=settings.log_level)
    asyncio.run(serve(settings))
    return 0
