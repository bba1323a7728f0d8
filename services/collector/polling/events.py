"""Listens to CUPS servers, so that a job that ended is looked at at once and not only in the rhythm of polling."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import structlog

from services.collector import metrics
from services.collector.polling.poller import Sleep
from services.collector.registry.printers import Printer
from services.collector.sources.ipp.events import Attempts
from services.collector.sources.ipp.subscription import Told
from shared.backoff import Backoff
from shared.errors import Reject, Retry

READ_TIMEOUT_S: Final = 15.0
MAX_RETRY_S: Final = 15.0
REFUSED_S: Final = 600.0
"""A server that has no events for us is asked again after so long: somebody may have changed its policy."""
CLOSE_S: Final = 1.0

_log = structlog.get_logger()
Wake = Callable[[str, Mapping[int, int]], object]


class TellsEvents(Protocol):
    """The events of one server; see Subscription."""

    async def read(self) -> Told:
        """What has happened since the last call; Retry and Reject say why that is not known."""
        ...

    async def close(self) -> None:
        """Lets go."""
        ...


class Printers(Protocol):
    """The printers that are read here."""

    def printers(self) -> list[Printer]:
        """All of them."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """A CUPS server and the queues of it that are read, by name in lower case."""

    address: str
    queues: tuple[tuple[str, Printer], ...]

    @property
    def printers(self) -> list[Printer]:
        """All its queues."""
        return [printer for _, printer in self.queues]

    def named(self, queue: str) -> list[Printer]:
        """The queues that an event may be about; a class's job is told under the name of its member."""
        found = [printer for name, printer in self.queues if name == queue]
        return found or [printer for printer in self.printers if "/classes/" in printer.address]


def servers(printers: Sequence[Printer]) -> list[Server]:
    """The servers of those queues that are read."""
    by_server: dict[str, list[tuple[str, Printer]]] = defaultdict(list)
    for printer in printers:
        if printer.kind == "cups" and printer.enabled:
            parts = urlsplit(printer.address)
            name = unquote(parts.path.rpartition("/")[2]).lower()
            by_server[f"{parts.scheme}://{parts.netloc}/"].append((name, printer))
    return [Server(address, tuple(queues)) for address, queues in sorted(by_server.items())]


class EventWatch:
    """One task per CUPS server. What fails here costs promptness only: polling goes on."""

    def __init__(
        self,
        printers: Printers,
        wake: Wake,
        open_events: Callable[[str, Printer], TellsEvents],
        *,
        interval_s: float,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._printers = printers
        self._wake = wake
        self._open = open_events
        self._interval_s = interval_s
        self._sleep = sleep
        self._tasks: dict[Server, asyncio.Task[None]] = {}
        self._subscribed: dict[str, bool] = {}

    async def run(self) -> None:
        """Listens until cancelled; queues that come, change or go take effect within an interval."""
        try:
            while True:
                await self._align(servers(self._printers.printers()))
                await self._sleep(self._interval_s)
        finally:
            await self._align([])

    async def _align(self, wanted: list[Server]) -> None:
        gone = [self._tasks.pop(server) for server in [*self._tasks] if server not in wanted]
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        for server in wanted:
            if server not in self._tasks:
                self._tasks[server] = asyncio.create_task(self._listen(server), name=f"events {server.address}")

    async def _listen(self, server: Server) -> None:
        events: TellsEvents | None = None
        attempts, backoff = Attempts(), Backoff(max_s=MAX_RETRY_S)
        try:
            while True:
                delay_s = self._interval_s
                try:
                    events = events or self._open(server.address, server.printers[0])
                    async with asyncio.timeout(READ_TIMEOUT_S):
                        told = await events.read()
                except (Retry, TimeoutError) as error:
                    self._note(server, error)
                    delay_s = backoff.next_s()
                except Reject as error:
                    self._note(server, error)
                    delay_s = REFUSED_S
                except Exception as error:  # noqa: BLE001 - a strange answer must not end the listening to others
                    _log.exception("events_broke", server=server.address)
                    self._note(server, error)
                    delay_s = REFUSED_S
                else:
                    backoff.reset()
                    self._note(server, None)
                    attempts = Attempts() if told.missed else attempts
                    self._tell(server, told, attempts)
                await self._sleep(delay_s)
        finally:
            self._note(server, asyncio.CancelledError())
            if events is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_S):
                        await events.close()

    def _tell(self, server: Server, told: Told, attempts: Attempts) -> None:
        metrics.EVENTS.inc(len(told.events))
        began = attempts.began_at(told.events)
        heard: dict[str, dict[int, int]] = defaultdict(dict)
        for (queue, job), impressions in began.items():
            for printer in server.named(queue):
                heard[printer.id][job] = impressions
        ended = {printer.id for event in told.events if event.ended for printer in server.named(event.queue)}
        if told.missed:
            ended = {printer.id for printer in server.printers}
        for printer_id in ended | set(heard):
            self._wake(printer_id, heard.get(printer_id, {}))

    def _note(self, server: Server, error: BaseException | None) -> None:
        """Says once that events are read, and once that they are not."""
        now, before = error is None, self._subscribed.get(server.address)
        self._subscribed[server.address] = now
        if isinstance(error, asyncio.CancelledError):
            del self._subscribed[server.address]
        elif now != before:
            told = "events_are_read" if now else "events_are_not_read"
            _log.info(told, server=server.address, error=str(error) if error else None)
        metrics.EVENT_SERVERS.set(sum(self._subscribed.values()))
