"""`Idempotency-Key` on a real database: one effect for one key, however requests race, fail and come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from msgspec import Struct

from services.accounting.idempotency import KEPT_HOURS, forget, once
from shared.errors import Conflict
from shared.health import Readiness
from shared.http.app import make_app
from shared.http.headers import ETAG, IDEMPOTENCY_KEY
from shared.http.routes import Answer, Call, Route
from shared.postgres import Pool, open_pool

TOKEN = "a-token-of-the-tests"


class Thing(Struct):
    name: str


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, name="test", max_size=4, statement_timeout_s=10)
    async with opened.connection() as connection:
        await connection.execute("CREATE TABLE thing (no serial, name text, actor text)")
    yield opened
    await opened.close()


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[TestClient[Any, Any]]:
    async def create(call: Call) -> Any:
        async def make(connection: Any) -> Answer:
            inserted = "INSERT INTO thing (name, actor) VALUES (%s, %s) RETURNING no"
            [number] = await (await connection.execute(inserted, [call.body.name, call.actor])).fetchone()
            if call.body.name == "taken":
                raise Conflict("There is such a thing.")
            return Answer({"no": number}, status=201, headers={"ETag": f'"{number}"'})

        return await once(pool, call, make)

    route = Route(method="POST", path="/v1/things", handler=create, summary="Create.", body=Thing, status=201,
                  takes=(IDEMPOTENCY_KEY,), gives=(ETAG,))  # fmt: skip
    app = make_app("test", [route], readiness=Readiness(), token=TOKEN)
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as made:
        yield made


async def count(pool: Pool, table: str = "thing") -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute(f"SELECT count(*) FROM {table}".encode())).fetchone()
    return int(row[0]) if row else 0


async def test_the_same_request_again_creates_nothing_and_gets_the_same_answer(client, pool):
    answers = [
        await client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k1"}) for _ in range(3)
    ]
    assert [answer.status for answer in answers] == [201, 201, 201]
    assert {await answer.text() for answer in answers} == {'{"no":1}'}
    assert {answer.headers["ETag"] for answer in answers} == {'"1"'}
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true", "true"]
    assert {answer.content_type for answer in answers} == {"application/json"}
    assert await count(pool) == 1


async def test_requests_that_race_with_one_key_have_one_effect(client, pool):
    answers = await asyncio.gather(
        *(client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "race"}) for _ in range(12))
    )
    assert {answer.status for answer in answers} == {201}
    assert {await answer.text() for answer in answers} == {'{"no":1}'}
    assert await count(pool) == 1


async def test_a_key_used_for_another_request_is_refused(client, pool):
    await client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k"})
    for path, name in (("/v1/things", "b"), ("/v1/things?x", "a")):
        answer = await client.post(path, json={"name": name}, headers={"Idempotency-Key": "k"})
        problem = await answer.json()
        assert (answer.status, problem["errors"][0]["pointer"]) == (422, "Idempotency-Key")
    assert await count(pool) == 1


async def test_a_refused_creation_leaves_its_key_free(client, pool):
    headers = {"Idempotency-Key": "k"}
    refused = [await client.post("/v1/things", json={"name": "taken"}, headers=headers) for _ in range(2)]
    done = await client.post("/v1/things", json={"name": "free"}, headers=headers)
    assert [answer.status for answer in (*refused, done)] == [409, 409, 201]
    assert await count(pool) == 1


async def test_without_a_key_each_request_counts(client, pool):
    for _ in range(2):
        assert (await client.post("/v1/things", json={"name": "a"})).status == 201
    assert await count(pool) == 2
    assert await count(pool, "accounting.idempotency") == 0


@pytest.mark.parametrize("header", ["Idempotency-Key", "Inkmeter-Actor"])
@pytest.mark.parametrize("value", ["", " ", "x" * 201, "a\tb", "a\u200e"])
async def test_a_header_that_is_empty_long_or_unprintable_is_refused_by_name(client, header, value):
    answer = await client.post("/v1/things", json={"name": "a"}, headers={header: value})
    problem = await answer.json()
    assert (answer.status, problem["errors"][0]["pointer"]) == (422, header)


async def test_who_acts_is_recorded_and_the_operator_where_nobody_is_named(client, pool):
    await client.post("/v1/things", json={"name": "a"}, headers={"Inkmeter-Actor": "Zoë"})
    await client.post("/v1/things", json={"name": "a"})
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT actor FROM thing ORDER BY no")).fetchall()
    assert rows == [("Zoë",), ("operator",)]


async def test_a_key_is_forgotten_after_its_time(client, pool):
    for key in ("old", "older", "new"):
        await client.post("/v1/things", json={"name": key}, headers={"Idempotency-Key": key})
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE accounting.idempotency SET made_at = now() - make_interval(hours => %s) WHERE key <> 'new'",
            [KEPT_HOURS + 1],
        )
    again = await client.post("/v1/things", json={"name": "old"}, headers={"Idempotency-Key": "old"})
    assert await again.json() == {"no": 4}
    assert await forget(pool) == 1
    assert await count(pool, "accounting.idempotency") == 2
