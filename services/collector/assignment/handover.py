"""Carries cursors to PostgreSQL, so that whoever reads a printer next goes on where this collector stopped.

A cursor is copied once Kafka has all jobs that were read up to it. If this collector and its disk are lost before,
the next one reads those jobs again: their ids are made of what the device says, so none is charged twice. The
first cursor of a printer is copied before its jobs are told, as it holds what jobs are dated by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from services.collector.assignment.store import Kept, Taken
from services.collector.journal import Journal
from services.collector.polling.look import CURSOR_PREFIX
from shared.errors import Retry

COPY_EVERY_S: Final = 0.2
"""While Kafka has not acknowledged what a cursor stands for."""
RETRY_S: Final = 2.0
FIRST_CURSOR_S: Final = 3.0
"""How long the first jobs of a printer wait for its cursor to be copied; they are told without."""
CLOSE_S: Final = 3.0
MAX_JOB_IDS: Final = 2_000
_log = structlog.get_logger()


class Rows(Protocol):
    """Where cursors are handed over; see AssignmentStore."""

    async def take(self, printer_ids: Sequence[str], *, waited: bool) -> list[Taken]:
        """Takes those printers that are free."""
        ...

    async def keep(self, cursors: dict[str, Kept]) -> None:
        """Stores cursors by printer id."""
        ...

    async def keep_first(self, printer_id: str, reading_id: str, cursor: str) -> None:
        """Stores a printer's first cursor."""
        ...

    async def release(self, printer_ids: Sequence[str]) -> None:
        """Lets go of printers."""
        ...


@dataclass(frozen=True, slots=True)
class _Noted:
    kept: Kept
    upto: int | None = None
    """The journal's records up to this number must be in Kafka first; None while that is not known."""


class Handover:
    """Takes printers over, notes how far they are read, and hands them on."""

    def __init__(self, rows: Rows, journal: Journal) -> None:
        self._rows = rows
        self._journal = journal
        self._noted: dict[str, _Noted] = {}
        self._leaving: set[str] = set()
        self._news = asyncio.Event()
        self._moving = asyncio.Lock()

    async def take(self, printer_ids: Sequence[str], *, waited: bool) -> set[str]:
        """Takes printers that are free, with what the journal must know to go on; answers which.

        Raises:
            Retry: PostgreSQL or the journal is away.
        """
        async with self._moving:
            self._leaving.difference_update(printer_ids)
            taken = await self._rows.take(printer_ids, waited=waited)
            for each in taken:
                await self._go_on(each)
        return {each.printer_id for each in taken}

    async def _go_on(self, taken: Taken) -> None:
        reading_id = taken.kept.reading_id or taken.printer_id
        name = CURSOR_PREFIX + reading_id
        own = await self._journal.cursor(name)
        # Of a printer that nobody else has read meanwhile, the journal's own cursor is the newest.
        if taken.kept.cursor and not (taken.was_mine and own):
            self._noted.pop(taken.printer_id, None)
            await self._journal.adopt((name, taken.kept.cursor), taken.kept.job_ids)
        elif own and not taken.kept.cursor:
            self.note(taken.printer_id, reading_id, own, ())

    async def first(self, printer_id: str, reading_id: str, cursor: str) -> None:
        """Copies the very first cursor of a printer now; a PostgreSQL that is away keeps nobody from reading."""
        with suppress(Retry, TimeoutError):
            async with asyncio.timeout(FIRST_CURSOR_S):
                await self._rows.keep_first(printer_id, reading_id, cursor)

    def note(self, printer_id: str, reading_id: str, cursor: str, job_ids: Collection[str]) -> None:
        """A printer was read up to a cursor, and its jobs are in the journal."""
        self._noted[printer_id] = _Noted(Kept(reading_id, cursor, tuple(job_ids)[:MAX_JOB_IDS]))
        self._news.set()

    def release(self, printer_ids: Collection[str]) -> None:
        """Printers are no longer read here: lets go of each once its cursor is copied."""
        self._leaving.update(printer_ids)
        self._news.set()

    async def run(self) -> None:
        """Copies until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.copy()
            except Retry as error:
                _log.warning("cursors_not_copied", printers=len(self._noted), error=str(error))
                await asyncio.sleep(RETRY_S)
            if self._noted or self._leaving:
                self._news.set()
                await asyncio.sleep(COPY_EVERY_S)

    async def copy(self) -> None:
        """Copies what Kafka has, and lets go of what is copied.

        Raises:
            Retry: PostgreSQL or the journal is away; nothing is forgotten.
        """
        async with self._moving:
            await self._copy()

    async def _copy(self) -> None:
        if fresh := {key: each for key, each in self._noted.items() if each.upto is None}:
            last = await self._journal.last_number()
            self._noted |= {
                key: replace(each, upto=last) for key, each in fresh.items() if self._noted.get(key) is each
            }
        waiting_from = await self._journal.first_waiting()
        ready = {
            key: each
            for key, each in self._noted.items()
            if each.upto is not None and (waiting_from is None or each.upto < waiting_from)
        }
        if ready:
            await self._rows.keep({key: each.kept for key, each in ready.items()})
            for key, each in ready.items():
                if self._noted.get(key) is each:
                    del self._noted[key]
        if done := self._leaving - self._noted.keys():
            await self._rows.release(sorted(done))
            self._leaving -= done

    async def close(self, printer_ids: Collection[str]) -> None:
        """The last copy, as the collector stops; lets go of the printers, so that nobody waits for it."""
        with suppress(Retry, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.copy()
                await self._rows.release(sorted({*printer_ids, *self._leaving}))
