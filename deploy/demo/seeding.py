"""Fills a stack through its public interfaces: price lists, projects, people, printers and past jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.resources import files
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from deploy.demo.api import Api
from deploy.demo.cast import DEPARTMENTS, PEOPLE, PROJECTS
from deploy.demo.history import history
from deploy.demo.server import Serving
from shared.clock import Clock
from shared.errors import NotFound
from shared.events.envelope import encode, new_event
from shared.events.people import PERSON_CHANGED, PersonChanged, PersonName
from shared.ids import uuid7
from shared.kafka import make_producer, send_event, start
from shared.topics import topic_named

PRICE_LISTS: Final = ("cost", "price")
BATCH: Final = 500
SOURCE: Final = "/demo"


async def seed_prices(api: Api, *, currency: str) -> None:
    """Imports and publishes the demo's two price lists, unless they are there."""
    for book in PRICE_LISTS:
        text = files("deploy.demo").joinpath("prices", f"{book}.toml").read_text(encoding="utf-8")
        name = f"demo-{book}"
        if await _published(api, name):
            continue
        raw = text.replace('"EUR"', f'"{currency}"').encode()
        await api.call("accounting", "POST", "/v1/price-books", body=raw, content_type="application/toml")
        await api.call("accounting", "POST", f"/v1/price-books/{name}/publish", body={"default": True})


async def _published(api: Api, name: str) -> bool:
    try:
        found = await api.get("accounting", f"/v1/price-books/{name}")
    except NotFound:
        return False
    return bool(found.get("state") == "published")


async def seed_projects(api: Api) -> None:
    """Names departments and projects."""
    for department in DEPARTMENTS:
        body: dict[str, Any] = {"name": department.name}
        await api.call("accounting", "PUT", f"/v1/departments/{quote(department.code)}", body=body)
    for project in PROJECTS:
        body = {"name": project.name, "billable": project.billable}
        if project.customer:
            body["customer"] = project.customer
        await api.call("accounting", "PUT", f"/v1/projects/{quote(project.code)}", body=body)


async def seed_people(bootstrap: str, *, topic_prefix: str, clock: Clock) -> None:
    """Tells who the people are, as a directory would: events on the people topic."""
    topic = topic_named("people.v1").full_name(topic_prefix)
    producer = await start(make_producer(bootstrap, "inkmeter-demo"), bootstrap)
    try:
        for person in PEOPLE:
            event = new_event(
                PERSON_CHANGED,
                PersonChanged(
                    code=person.login,
                    person=PersonName(display_name=person.name),
                    department=person.department,
                ),
                event_id=str(uuid7()),
                source=SOURCE,
                time=clock.now(),
                subject=person.login,
            )
            await send_event(producer, topic, event, key=person.login)
    finally:
        await producer.stop()


async def seed_printers(api: Api, served: Sequence[Serving]) -> None:
    """Adds the simulated printers, or tells the collector their new addresses."""
    known = {
        one["serial"]: one
        for one in (await api.get("collector", "/v1/printers", params={"limit": "1000"}))["items"]
    }
    for one in served:
        before = known.get(one.model.serial)
        if before is None:
            body = {"name": one.model.name, "address": one.uri}
            await api.call("collector", "POST", "/v1/printers", body=body)
        elif before["address"] != one.uri:
            await api.call("collector", "PATCH", f"/v1/printers/{before['id']}", body={"address": one.uri})


async def seed_history(
    api: Api, until: datetime, days: int, *, on_progress: Callable[[int], None] = lambda _: None
) -> int:
    """Posts the jobs of the past days; those that were posted before are no second jobs. Gives their number."""
    jobs = history(until, days)
    posted = 0
    while batch := list(islice(jobs, BATCH)):
        await api.call("collector", "POST", "/v1/jobs", body=encode({"jobs": batch}))
        posted += len(batch)
        on_progress(posted)
    return posted
