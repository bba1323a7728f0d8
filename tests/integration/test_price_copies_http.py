"""Price lists over HTTP: copied, compared, tried, and deleted as drafts."""

from __future__ import annotations

import pytest_asyncio

from tests.integration.test_accounting_http import TOML, served
from tests.jobs import COST_LIST, PRICE_LIST

BOOKS = "/v1/price-books"


@pytest_asyncio.fixture
async def client(database_url, tmp_path):
    async with served(database_url, tmp_path) as opened:
        for text in (PRICE_LIST, COST_LIST):
            assert (await opened.post(BOOKS, data=text, headers=TOML)).status == 201
        assert (await opened.post(f"{BOOKS}/standard/publish")).status == 200
        yield opened


async def versions(client):
    items = (await (await client.get(BOOKS)).json())["items"]
    return [(item["name"], item["version"], item["state"]) for item in items]


async def pointers(answer):
    return {error["pointer"] for error in (await answer.json())["errors"]}


async def test_a_copy_is_the_next_draft_with_every_rate_raised(client):
    made = await client.post(
        f"{BOOKS}/standard/copy",
        json={"name": "standard", "valid_from": "2027-01-01", "change_percent": "2.5"},
    )
    item = await made.json()
    shown = await (await client.get(made.headers["Location"])).json()

    assert (made.status, item["version"], item["state"]) == (201, 2, "draft")
    assert item["valid_from"].startswith("2027-01-01")
    assert shown["definition"]["ppu"][0]["per_m2"] == "1.1275"


async def test_a_copy_that_says_the_same_is_a_draft_too(client):
    made = await client.post(f"{BOOKS}/standard/copy", json={"name": "standard"})

    assert (made.status, (await made.json())["version"]) == (201, 2)


async def test_a_copy_never_replaces_a_draft_and_never_leaves_its_book(client):
    await client.post(f"{BOOKS}/standard/copy", json={"name": "standard"})
    again = await client.post(f"{BOOKS}/standard/copy", json={"name": "standard"})
    await client.post(f"{BOOKS}/our-cost/publish")
    other_book = await client.post(f"{BOOKS}/standard/copy", json={"name": "our-cost", "version": 1})

    assert (again.status, other_book.status) == (409, 409)
    assert "publish or delete it first" in (await again.json())["detail"]
    assert "book cost" in (await other_book.json())["detail"]


async def test_wrong_changes_of_a_copy_are_all_pointed_at(client):
    wrong = await client.post(
        f"{BOOKS}/standard/copy", json={"name": "a/b", "valid_from": "soon", "change_percent": "x"}
    )
    unknown = await client.post(f"{BOOKS}/standard/copy", json={"name": "b", "rate": "1"})
    missing = await client.post(f"{BOOKS}/standard/copy", json={"name": "b", "version": 9})

    assert (wrong.status, unknown.status, missing.status) == (422, 422, 404)
    assert await pointers(wrong) == {"/name", "/valid_from", "/change_percent"}
    assert await pointers(unknown) == {"/rate"}


async def test_a_list_is_compared_with_its_version_before_and_with_another_list(client):
    await client.post(f"{BOOKS}/standard/copy", json={"name": "standard", "change_percent": "10"})
    alone = await (await client.get(f"{BOOKS}/standard/compare")).json()
    turned = await (await client.get(f"{BOOKS}/standard/compare?version=2&with_version=1")).json()
    other = await (await client.get(f"{BOOKS}/standard/compare?version=1&with=our-cost")).json()
    first = await client.get(f"{BOOKS}/our-cost/compare")

    assert (alone["before"]["version"], alone["after"]["version"]) == (1, 2)
    assert [rate["percent"] for rate in alone["rates"]] == ["10.00"]
    assert turned["rates"][0]["after"] == {"per_m2": "1.10"}
    assert [each["setting"] for each in other["settings"]] == ["book"]
    assert (first.status, await pointers(first)) == (422, {"with"})


async def test_a_dry_run_says_what_an_import_would_do_and_does_nothing(client):
    before = await versions(client)
    changed = await client.post(f"{BOOKS}?dry_run=true", data=PRICE_LIST.replace("1.10", "1.21"), headers=TOML)
    new = await client.post(f"{BOOKS}?dry_run=true", data=PRICE_LIST.replace('"standard"', '"x"'), headers=TOML)
    same = await client.post(f"{BOOKS}?dry_run=true", data=PRICE_LIST, headers=TOML)
    told = await changed.json()

    assert (changed.status, new.status, same.status) == (200, 200, 200)
    assert (told["change"], told["version"], told["compared_with"]) == ("created", 2, 1)
    assert [rate["percent"] for rate in told["differences"]["rates"]] == ["10.00"]
    assert ((await new.json())["differences"], (await same.json())["change"]) == (None, "unchanged")
    assert await versions(client) == before


async def test_a_draft_is_deleted_as_it_was_read_and_what_is_published_never(client):
    made = await client.post(f"{BOOKS}/standard/copy", json={"name": "standard"})
    stale = await client.delete(f"{BOOKS}/standard", headers={"If-Match": '"other"'})
    gone = await client.delete(f"{BOOKS}/standard?version=2", headers={"If-Match": made.headers["ETag"]})
    kept = await client.delete(f"{BOOKS}/standard?version=1")
    missing = await client.delete(f"{BOOKS}/standard?version=2")

    assert [each.status for each in (stale, gone, kept, missing)] == [412, 204, 409, 404]
    assert await versions(client) == [("our-cost", 1, "draft"), ("standard", 1, "published")]


async def test_a_copy_sent_twice_under_one_key_is_made_once(client):
    key = {"Idempotency-Key": "copy-1"}
    first, again = [
        await client.post(f"{BOOKS}/standard/copy", json={"name": "standard"}, headers=key) for _ in range(2)
    ]

    assert (first.status, again.status) == (201, 201)
    assert await first.json() == await again.json()


async def test_a_spreadsheet_in_cp1252_is_imported_and_its_wrong_lines_are_named(client):
    text = (
        "table;name;book;currency;valid_from;category;per_m2\r\n"
        "list;Büro;price;EUR;01.01.2026;;\r\nppu;;;;;Pläne;1,10\r\n"
    )
    kind = {"Content-Type": "text/csv"}
    made = await client.post(BOOKS, data=text.encode("cp1252"), headers=kind)
    wrong = await client.post(BOOKS, data=text.replace("1,10", "viel").encode("utf-16"), headers=kind)
    shown = await client.get(made.headers["Location"], headers={"Accept": "text/csv"})

    assert (made.status, (await made.json())["name"]) == (201, "Büro")
    assert await pointers(wrong) == {"line 3, column per_m2"}
    assert "1.10" in (await shown.read()).decode("utf-8-sig")
