"""Reference data in, changes of projects out, over real Kafka and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
import pytest_asyncio

from services.accounting.books.loader import load_pricing
from services.accounting.pricing import PrinterFacts
from services.accounting.projects.store import Projects
from services.accounting.projects.telling import run_telling, tell_once
from services.accounting.reference import follow_reference
from shared.clock import SystemClock
from shared.events import (
    PERSON_CHANGED,
    PRINTER_CHANGED,
    DeadLetterEvent,
    PersonChanged,
    PrinterChanged,
    ProjectChangedEvent,
)
from shared.events.envelope import event_type_of, new_event
from shared.events.people import PersonName
from shared.ids import uuid7
from shared.kafka import make_consumer, make_producer, send, send_event, start
from shared.lasting_producer import LastingProducer
from shared.postgres import connect, open_pool
from tests.deadline import eventually_async


@pytest_asyncio.fixture
async def pool(database_url):
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def producer(kafka_bootstrap):
    started = await start(make_producer(kafka_bootstrap, "test"), kafka_bootstrap)
    yield started
    await started.stop()


async def stopped(task):
    task.cancel()
    await asyncio.wait([task])


async def read(bootstrap, topic, count):
    consumer = await start(make_consumer(bootstrap, client_id="test", topics=[topic]), bootstrap)
    try:
        async with asyncio.timeout(20):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


def event(event_type, data, subject):
    return new_event(
        event_type, data, event_id=str(uuid7()), source="/test", time=SystemClock().now(), subject=subject
    )


async def test_what_the_registry_says_reaches_prices_and_what_is_no_event_is_set_aside(
    pool, producer, kafka_bootstrap, topic_prefix, database_url
):
    printer = PrinterChanged(id="p1", name="Studio", model="T1700", serial="SN1", group="Floor 2")
    person = PersonChanged(code="alice", person=PersonName(display_name="Alice"), department="ARCH")
    people = f"{topic_prefix}people.v1"
    await send_event(producer, f"{topic_prefix}printers.v1", event(PRINTER_CHANGED, printer, "p1"), key="p1")
    await send(producer, people, key=b"bob", value=b"no event")
    await send_event(producer, people, event(PERSON_CHANGED, person, "alice"), key="alice")
    following = asyncio.create_task(
        follow_reference(pool, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, instance="test")
    )

    async def loaded():
        with connect(database_url) as connection:
            pricing = load_pricing(connection)
        assert pricing.printers == {"p1": PrinterFacts("p1", "SN1", "T1700", "Floor 2")}
        assert pricing.departments == {"alice": "ARCH"}
        return pricing.revision

    try:
        await eventually_async(loaded, within_s=30, what="reference data is loaded")
        (letter,) = await read(kafka_bootstrap, f"{people}.dlq", 1)
    finally:
        await stopped(following)
    assert "not a CloudEvent" in msgspec.json.decode(letter, type=DeadLetterEvent).data.reason


async def test_a_changed_project_is_told_after_its_commit(pool, kafka_bootstrap, topic_prefix):
    projects = Projects(pool)
    values = {"customer": "City", "active": True, "billable": False}
    await projects.put("project", "P-1", {**values, "name": "Bridge"})
    telling = asyncio.create_task(run_telling(projects, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix))
    try:
        (first,) = await read(kafka_bootstrap, f"{topic_prefix}projects.v1", 1)
        await projects.put("project", "P-1", {**values, "name": "Tunnel"})
        told = await read(kafka_bootstrap, f"{topic_prefix}projects.v1", 2)
    finally:
        await stopped(telling)

    names = [msgspec.json.decode(each, type=ProjectChangedEvent).data.name for each in (first, told[-1])]
    assert names == ["Bridge", "Tunnel"]


async def test_customers_and_removals_are_told_too_and_many_in_one_go(pool, kafka_bootstrap, topic_prefix):
    projects = Projects(pool)
    await projects.put("customer", "KIEL", {"name": "Stadt Kiel"})
    await projects.put("project", "P-0", {"name": "Bridge"})
    await projects.delete("project", "P-0")
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO accounting.project (kind, code, name) SELECT 'project', 'P-' || n, '' "
            "FROM generate_series(1, 3000) AS n"
        )
    producer = LastingProducer(lambda: make_producer(kafka_bootstrap, "test"), kafka_bootstrap)
    try:
        told = [await tell_once(projects, producer, topic_prefix=topic_prefix) for _ in range(3)]
    finally:
        await producer.close()
    values = await read(kafka_bootstrap, f"{topic_prefix}projects.v1", sum(told))

    assert told == [2_001, 1_001, 0]
    assert values.count(None) == 1
    types = Counter(event_type_of(each) for each in values if each)
    assert types == {"customer.changed.v1": 1, "project.changed.v1": 3_000}
