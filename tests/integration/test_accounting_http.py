"""Accounting's HTTP routes on a real database: pages, preconditions, refusals that point at the place."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from services.accounting import main
from services.accounting.books.store import PriceBooks
from services.accounting.http.prices import PriceBookApi
from services.accounting.projects.store import Projects
from services.accounting.settings import AccountingSettings
from services.accounting.tasks import Tasks
from shared.health import Readiness
from shared.http.app import make_app
from shared.postgres import connect
from shared.settings import load
from tests.jobs import PRICE_LIST

TOKEN = "0123456789abcdef"
TOML = {"Content-Type": "application/toml"}


@asynccontextmanager
async def served(database_url, data_dir, **changes):
    settings = load(AccountingSettings, database_url=database_url, token=TOKEN, data_dir=data_dir, **changes)
    pool = await main.open_request_pool(settings)
    tasks = Tasks(pool)
    routes = main.routes(pool, Projects(pool), settings, tasks)
    app = make_app("accounting", routes, readiness=Readiness(), token=TOKEN)
    running = asyncio.create_task(tasks.run(main.works(main.rerate_work(pool, settings))))
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as opened:
        yield opened
    running.cancel()
    await asyncio.wait({running})
    await pool.close()


@pytest_asyncio.fixture
async def client(database_url, tmp_path, monkeypatch):
    monkeypatch.setattr(main, "STATEMENT_TIMEOUT_S", 0.5)
    async with served(database_url, tmp_path) as opened:
        yield opened


async def test_a_draft_in_another_currency_is_not_published(client, database_url, tmp_path):
    await client.post("/v1/price-books", data=PRICE_LIST, headers=TOML)
    async with served(database_url, tmp_path, currency="USD") as other:
        answer = await other.post("/v1/price-books/standard/publish")
        told = (await answer.json())["detail"]

    assert answer.status == 409
    assert "is in EUR" in told


async def test_a_price_list_is_imported_shown_and_published(client):
    created = await client.post("/v1/price-books", data=PRICE_LIST, headers=TOML)
    again = await client.post("/v1/price-books", json={"toml": PRICE_LIST})
    shown = await client.get("/v1/price-books/standard", headers={"Accept": "application/toml"})
    csv = await client.get("/v1/price-books/standard?version=1", headers={"Accept": "text/csv"})
    same = await client.post("/v1/price-books", data=await csv.text(), headers={"Content-Type": "text/csv"})
    published = await client.post(
        "/v1/price-books/standard/publish", headers={"If-Match": created.headers["ETag"]}
    )

    assert (created.status, again.status, same.status) == (201, 200, 200)
    assert [(await each.json())["change"] for each in (created, again, same)] == [
        "created", "unchanged", "unchanged",
    ]  # fmt: skip
    assert 'per_m2 = "1.10"' in await shown.text()
    assert shown.content_type == "application/toml"
    body = await published.json()
    assert (published.status, body["state"], body["default"]) == (200, "published", True)
    assert published.headers["ETag"] != created.headers["ETag"]


async def test_a_price_list_begins_on_the_day_that_its_file_names_where_clocks_differ_from_utc(
    client, database_url
):
    pool = await main.open_request_pool(load(AccountingSettings, database_url=database_url, token=TOKEN))
    routes = PriceBookApi(PriceBooks(pool, ZoneInfo("Europe/Berlin")), currency="EUR").routes()
    app = make_app("accounting", routes, readiness=Readiness(), token=TOKEN)
    async with TestClient(TestServer(app), headers=client._session.headers) as berlin:
        created = await (await berlin.post("/v1/price-books", data=PRICE_LIST, headers=TOML)).json()
    await pool.close()

    assert created["valid_from"] == "2020-01-01T00:00:00+01:00"


async def test_all_faults_of_a_price_list_are_pointed_at(client):
    wrong = PRICE_LIST.replace('"1.10"', "1.10").replace('"EUR"', '"USD"')
    answer = await client.post("/v1/price-books", data=wrong, headers=TOML)
    problem = await answer.json()

    assert (answer.status, answer.content_type) == (422, "application/problem+json")
    assert {error["pointer"] for error in problem["errors"]} == {"/currency", "/ppu/0/per_m2"}


async def test_price_lists_come_page_by_page(client):
    for name in ("b", "a", "c"):
        await client.post("/v1/price-books", data=PRICE_LIST.replace('"standard"', f'"{name}"'), headers=TOML)

    first = await (await client.get("/v1/price-books?limit=2")).json()
    last = await (await client.get(f"/v1/price-books?limit=2&cursor={first['next']}")).json()

    assert [item["name"] for item in first["items"] + last["items"]] == ["a", "b", "c"]
    assert last["next"] is None


async def test_what_is_not_there_is_not_found(client):
    for path in ("/v1/price-books/none", "/v1/projects/none", "/v1/charges/1.1/explain", "/v1/charges/x/explain"):
        answer = await client.get(path)
        assert answer.status == 404, path
        assert answer.content_type == "application/problem+json"


async def test_a_wrong_parameter_is_named(client):
    for path in ("/v1/jobs?period=soon", "/v1/jobs?cursor=%21", "/v1/charges?limit=0", "/v1/jobs?colour=red"):
        answer = await client.get(path)
        assert answer.status == 422, path
        assert (await answer.json())["errors"][0]["pointer"] in {"period", "cursor", "limit", "colour"}


async def test_a_project_is_put_and_found(client):
    put = await client.put("/v1/projects/P%2F1", json={"name": "Bridge", "customer": "City"})
    stale = await client.put("/v1/projects/P%2F1", json={"name": "Tunnel"}, headers={"If-Match": '"9"'})
    unknown = await client.put("/v1/departments/ARCH", json={"name": "Architecture", "customer": "City"})
    found = await (await client.get("/v1/projects?q=brid")).json()

    assert (put.status, stale.status, unknown.status) == (201, 412, 422)
    assert [item["code"] for item in found["items"]] == ["P/1"]
    assert found["items"][0]["billable"] is True


async def test_an_empty_ledger_has_no_jobs_and_no_charges(client):
    for path in ("/v1/jobs?period=this-month&unpriced=true", "/v1/charges?project=P-1"):
        answer = await client.get(path)
        assert await answer.json() == {"items": [], "next": None}


async def test_the_description_of_the_api_can_be_read_without_token(client):
    answer = await client.get("/openapi.json", headers={"Authorization": ""})
    document = await answer.json()

    assert "/v1/charges/{id}/explain" in document["paths"]


async def test_a_list_that_takes_too_long_is_ended_and_says_what_to_ask_for(client, database_url):
    with connect(database_url) as other:
        other.execute("LOCK TABLE accounting.job IN ACCESS EXCLUSIVE MODE")
        answers = [await client.get(path) for path in ("/v1/jobs?person=nobody", "/v1/charges?person=nobody")]

    for answer in answers:
        problem = await answer.json()
        assert (answer.status, problem["errors"][0]["pointer"]) == (422, "period")
        assert "shorter period" in problem["detail"]
