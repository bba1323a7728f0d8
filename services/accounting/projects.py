"""The store of projects and departments, and the task that tells every change to Kafka after its commit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import structlog
from aiokafka import AIOKafkaProducer
from msgspec import Struct
from psycopg.rows import dict_row

from services.accounting.pricebook_loader import QUERIES
from shared.backoff import Backoff
from shared.errors import NotFound, Retry
from shared.events import PROJECT_CHANGED, ProjectChanged
from shared.events.envelope import new_event
from shared.http.conditions import require_match
from shared.ids import uuid7
from shared.kafka import make_producer, send_event, start_when_there
from shared.postgres import Pool, classified

Kind = Literal["project", "department"]
TOPIC: Final = "projects.v1"
TELL_BATCH: Final = 500
LOOK_EVERY_S: Final = 5.0
_log = structlog.get_logger()


class Project(Struct, frozen=True, kw_only=True):
    """A project or a department as the store has it."""

    kind: Kind
    code: str
    name: str
    customer: str | None
    active: bool
    billable: bool
    changed_at: datetime
    revision: int

    @property
    def etag(self) -> str:
        """Names this very state (RFC 9110, section 8.8.3)."""
        return f'"{self.revision}"'


class Projects:
    """Projects and departments in PostgreSQL; every method is one transaction."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.news = asyncio.Event()

    async def page(
        self, kind: Kind, *, after: str, limit: int, search: str | None = None, active: bool | None = None
    ) -> list[Project]:
        """A page by code; `search` finds the beginning of a code or any part of a name."""
        pattern = _pattern(search) if search else None
        return await self._read(
            "list_projects",
            kind=kind,
            after=after,
            limit=limit,
            active=active,
            starts=f"{pattern}%" if pattern else None,
            contains=f"%{pattern}%" if pattern else None,
        )

    async def get(self, kind: Kind, code: str) -> Project:
        """One of them.

        Raises:
            NotFound: there is none with that code.
        """
        found = await self._read("get_project", kind=kind, code=code)
        if not found:
            raise NotFound(f"There is no {kind} {code!r}.")
        return found[0]

    async def put(
        self, kind: Kind, code: str, values: Mapping[str, Any], *, if_match: str | None = None
    ) -> tuple[Project, bool]:
        """Creates or changes one, and answers it and whether it is new.

        Raises:
            PreconditionFailed: it is another by now than the one that was read.
        """
        with classified():
            async with self._pool.connection() as connection:
                place = {"kind": kind, "code": code}
                row = await (await connection.execute(QUERIES["lock_project"], place)).fetchone()
                require_match(if_match, f'"{row[0]}"' if row else None, f"{kind} {code}")
                await connection.execute(QUERIES["put_project"], {**place, **values})
        self.news.set()
        return await self.get(kind, code), row is None

    async def untold(self) -> list[Project]:
        """Changes that Kafka has not been told yet."""
        return await self._read("untold_projects", limit=TELL_BATCH)

    async def mark_told(self, told: Project) -> None:
        """Notes that Kafka has this state."""
        with classified():
            async with self._pool.connection() as connection:
                await connection.execute(
                    QUERIES["mark_told"], {"kind": told.kind, "code": told.code, "revision": told.revision}
                )

    async def _read(self, query: str, **parameters: Any) -> list[Project]:
        with classified():
            async with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(QUERIES[query], parameters)
                return [Project(**row) for row in await cursor.fetchall()]


def _pattern(search: str) -> str:
    """A search text as part of a LIKE pattern, its own wildcards taken literally."""
    return search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def changed_event(project: Project) -> Any:
    """The event that tells a project's whole state."""
    data = ProjectChanged(
        kind=project.kind,
        code=project.code,
        name=project.name,
        customer=project.customer,
        active=project.active,
        billable=project.billable,
    )
    return new_event(
        PROJECT_CHANGED,
        data,
        event_id=str(uuid7()),
        source="/accounting",
        time=project.changed_at,
        subject=f"{project.kind}/{project.code}",
    )


async def tell_projects(projects: Projects, producer: AIOKafkaProducer, *, topic_prefix: str) -> None:
    """Tells changes as they come, each at least once and in order per project, until cancelled."""
    backoff = Backoff()
    while True:
        projects.news.clear()
        try:
            waiting = await projects.untold()
            for project in waiting:
                key = f"{project.kind}/{project.code}"
                await send_event(producer, f"{topic_prefix}{TOPIC}", changed_event(project), key=key)
                await projects.mark_told(project)
            backoff = Backoff()
        except Retry as error:
            delay_s = backoff.next_s()
            _log.warning("projects_not_told", error=str(error), retry_in_s=round(delay_s, 1))
            await asyncio.sleep(delay_s)
            continue
        if len(waiting) < TELL_BATCH:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await projects.news.wait()
            except TimeoutError:
                continue


async def run_telling(projects: Projects, *, bootstrap: str, topic_prefix: str) -> None:
    """Waits for Kafka, then tells changes until cancelled."""
    producer = await start_when_there(lambda: make_producer(bootstrap, "accounting-projects"), bootstrap)
    try:
        await tell_projects(projects, producer, topic_prefix=topic_prefix)
    finally:
        await producer.stop()
