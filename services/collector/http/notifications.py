"""HTTP of hints: POST /v1/notifications has printers looked at now; nothing is charged by what a hint says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Annotated, Final, Protocol
from urllib.parse import urlsplit

import structlog
from msgspec import Meta, Struct

from services.collector import metrics
from services.collector.polling.events import Server, servers
from services.collector.registry.printers import Printer
from services.collector.sources.ipp.events import Attempts, JobEvent
from shared.http.routes import Call, Route

MAX_NOTIFICATIONS: Final = 200
MAX_SERVERS: Final = 200
"""CUPS servers whose jobs are followed; beyond it the one that was silent for longest is forgotten."""
_DESCRIPTION: Final = """\
What ended is read from the printer itself; a hint only says when to look. `queue` is a CUPS queue's name and
`server` the host that CUPS calls itself, which tells queues of one name apart where a printer's address has that
host too; `printer` names a printer by its id or name instead. A hint about a printer that is not read here is no
error."""
_log = structlog.get_logger()

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Notification(Struct, frozen=True, kw_only=True):
    """One hint. The job's number, state and impressions are those of the print server's event (RFC 3995)."""

    printer: Name | None = None
    queue: Name | None = None
    server: Name | None = None
    job: Number | None = None
    job_state: Annotated[int, Meta(ge=3, le=9)] | None = None
    impressions: Number | None = None


class Notifications(Struct, frozen=True, kw_only=True):
    """Hints in the order in which they arose."""

    notifications: Annotated[list[Notification], Meta(min_length=1, max_length=MAX_NOTIFICATIONS)]


class Noted(Struct, frozen=True, kw_only=True):
    """How many printers are looked at now, and how many hints were about none that is read here."""

    woken: int
    unknown: int


class Printers(Protocol):
    """The printers that are read here."""

    def printers(self) -> list[Printer]:
        """All of them."""
        ...


class NotificationsApi:
    """Takes hints."""

    def __init__(self, printers: Printers, wake: Callable[[str, Mapping[int, int]], bool]) -> None:
        self._printers = printers
        self._wake = wake
        self._attempts: dict[str, Attempts] = {}

    def routes(self) -> list[Route]:
        """The routes to serve."""
        return [
            Route(
                method="POST",
                path="/v1/notifications",
                handler=self.note,
                summary="Say that there is something to see at printers, such as a job that ended.",
                description=_DESCRIPTION,
                body=Notifications,
                answer=Noted,
                status=202,
            )
        ]

    async def note(self, call: Call) -> Noted:
        """Wakes the poller. The same hints again do no harm."""
        body: Notifications = call.body
        printers = [printer for printer in self._printers.printers() if printer.enabled]
        known = servers(printers)
        wanted: set[str] = set()
        heard: dict[str, dict[int, int]] = defaultdict(dict)
        unknown = 0
        for hint in body.notifications:
            found = _named(printers, hint) if hint.printer else _queues(known, hint)
            unknown += not found
            began = self._began_at(hint)
            if began is not None and hint.job is not None and len(found) == 1:
                heard[found[0].id][hint.job] = began
            if began is not None or hint.job_state not in (3, 4, 5, 6):
                wanted |= {printer.id for printer in found}
        woken = sum(self._wake(printer_id, heard.get(printer_id, {})) for printer_id in sorted(wanted))
        metrics.EVENTS.inc(len(body.notifications))
        if unknown:
            _log.info("hints_about_unknown_printers", hints=unknown)
        return Noted(woken=woken, unknown=unknown)

    def _began_at(self, hint: Notification) -> int | None:
        """Where the job's counter stood when it was begun again; see Attempts."""
        server = (hint.server or "").lower()
        attempts = self._attempts.pop(server, None) or Attempts()
        self._attempts[server] = attempts
        if len(self._attempts) > MAX_SERVERS:
            del self._attempts[next(iter(self._attempts))]
        queue = (hint.queue or "").lower()
        event = JobEvent(0, queue, hint.job, hint.job_state, hint.impressions)
        return attempts.began_at([event]).get((queue, hint.job or 0))


def _named(printers: list[Printer], hint: Notification) -> list[Printer]:
    name = (hint.printer or "").lower()
    return [printer for printer in printers if name in (printer.id.lower(), printer.name.lower())]


def _queues(known: list[Server], hint: Notification) -> list[Printer]:
    """The queues that a hint may be about: of the server it names, where that is known, else of every one."""
    if not hint.queue:
        return []
    host = (hint.server or "").lower()
    of_host = [server for server in known if urlsplit(server.address).hostname == host]
    return [printer for server in of_host or known for printer in server.named(hint.queue.lower())]
