"""Appends from many callers share one transaction and one fsync; a failing disk is a Retry, never a loss."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import structlog

from services.collector.journal.records import Backlog, Entry, Record
from services.collector.journal.store import Store
from shared.clock import Clock
from shared.errors import Retry

MAX_GROUP: Final = 500
"""Requests that share one transaction."""
MAX_WAITING_BYTES: Final = 128 * 1024 * 1024
"""Of values that wait for the disk; beyond it callers are told to come again."""
READ_RECORDS: Final = 2_000
READ_BYTES: Final = 8 * 1024 * 1024
PROBE_BYTES: Final = 65_536
STOP_S: Final = 10.0

T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(slots=True)
class _Task:
    """One thing for the journal's thread to do; writes are grouped, what only reads is not."""

    run: Callable[[Store], Any]
    writes: bool
    done: asyncio.Future[Any]
    size: int = 0


class Journal:
    """The journal as the event loop sees it; one thread does all work on the file."""

    def __init__(self, path: Path, *, clock: Clock, store: Store | None = None) -> None:
        self._store = store or Store(path)
        self._clock = clock
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._waiting_bytes = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.appended = asyncio.Event()
        """Set after each append that added something; the publisher clears it."""
        self.fault: str | None = None
        """Why the last write failed; None when it went well."""

    async def open(self) -> None:
        """Opens the file and starts the thread.

        Raises:
            ConfigError: see Store.open.
        """
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._store.open)
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Finishes what was handed in, and closes the file; safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._tasks.put(None)
            await asyncio.to_thread(thread.join, STOP_S)

    async def append(self, entries: Sequence[Entry], *, cursor: tuple[str, str] | None = None) -> list[bool]:
        """Stores entries, all or none, and with them a cursor (name, value); durable when it returns.

        Answers for each entry whether the very same was there already.

        Raises:
            Retry: the disk is full or fails; nothing of it was stored.
        """
        if not entries and cursor is None:
            return []
        stored_at = self._clock.now()

        def run(store: Store) -> list[bool]:
            answer = store.append(entries, stored_at)
            if cursor is not None:
                store.set_cursor(*cursor)
            return answer

        answer = await self._do(run, writes=True, size=sum(len(entry.value) for entry in entries))
        if not all(answer):
            self.appended.set()
        return answer

    async def transact(self, run: Callable[[Store], T], *, size: int = 0) -> T:
        """Does several things with the file in one transaction; durable when it returns.

        Args:
            run: does them in the journal's thread, quickly: others wait for it. It may be called twice, the first
                call then having left nothing behind. What it raises leaves nothing behind either, and is raised.
            size: about how many bytes it writes, so that a disk that is too slow is told of in time.

        Raises:
            Retry: the disk is full or fails; nothing of it was stored.
        """
        answer = await self._do(run, writes=True, size=size)
        self.appended.set()
        return answer

    async def ask(self, run: Callable[[Store], T]) -> T:
        """Asks the file something, in the journal's thread.

        Raises:
            Retry: it can't be read.
        """
        return await self._do(run)

    async def read(self, after: int = 0, *, limit: int = READ_RECORDS) -> list[Record]:
        """The next records that wait for Kafka, in the order they came, after a record's number."""
        return await self._do(lambda store: store.read(after, limit=limit, max_bytes=READ_BYTES))

    async def published(self, numbers: Sequence[int]) -> None:
        """Lets go of records that Kafka has acknowledged."""
        await self._do(lambda store: store.published(numbers), writes=True)

    async def refuse(self, number: int, reason: str) -> None:
        """Sets a record aside that Kafka will never take, so that it does not hold up the rest."""
        await self._do(lambda store: store.refuse(number, reason), writes=True)

    async def known(self, event_ids: Sequence[str]) -> set[str]:
        """Those of the ids that were appended before, with whatever payload."""
        return await self._do(lambda store: store.known(event_ids)) if event_ids else set()

    async def cursor(self, name: str) -> str:
        """A stored cursor, "" when there is none."""
        return await self._do(lambda store: store.cursor(name))

    async def adopt(self, cursor: tuple[str, str], event_ids: Sequence[str]) -> None:
        """Goes on where another journal stopped: takes its cursor, and knows these ids from now on."""

        def run(store: Store) -> None:
            store.remember(event_ids)
            store.set_cursor(*cursor)

        await self._do(run, writes=True)

    async def last_number(self) -> int:
        """The number of the newest record that was ever stored; 0 when there was none."""
        return await self._do(lambda store: store.last_number())

    async def first_waiting(self) -> int | None:
        """The number of the oldest record that waits for Kafka; None when none does."""
        return await self._do(lambda store: store.first_waiting())

    async def backlog(self) -> Backlog:
        """What waits for Kafka."""
        return await self._do(lambda store: store.backlog())

    async def probe(self) -> str | None:
        """Whether the journal takes records: tries a write of some size when the last one failed."""
        if self.fault is not None:
            with suppress(Retry):
                await self._do(lambda store: store.set_cursor("probe", " " * PROBE_BYTES), writes=True)
                await self._do(lambda store: store.set_cursor("probe", ""), writes=True)
        return self.fault

    async def _do(self, run: Callable[[Store], T], *, writes: bool = False, size: int = 0) -> T:
        if self._thread is None or self._loop is None or not self._thread.is_alive():
            raise Retry("The journal is closed: the collector stops.")
        if size and self._waiting_bytes + size > MAX_WAITING_BYTES:
            raise Retry("The disk does not keep up with what comes in.")
        done: asyncio.Future[T] = self._loop.create_future()
        self._waiting_bytes += size
        try:
            self._tasks.put(_Task(run, writes, done, size))
            return await done
        finally:
            self._waiting_bytes -= size

    # --- the thread --------------------------------------------------------------------------------------

    def _work(self) -> None:
        stopping = False
        while not stopping:
            tasks = [self._tasks.get()]
            with suppress(Empty):
                while len(tasks) < MAX_GROUP:
                    tasks.append(self._tasks.get_nowait())
            stopping = None in tasks
            wanted = [task for task in tasks if task is not None]
            self._commit([task for task in wanted if task.writes])
            for task in wanted:
                if not task.writes:
                    self._read(task)
        self._store.close()

    def _read(self, task: _Task) -> None:
        try:
            self._answer(task, task.run(self._store))
        except sqlite3.Error as error:
            self._store.close()
            self._answer(task, error=Retry(f"The journal can't be read: {error}."))
        except Exception as error:  # noqa: BLE001 - a bug is raised where the work was asked for
            self._answer(task, error=error)

    def _commit(self, tasks: list[_Task]) -> None:
        """Writes all tasks in one transaction; when that fails, each alone, so that one can't fail the others."""
        if not tasks:
            return
        try:
            with self._store.transaction():
                answers = [task.run(self._store) for task in tasks]
        except Exception as error:  # noqa: BLE001 - told to each caller
            if len(tasks) > 1:
                for task in tasks:
                    self._commit([task])
            elif isinstance(error, (sqlite3.Error, OSError)):
                self._failed(str(error))
                self._answer(tasks[0], error=Retry(f"The journal can't be written: {error}."))
            else:
                self._answer(tasks[0], error=error)
            return
        if self.fault is not None:
            _log.info("journal_writes_again")
            self.fault = None
        for task, answer in zip(tasks, answers, strict=True):
            self._answer(task, answer)

    def _failed(self, reason: str) -> None:
        if self.fault is None:
            _log.error("journal_write_failed", error=reason)
        self.fault = f"The journal can't be written: {reason}."

    def _answer(self, task: _Task, value: Any = None, *, error: Exception | None = None) -> None:
        def tell() -> None:
            if task.done.done():
                return
            if error is None:
                task.done.set_result(value)
            else:
                task.done.set_exception(error)

        assert self._loop is not None  # noqa: S101 - set before the thread was started
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(tell)
