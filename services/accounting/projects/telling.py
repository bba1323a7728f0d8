"""Tells every change of projects, customers and departments to Kafka after its commit, at least once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog
from psycopg import AsyncConnection

from services.accounting.projects.store import QUERIES, Project, Projects, Removal, read_projects
from shared.backoff import Backoff
from shared.errors import Retry
from shared.events import CUSTOMER_CHANGED, PROJECT_CHANGED, CustomerChanged, ProjectChanged
from shared.events.envelope import encode, new_event
from shared.ids import uuid7
from shared.kafka import EVENT_HEADERS, Outgoing, make_producer
from shared.lasting_producer import LastingProducer
from shared.postgres import classified

TOPIC: Final = "projects.v1"
TELL_BATCH: Final = 2_000
"""Changes told in one go: so many as to make an import of 50,000 lines quick, so few as to be told in a second."""
LOOK_EVERY_S: Final = 5.0
_log = structlog.get_logger()


def changed_event(project: Project) -> Any:
    """The event that tells a project's whole state."""
    data: CustomerChanged | ProjectChanged
    if project.kind == "customer":
        event_type = CUSTOMER_CHANGED
        data = CustomerChanged(
            code=project.code, name=project.name, active=project.active, price_list=project.price_list
        )
    else:
        event_type = PROJECT_CHANGED
        data = ProjectChanged(
            kind=project.kind,
            code=project.code,
            name=project.name,
            customer=project.customer,
            active=project.active,
            billable=project.billable,
            people=project.people,
            departments=project.departments,
            price_list=project.price_list,
        )
    return new_event(
        event_type,
        data,
        event_id=str(uuid7()),
        source="/accounting",
        time=project.changed_at,
        subject=f"{project.kind}/{project.code}",
    )


async def tell_once(projects: Projects, producer: LastingProducer, *, topic_prefix: str) -> int:
    """Tells what waits, removals first, and answers how much that was; nothing while another process tells.

    The connection is held until all is acknowledged: that is the lock that keeps two processes from telling in
    the wrong order.

    Raises:
        Retry: Kafka or the database is away; what was not acknowledged is told again.
    """
    with classified():
        async with projects.pool.connection() as connection:
            claim = await (await connection.execute(QUERIES["claim_telling"])).fetchone()
            if not claim or not claim[0]:
                return 0
            gone, changed = await _untold(connection)
            records = [Outgoing(f"{each.kind}/{each.code}".encode(), None) for each in gone]
            records += [
                Outgoing(f"{each.kind}/{each.code}".encode(), encode(changed_event(each)), EVENT_HEADERS)
                for each in changed
            ]
            if not records:
                return 0
            await producer.send(f"{topic_prefix}{TOPIC}", records)
            await _mark_told(connection, gone, changed)
    return len(records)


async def _untold(connection: AsyncConnection[Any]) -> tuple[list[Removal], list[Project]]:
    """Removals are read first: who is there again since is told after its tombstone."""
    cursor = await connection.execute(QUERIES["untold_removals"], {"limit": TELL_BATCH})
    gone = [Removal(*row) for row in await cursor.fetchall()]
    return gone, await read_projects(connection, "untold_projects", limit=TELL_BATCH)


async def _mark_told(
    connection: AsyncConnection[Any], gone: Sequence[Removal], changed: Sequence[Project]
) -> None:
    told = {
        "kinds": [each.kind for each in changed],
        "codes": [each.code for each in changed],
        "revisions": [each.revision for each in changed],
    }
    await connection.execute(QUERIES["mark_told"], told)
    await connection.execute(QUERIES["mark_removals_told"], {"numbers": [each.gone_no for each in gone]})


async def tell_projects(projects: Projects, producer: LastingProducer, *, topic_prefix: str) -> None:
    """Tells changes as they come, each at least once and in order per project, until cancelled."""
    backoff = Backoff()
    while True:
        projects.news.clear()
        try:
            told = await tell_once(projects, producer, topic_prefix=topic_prefix)
            backoff = Backoff()
        except Retry as error:
            delay_s = backoff.next_s()
            _log.warning("projects_not_told", error=str(error), retry_in_s=round(delay_s, 1))
            await asyncio.sleep(delay_s)
            continue
        if not told:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await projects.news.wait()
            except TimeoutError:
                continue


async def run_telling(projects: Projects, *, bootstrap: str, topic_prefix: str) -> None:
    """Tells changes until cancelled, whenever Kafka is there."""
    producer = LastingProducer(lambda: make_producer(bootstrap, "accounting-projects"), bootstrap)
    try:
        await tell_projects(projects, producer, topic_prefix=topic_prefix)
    finally:
        await producer.close()
