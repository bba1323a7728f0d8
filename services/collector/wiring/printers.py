"""The registry as others see it: printers, groups, their log-ins, and searches for more."""

from __future__ import annotations

from pathlib import Path

from aiohttp.abc import AbstractResolver

from services.collector.access import Access
from services.collector.addresses import AddressGuard
from services.collector.discovery.searches import Searches
from services.collector.http.access import AccessApi
from services.collector.http.discoveries import DiscoveriesApi
from services.collector.http.groups import GroupsApi
from services.collector.http.printers import KnowsStatus, PrintersApi
from services.collector.onboarding.reach import AskSnmp, Reach
from services.collector.registry.groups import GroupStore
from services.collector.registry.registry import Registry
from services.collector.sources.opening import open_source
from services.collector.sources.source import PrinterSource
from services.collector.vault import Vault
from shared.clock import Clock
from shared.events.jobs import PrinterRef
from shared.http.routes import Route
from shared.postgres import Pool


def make_reach(
    guard: AddressGuard,
    resolver: AbstractResolver,
    vault: Vault,
    ask_snmp: AskSnmp,
    *,
    clock: Clock,
    mappings: Path | None,
) -> Reach:
    """The one way to devices; `mappings` is the folder of mapping files that addresses may name."""

    def open_at(address: str, ref: PrinterRef, access: Access) -> PrinterSource:
        return open_source(address, ref, access, resolver, mappings)

    return Reach(guard, open_at, vault, clock, ask_snmp)


def printer_routes(
    registry: Registry, statuses: KnowsStatus, pool: Pool, reach: Reach, *, searches: Searches
) -> list[Route]:
    """All routes of the registry."""
    return [
        *PrintersApi(registry, statuses, reach).routes(),
        *AccessApi(registry, reach).routes(),
        *GroupsApi(GroupStore(pool), registry, clock=reach.clock).routes(),
        *DiscoveriesApi(searches).routes(),
    ]
