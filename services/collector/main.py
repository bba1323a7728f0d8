"""Wires the collector."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import structlog

from services.collector.addresses import AddressGuard, GuardedResolver
from services.collector.discovery.searches import Searches
from services.collector.http.devices import DevicesApi
from services.collector.journal import Journal
from services.collector.networks import parse_networks
from services.collector.polling.look import Looker
from services.collector.polling.poller import Poller, Rhythm
from services.collector.publisher import KafkaSender, Publisher
from services.collector.registry.printers import Printer
from services.collector.registry.registry import Registry
from services.collector.registry.store import RegistryStore
from services.collector.settings import CollectorSettings, load_settings
from services.collector.vault import Vault
from services.collector.wiring.brought import Bringers
from services.collector.wiring.devices import Devices
from services.collector.wiring.events import event_watch, notification_routes
from services.collector.wiring.printers import make_reach, printer_routes
from services.collector.wiring.reconciling import Reconciling
from services.collector.wiring.sharing import Sharing
from services.collector.wiring.taking_in import TakingIn
from shared import log
from shared.clock import SystemClock
from shared.errors import Retry, Unreachable
from shared.health import Readiness
from shared.http.app import make_app, serve_http
from shared.kafka import check_bootstrap, make_producer
from shared.kafka_watch import watch_kafka
from shared.migrate import require_current
from shared.postgres import WAIT_S, Pool, make_pool, wait_for_server
from shared.process import run_until_stopped

SPARE_THREADS: Final = 8
SHORT_WAIT_S: Final = 3.0
"""How long a start waits for PostgreSQL when it can do without."""
_log = structlog.get_logger()


async def serve(settings: CollectorSettings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        ConfigError: a setting is wrong, the journal is another collector's, or the port is taken.
        Unreachable: no database answers, and the journal remembers no printers that could be read meanwhile.
            Kafka may be away: the journal waits for it.
    """
    check_bootstrap(settings.kafka_bootstrap)
    # Host names are looked up in threads: names that hang must not keep the others waiting for one.
    threads = ThreadPoolExecutor(settings.poll_concurrency + SPARE_THREADS, thread_name_prefix="blocking")
    asyncio.get_running_loop().set_default_executor(threads)
    url = settings.database_url.get_secret_value()
    clock = SystemClock()
    pool = make_pool(url, name="inkmeter-collector")
    journal = Journal(settings.journal_file, clock=clock)
    try:
        await journal.open()
        registry = Registry(RegistryStore(pool), journal, collector_id=settings.collector_id, clock=clock)
        remembers = await registry.recall()
        try:
            await wait_for_server(url, wait_s=SHORT_WAIT_S if remembers else WAIT_S)
            await asyncio.to_thread(require_current, url, "collector")
            await pool.open()
            await registry.refresh()
        except (Unreachable, Retry) as error:
            if not remembers:
                raise
            _log.warning("printers_of_the_last_run_are_read", printers=len(registry.printers()), error=str(error))
            await pool.open()
        sharing = Sharing(settings, pool, journal, registry, clock=clock)
        await sharing.begin()
        try:
            await _run(settings, pool, journal, registry, sharing, clock=clock)
        finally:
            await sharing.close()
    finally:
        await journal.close()
        await pool.close()


async def _run(
    settings: CollectorSettings,
    pool: Pool,
    journal: Journal,
    registry: Registry,
    sharing: Sharing,
    *,
    clock: SystemClock,
) -> None:
    networks = parse_networks(settings.printer_networks)
    guard, vault = AddressGuard(networks), Vault(settings.keys)
    resolver = GuardedResolver(guard)
    devices = Devices(
        settings,
        sharing.owned.view(),
        lambda each: vault.open(each.id, each.sealed_access),
        guard,
        journal,
        pool=pool,
        clock=clock,
    )
    reconciling = Reconciling(settings, pool, journal, registry)
    devices.observers += reconciling.observers
    reach = make_reach(guard, resolver, vault, devices.about, clock=clock, mappings=settings.mappings)
    searches = Searches(registry, reach, networks)

    def make_looker(printer: Printer) -> Looker:
        source = reach.open_source(printer.address, printer.ref, reach.access(printer))
        intake, behind = taking_in.intake, taking_in.device_at
        return Looker(printer, source, journal, guard, intake, behind=behind, progress=sharing.handover)

    rhythm = Rhythm(
        settings.poll_interval_s, settings.poll_max_delay_s, settings.poll_timeout_s, settings.poll_concurrency
    )
    poller = Poller(sharing.owned.view(), make_looker, rhythm, clock=clock, aligned=sharing.owned.aligned)
    devices.wakes.append(poller.wake)
    taking_in = TakingIn(settings, journal, registry, lambda each: poller.status(each).prints_on, clock=clock)
    publisher = _publisher(settings, journal, clock)
    bringers = Bringers(settings, taking_in.intake, journal, publisher, registry, clock=clock)
    watch = event_watch(
        sharing.owned.view(), poller, reach.access, resolver, interval_s=settings.events_interval_s
    )
    routes = [
        *printer_routes(registry, sharing.statuses(poller), pool, reach, searches=searches),
        *bringers.routes(),
        *notification_routes(registry, poller),
        *reconciling.routes(),
        *DevicesApi(registry, devices.poller, devices.board).routes(),
    ]
    readiness = _readiness(journal, publisher, registry, bringers)
    app = make_app("collector", routes, readiness=readiness, token=settings.token.get_secret_value())
    try:
        await run_until_stopped(
            {
                "http": lambda: serve_http(app, settings.http_host, settings.http_port),
                "publisher": publisher.run,
                "kafka": lambda: watch_kafka(settings.kafka_bootstrap),
                "poller": poller.run,
                "registry": registry.run,
                "following": taking_in.follower(sharing.owned, clock=clock).run,
                **devices.tasks(),
                **bringers.tasks(),
                **sharing.tasks(poller),
                **({"events": watch.run} if settings.events_interval_s else {}),
            }
        )
    finally:
        await searches.close()


def _publisher(settings: CollectorSettings, journal: Journal, clock: SystemClock) -> Publisher:
    make = partial(make_producer, settings.kafka_bootstrap, f"inkmeter-collector-{settings.collector_id}")
    sender = KafkaSender(make, settings.kafka_bootstrap, topic_prefix=settings.topic_prefix)
    return Publisher(journal, sender, clock=clock)


def _readiness(journal: Journal, publisher: Publisher, registry: Registry, bringers: Bringers) -> Readiness:
    async def database() -> str | None:
        return registry.fault

    readiness = Readiness()
    readiness.add("journal", journal.probe)
    readiness.add("kafka", publisher.probe)
    readiness.add("database", database)
    bringers.add_probes(readiness)
    return readiness


def main() -> int:
    """Runs the service in the foreground; the exit code."""
    settings = load_settings()
    log.configure(settings.log_format, service="collector", level=settings.log_level)
    # While Kafka is away the client would log forty lines a second; the publisher says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(serve(settings))
    return 0
