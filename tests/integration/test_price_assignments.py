"""Which price list counts for whom, in real PostgreSQL and over HTTP: a history that nobody rewrites."""

from __future__ import annotations

import pytest
import pytest_asyncio

from services.accounting.books.assignments import Place, assign, assign_all, current
from services.accounting.books.loader import load_price_book, price_revision
from shared.errors import Reject
from shared.postgres import connect, open_pool
from tests.integration.test_accounting_http import TOML, served
from tests.jobs import COST_LIST, PRICE_LIST

BOOKS = "/v1/price-books"
PATH = "/v1/price-assignments"


@pytest_asyncio.fixture
async def client(database_url, tmp_path):
    async with served(database_url, tmp_path) as opened:
        for text in (PRICE_LIST, PRICE_LIST.replace('"standard"', '"bridge"'), COST_LIST):
            assert (await opened.post(BOOKS, data=text, headers=TOML)).status == 201
        yield opened


async def assigned(client, query=""):
    items = (await (await client.get(f"{PATH}{query}")).json())["items"]
    return [(item["book"], item["level"], item["key"], item["price_list"]) for item in items]


def revision(database_url):
    with connect(database_url) as connection:
        return price_revision(connection)


async def test_a_list_is_assigned_changed_and_taken_away_and_all_of_it_is_history(client):
    where = f"{PATH}/price/project/P%2F1"
    put = await client.put(where, json={"price_list": "bridge"}, headers={"Inkmeter-Actor": "anna"})
    changed = await client.put(where, json={"price_list": "standard"}, headers={"If-Match": put.headers["ETag"]})
    stale = await client.put(where, json={"price_list": "bridge"}, headers={"If-Match": put.headers["ETag"]})
    shown = await (await client.get(where)).json()
    gone = await client.delete(where, headers={"If-Match": changed.headers["ETag"]})
    again = await client.delete(where)
    history = (await (await client.get(f"{where}/history")).json())["items"]

    assert [each.status for each in (put, changed, stale, gone, again)] == [200, 200, 412, 204, 404]
    assert (shown["key"], shown["price_list"]) == ("P/1", "standard")
    assert [(each["price_list"], each["assigned_by"]) for each in history] == [
        (None, "operator"), ("standard", "operator"), ("bridge", "anna"),
    ]  # fmt: skip
    assert await assigned(client) == []


async def test_only_a_list_of_that_book_can_be_assigned(client):
    unknown = await client.put(f"{PATH}/price/model/T1700", json={"price_list": "none"})
    other_book = await client.put(f"{PATH}/price/model/T1700", json={"price_list": "our-cost"})
    told = await other_book.json()

    assert (unknown.status, other_book.status) == (422, 422)
    assert told["errors"][0]["pointer"] == "/price_list"
    assert "of book cost, not of book price" in told["detail"]


async def test_what_is_no_place_is_not_found(client):
    for path in ("prize/project/P", "price/floor/2", "price/default/x"):
        answer = await client.put(f"{PATH}/{path}", json={"price_list": "standard"})
        assert answer.status == 404, path


async def test_assignments_come_page_by_page_and_by_level_book_and_list(client):
    for level, key in (("project", "P-2"), ("project", "P-1"), ("group", "Floor 2")):
        await client.put(f"{PATH}/price/{level}/{key}", json={"price_list": "bridge"})
    await client.put(f"{PATH}/cost/default", json={"price_list": "our-cost"})
    first = await (await client.get(f"{PATH}?limit=3")).json()
    rest = await (await client.get(f"{PATH}?limit=3&cursor={first['next']}")).json()

    assert [item["key"] for item in first["items"] + rest["items"]] == ["", "Floor 2", "P-1", "P-2"]
    assert await assigned(client, "?level=project&limit=1") == [("price", "project", "P-1", "bridge")]
    assert await assigned(client, "?price_list=our-cost") == [("cost", "default", "", "our-cost")]


async def test_the_default_is_an_assignment_and_the_ledger_sees_each_change(client, database_url):
    before = revision(database_url)
    await client.post(f"{BOOKS}/standard/publish")
    published = await assigned(client)
    named = await client.put(f"{PATH}/price/default", json={"price_list": "bridge"})
    same = await client.put(f"{PATH}/price/default", json={"price_list": "bridge"})
    after = revision(database_url)
    await client.delete(f"{PATH}/price/default")
    shown = (await (await client.get(f"{BOOKS}?limit=1")).json())["items"][0]

    assert published == [("price", "default", "", "standard")]
    assert (named.status, same.headers["ETag"]) == (200, named.headers["ETag"])
    assert after == before + 3  # published, named its default, and another named
    assert revision(database_url) == after + 1
    assert shown["default"] is False
    with connect(database_url) as connection:
        assert load_price_book(connection).lists[0].label == "standard v1"


async def test_a_list_that_is_assigned_is_not_deleted_with_its_only_draft(client):
    await client.put(f"{PATH}/price/project/P-1", json={"price_list": "bridge"})
    refused = await client.delete(f"{BOOKS}/bridge")

    assert refused.status == 409
    assert "project P-1" in (await refused.json())["detail"]


async def test_many_are_assigned_at_once_and_only_changes_are_written(client, database_url):
    pool = await open_pool(database_url)
    async with pool.connection() as connection:
        first = await assign_all(
            connection, "price", "project", {"P-1": "bridge", "P-2": "standard", "P-3": None}, by="me"
        )
        again = await assign_all(connection, "price", "project", {"P-1": "bridge", "P-2": None}, by="me")
        found = await current(connection, "price", "project", ["P-1", "P-2", "P-3"])
        with pytest.raises(Reject, match="no price list 'none'"):
            await assign(connection, Place("price", "project", "P-1"), "none", by="me")
    await pool.close()

    assert (first, again) == (2, 1)
    assert found == {"P-1": "bridge"}


async def test_a_key_that_nothing_has_yet_is_told(client, database_url):
    with connect(database_url) as connection:
        connection.execute("INSERT INTO accounting.printer (key, serial) VALUES ('p1', 'SN1')")
        connection.commit()
    await client.put("/v1/projects/P-1", json={"name": "Bridge"})
    known = {}
    for where in ("project/P-1", "project/P-2", "printer/SN1", "printer/p2", "model/T1700", "default"):
        answer = await client.put(f"{PATH}/price/{where}", json={"price_list": "bridge"})
        known[where] = (await answer.json())["known"]

    assert [where for where, there in known.items() if there] == ["project/P-1", "printer/SN1", "default"]
