"""Wires what tells of jobs before the next poll: events that are fetched, and notifications that are brought."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp.abc import AbstractResolver

from services.collector.access import Access
from services.collector.http.notifications import NotificationsApi
from services.collector.polling.events import EventWatch
from services.collector.polling.poller import Poller, PrinterSet
from services.collector.registry.printers import Printer
from services.collector.sources.ipp.subscription import Subscription
from services.collector.sources.opening import ipp_client
from shared.http.routes import Route


def event_watch(
    printers: PrinterSet,
    poller: Poller,
    access: Callable[[Printer], Access],
    resolver: AbstractResolver,
    *,
    interval_s: float,
) -> EventWatch:
    """Listens to the servers of all CUPS queues that are read."""

    def open_events(address: str, printer: Printer) -> Subscription:
        return Subscription(ipp_client(address, access(printer), resolver))

    return EventWatch(printers, poller.wake, open_events, interval_s=interval_s)


def notification_routes(printers: PrinterSet, poller: Poller) -> list[Route]:
    """Takes what the notifier of a CUPS server brings."""
    return NotificationsApi(printers, poller.wake).routes()
