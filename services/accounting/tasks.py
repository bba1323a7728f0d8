"""Long work beside HTTP: rows of accounting.task, claimed by a service for as long as it is heard of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import structlog
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from shared import sqlfile
from shared.errors import InkmeterError, NotFound, Retry
from shared.http.conditions import require_match
from shared.postgres import Pool, classified

log = structlog.get_logger(__name__)

QUERIES: Final = sqlfile.load("services.accounting", "queries_tasks.sql")
LEASE_S: Final = 30
BEAT_S: Final = 2.0
POLL_S: Final = 5.0
"""How soon a task is seen that another process was asked for, or whose service has died."""
ATTEMPTS: Final = 3
"""A task that a service died of so often is not tried again."""
Kind = Literal["what-if", "reprice"]
Connection = AsyncConnection[Any]


class Task(Struct, frozen=True, kw_only=True):
    """One task; `done` and `total` count lines."""

    id: UUID
    kind: Kind
    request: dict[str, Any]
    actor: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    done: int
    total: int | None
    result: dict[str, Any] | None
    problem: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    lease_until: datetime | None
    cancel_asked: bool

    @property
    def etag(self) -> str:
        """Names the state of the task, not how far it is."""
        return f'"{self.state}-{self.attempts}-{int(self.cancel_asked)}"'


class Count:
    """How far a task is; the work counts, and the runner tells."""

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None

    async def add(self, lines: int) -> None:
        """So many lines more are done."""
        self.done += lines


Work = Callable[[Task, Count], Awaitable[dict[str, Any]]]
"""Does what a task asks for and answers its result; it may be cancelled, and started again from the beginning."""


class Tasks:
    """The store of tasks, and what runs them in this process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._asked = asyncio.Event()

    async def add(self, connection: Connection, kind: Kind, request: Mapping[str, Any], *, actor: str) -> Task:
        """Queues a task within the caller's transaction; call `wake` after it."""
        wanted = {"kind": kind, "request": Jsonb(dict(request)), "actor": actor}
        task = await _one(connection, "add_task", wanted)
        assert task is not None  # noqa: S101 - an insert answers its row
        return task

    def wake(self) -> None:
        """Looks for tasks now."""
        self._asked.set()

    async def get(self, kind: Kind, task_id: UUID) -> Task:
        """One task.

        Raises:
            NotFound: there is none of that id and kind.
        """
        return await self._required("get_task", kind, task_id)

    async def cancel(self, kind: Kind, task_id: UUID, *, if_match: str | None = None) -> Task:
        """Calls a task off; what it has already posted stays.

        Raises:
            NotFound: there is none of that id and kind.
            PreconditionFailed: it is in another state than the caller has seen.
        """
        if if_match is not None:
            require_match(if_match, (await self.get(kind, task_id)).etag, f"{kind} task")
        return await self._required("cancel_task", kind, task_id)

    async def _required(self, query: str, kind: Kind, task_id: UUID) -> Task:
        with classified():
            async with self._pool.connection() as connection:
                task = await _one(connection, query, {"kind": kind, "id": task_id})
        if task is None:
            raise NotFound(f"There is no {kind} task {task_id}.")
        return task

    async def run(self, works: Mapping[Kind, Work]) -> None:
        """Runs tasks one after the other, until cancelled."""
        while True:
            try:
                task = await self._claim()
                if task is None:
                    await self._wait()
                else:
                    await self._perform(task, works[task.kind])
            except Retry as error:
                log.warning("tasks_wait_for_database", reason=str(error))
                await asyncio.sleep(POLL_S)

    async def _wait(self) -> None:
        self._asked.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._asked.wait()

    async def _claim(self) -> Task | None:
        with classified():
            async with self._pool.connection() as connection:
                return await _one(connection, "claim_task", {"lease_s": LEASE_S})

    async def _perform(self, task: Task, work: Work) -> None:
        """Runs one task, and tells how far it is until it ends."""
        if task.attempts > ATTEMPTS:
            await self._end(task, Count(), "failed", problem=f"The service has ended {ATTEMPTS} times during it.")
            return
        count = Count()
        running = asyncio.ensure_future(work(task, count))
        try:
            while not (await asyncio.wait({running}, timeout=BEAT_S))[0]:
                if not await self._beat(task, count):
                    running.cancel()
        finally:
            running.cancel()
        try:
            result = await running
        except asyncio.CancelledError:
            await self._end(task, count, "cancelled")
        except Retry:
            raise  # nobody's fault: it is claimed again when its lease has run out
        except InkmeterError as error:
            await self._end(task, count, "failed", problem=str(error))
        except Exception:
            log.exception("task_failed", task=str(task.id), kind=task.kind)
            await self._end(task, count, "failed", problem="An unexpected error; the service's log says more.")
        else:
            await self._end(task, count, "done", result=result)

    async def _beat(self, task: Task, count: Count) -> bool:
        """Whether the task is to go on."""
        wanted = {"id": task.id, "attempts": task.attempts, "done": count.done, "total": count.total}
        with classified():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(QUERIES["beat"], {**wanted, "lease_s": LEASE_S})
                row = await cursor.fetchone()
        return row is not None and not row[0]

    async def _end(
        self,
        task: Task,
        count: Count,
        state: str,
        *,
        result: dict[str, Any] | None = None,
        problem: str | None = None,
    ) -> None:
        wanted = {"id": task.id, "attempts": task.attempts, "done": count.done, "total": count.total}
        said = {"state": state, "result": None if result is None else Jsonb(result), "problem": problem}
        with classified():
            async with self._pool.connection() as connection:
                await connection.execute(QUERIES["end_task"], {**wanted, **said})
        log.info("task_ended", task=str(task.id), kind=task.kind, state=state, lines=count.done)


async def _one(connection: Connection, query: str, parameters: Mapping[str, Any]) -> Task | None:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], parameters)
        row = await cursor.fetchone()
    return Task(**row) if row else None
