"""Reservations over real Kafka and PostgreSQL: told, told again, charged, expired, in any order."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
import pytest_asyncio

from services.accounting.budgets.reservations import Reservations, follow_authorizations, row
from services.accounting.ledger.writer import LedgerWriter
from shared.errors import Reject
from shared.events import JOB_AUTHORIZED, JobAuthorized, JobCompleted
from shared.events.envelope import encode, new_event
from shared.events.jobs import PersonRef, identified
from shared.kafka import make_producer, send, send_event, start
from shared.postgres import connect, open_pool
from shared.stream import Record
from tests.deadline import eventually_async
from tests.integration.ledger_posts import ZONE, post
from tests.integration.test_accounting_http import served
from tests.jobs import job

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest_asyncio.fixture
async def pool(database_url):
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


def authorized(number=1, **changes):
    told = {
        "authorization_id": f"auth-{number}",
        "decision": "allow",
        "decided_at": NOW,
        "expires_at": NOW + timedelta(hours=2),
        "correlation_id": f"corr-{number}",
        "person": PersonRef(claimed="alice"),
        "project": "P-100",
        "department": "ARCH",
        "estimate": "2.50",
        "currency": "EUR",
    }
    return JobAuthorized(**{**told, **changes})


def event(told):
    return new_event(
        JOB_AUTHORIZED, told, event_id="e", source="/test", time=told.decided_at, subject=told.authorization_id
    )


def record(told, offset=0):
    return Record("authorizations.v1", 0, offset, b"k", encode(event(told)))


def reserved(database_url):
    with connect(database_url) as connection:
        rows = connection.execute("SELECT owner, code, reserved_micro FROM accounting.reserved").fetchall()
    return {(owner, code): micro for owner, code, micro in rows}


def charge(database_url, correlation, number=1):
    """Posts a job that carries the correlation id."""
    told = identified(msgspec.convert(job(number, correlation_id=correlation), JobCompleted))
    with closing(LedgerWriter(database_url, ZONE)) as writer:
        return post(writer, [told])


async def states(pool):
    page = await Reservations(pool, currency="EUR").page(limit=10)
    return {each.authorization_id: each.state for each in page}


async def test_an_allowed_job_reserves_for_all_it_would_be_charged_to_until_its_charge(pool, database_url):
    store = Reservations(pool, currency="EUR")
    with connect(database_url) as connection:
        connection.execute(
            "INSERT INTO accounting.project (kind, code, name, customer) VALUES ('project', 'P-100', 'B', 'CITY')"
        )
    await store.keep([record(authorized(1)), record(authorized(2, decision="hold")), record(authorized(1))])
    await store.keep([record(authorized(1))])
    before = reserved(database_url)
    charge(database_url, "corr-1")
    await store.keep([record(authorized(1))])

    owners = [("person", "alice"), ("project", "P-100"), ("department", "ARCH"), ("customer", "CITY")]
    assert before == dict.fromkeys(owners, 2_500_000)
    assert reserved(database_url) == {}
    assert await states(pool) == {"auth-1": "settled", "auth-2": "hold"}


async def test_a_charge_that_comes_first_leaves_nothing_to_reserve(pool, database_url):
    charge(database_url, "corr-1")
    await Reservations(pool, currency="EUR").keep([record(authorized(1))])

    assert reserved(database_url) == {}
    assert await states(pool) == {"auth-1": "settled"}


async def test_without_a_correlation_id_the_job_names_the_authorisation_itself(pool, database_url):
    await Reservations(pool, currency="EUR").keep([record(authorized(1, correlation_id=None))])
    charge(database_url, "auth-1")

    assert await states(pool) == {"auth-1": "settled"}


async def test_a_reservation_expires_and_a_late_charge_still_settles_it(pool, database_url):
    past = NOW - timedelta(hours=3)
    await Reservations(pool, currency="EUR").keep(
        [record(authorized(1, decided_at=past, expires_at=past + timedelta(hours=1)))]
    )
    expired = await states(pool)
    charge(database_url, "corr-1")

    assert expired == {"auth-1": "expired"}
    assert reserved(database_url) == {}
    assert await states(pool) == {"auth-1": "settled"}


async def test_the_newest_decision_counts_in_whichever_order_they_come(pool, database_url):
    store = Reservations(pool, currency="EUR")
    held = authorized(1, decision="hold")
    released = authorized(1, decided_at=NOW + timedelta(minutes=5), estimate="3.00")
    await store.keep([record(released)])
    await store.keep([record(held)])

    assert reserved(database_url)[("person", "alice")] == 3_000_000


async def test_senseless_estimates_of_one_owner_leave_the_budgets_of_others_alone(pool, database_url):
    many = [authorized(number, estimate="999999999999.999999", project="HUGE") for number in range(12)]
    await Reservations(pool, currency="EUR").keep([record(each) for each in [authorized(99, person=None), *many]])

    found = reserved(database_url)
    assert found[("project", "P-100")] == 2_500_000
    assert found[("project", "HUGE")] >= 10**18


@pytest.mark.parametrize(
    "times",
    [
        {"decided_at": datetime.max.replace(tzinfo=UTC), "expires_at": None},
        {"decided_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))},
        {"expires_at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=5)))},
    ],
)
def test_an_authorisation_of_a_time_that_no_clock_shows_is_refused(times):
    """It would end the service, each time it is read again."""
    with pytest.raises(Reject, match="outside 2000 to 2100"):
        row(record(authorized(**times)), currency="EUR")


async def test_from_kafka_to_http_with_what_is_refused_set_aside(
    pool, database_url, kafka_bootstrap, topic_prefix, tmp_path
):
    topic = f"{topic_prefix}authorizations.v1"
    producer = await start(make_producer(kafka_bootstrap, "test"), kafka_bootstrap)
    await send(producer, topic, key=b"k", value=b"no event")
    await send_event(producer, topic, event(authorized(9, currency="USD")), key="auth-9")
    for number in (1, 2, 3):
        told = authorized(number, decided_at=NOW + timedelta(seconds=number))
        await send_event(producer, topic, event(told), key=told.authorization_id)
        await send_event(producer, topic, event(told), key=told.authorization_id)
    await producer.stop()
    store = Reservations(pool, currency="EUR")
    following = asyncio.create_task(
        follow_authorizations(store, bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, instance="test")
    )

    async def all_there():
        return len(await states(pool)) == 3

    try:
        await eventually_async(all_there, within_s=30, what="authorisations are kept")
    finally:
        following.cancel()
        await asyncio.wait([following])
    async with served(database_url, tmp_path) as client:
        first = await (await client.get("/v1/reservations?state=reserved&limit=2")).json()
        second = await (await client.get(f"/v1/reservations?limit=2&cursor={first['next']}")).json()
        refused = await client.get("/v1/reservations?state=strange")

    assert [each["authorization_id"] for each in first["items"] + second["items"]] == [
        "auth-3",
        "auth-2",
        "auth-1",
    ]
    assert first["items"][0]["estimate"] == "2.5000"
    assert second["next"] is None
    assert refused.status in {400, 422}
    assert reserved(database_url)[("project", "P-100")] == 7_500_000
