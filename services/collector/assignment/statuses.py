"""What polling has found of every printer: one's own from the poller, the others' from PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec
import structlog
from msgspec.structs import replace

from services.collector.assignment.store import ToldStatus
from services.collector.polling.poller import PrinterStatus
from services.collector.registry.printers import Printer
from shared.clock import Clock
from shared.errors import Retry

EXCHANGE_S: Final = 2.0
"""How soon a change is seen by other collectors, twice over at most."""
FRESH: Final = timedelta(seconds=60)
"""A status that does not change is written as often, so that it is seen that it is still looked at."""
OVERLAP: Final = timedelta(seconds=15)
"""Read again each time: what is written at one moment may be seen a little later."""
_log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PrinterStatus).decode
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Rows(Protocol):
    """Where statuses are exchanged; see AssignmentStore."""

    async def write_statuses(self, statuses: Mapping[str, str]) -> None:
        """Stores what polling has found."""
        ...

    async def statuses_since(self, since: datetime, *, own: bool) -> list[ToldStatus]:
        """What others have written after a moment, with `own` this collector as well."""
        ...


class StatusBoard:
    """Exchanges statuses with other collectors; answers for every printer from memory.

    `changed` is called when a queue turns out to print on another device than was known.
    """

    def __init__(self, rows: Rows, *, collector_id: str, clock: Clock, changed: Callable[[], None]) -> None:
        self._rows = rows
        self._me = collector_id
        self._clock = clock
        self._changed = changed
        self._theirs: dict[str, PrinterStatus] = {}
        self._written: dict[str, tuple[PrinterStatus, datetime]] = {}
        self._prints_on: dict[str, str] = {}
        self._since = _NEVER

    def prints_on(self, printer: Printer) -> str | None:
        """The device URI of a queue, as it was last told by whichever collector."""
        return self._prints_on.get(printer.id)

    def status(self, printer_id: str) -> PrinterStatus:
        """What another collector has found of a printer; empty where none has."""
        return self._theirs.get(printer_id, PrinterStatus())

    async def run(self, own: Callable[[str], PrinterStatus], owned: Callable[[], Collection[str]]) -> None:
        """Exchanges until cancelled; `own` gives the status of a printer that is read here."""
        while True:
            await asyncio.sleep(EXCHANGE_S)
            try:
                await self.write({each: own(each) for each in owned()})
                await self.read()
            except Retry as error:
                _log.debug("statuses_not_exchanged", error=str(error))

    async def write(self, statuses: Mapping[str, PrinterStatus]) -> None:
        """Writes what has changed, and what was not written for long.

        Raises:
            Retry: PostgreSQL is away.
        """
        now = self._clock.now()
        due: dict[str, PrinterStatus] = {}
        for printer_id, status in statuses.items():
            before = self._written.get(printer_id)
            if status.looked_at is None or (before and before[0] is status and now - before[1] < FRESH):
                continue
            if before is None or now - before[1] >= FRESH or _differ(before[0], status):
                due[printer_id] = status
                self._note(printer_id, status)
        if due:
            await self._rows.write_statuses({key: _encode(status).decode() for key, status in due.items()})
            self._written |= {key: (status, now) for key, status in due.items()}
        for printer_id in self._written.keys() - statuses.keys():
            del self._written[printer_id]

    async def read(self) -> None:
        """Reads what others, and this collector in an earlier run, have written.

        Raises:
            Retry: PostgreSQL is away.
        """
        for row in await self._rows.statuses_since(self._since, own=self._since == _NEVER):
            try:
                status = _decode(row.status)
            except msgspec.DecodeError:
                continue  # written by a later version
            self._theirs[row.printer_id] = replace(status, collector=row.collector)
            self._note(row.printer_id, status)
            self._since = max(self._since, row.written_at - OVERLAP)

    def _note(self, printer_id: str, status: PrinterStatus) -> None:
        uri = status.prints_on
        if uri and self._prints_on.get(printer_id) != uri:
            self._prints_on[printer_id] = uri
            self._changed()


def _differ(before: PrinterStatus, now: PrinterStatus) -> bool:
    """Whether they say something else than when they were found."""
    return replace(before, looked_at=None, succeeded_at=None) != replace(now, looked_at=None, succeeded_at=None)


class Statuses:
    """The status of every printer, whoever reads it."""

    def __init__(
        self,
        own: Callable[[str], PrinterStatus],
        owns: Callable[[str], bool],
        board: StatusBoard,
        *,
        collector_id: str,
    ) -> None:
        self._own = own
        self._owns = owns
        self._board = board
        self._me = collector_id

    def status(self, printer_id: str) -> PrinterStatus:
        """What is known of a printer; empty for one that nobody has looked at."""
        if self._owns(printer_id):
            return replace(self._own(printer_id), collector=self._me)
        return self._board.status(printer_id)
