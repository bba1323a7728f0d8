"""`/v1/what-if`, `/v1/repricings` and `/v1/unpriced` on a real ledger: nothing written, priced again, undone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from services.accounting.books.store import PriceBooks
from services.accounting.browse import unpriced
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.pricelist.check import read_document
from services.accounting.verify import verify
from shared.postgres import connect, open_pool
from tests.integration.ledger_posts import ZONE, post, publish
from tests.integration.test_accounting_http import served
from tests.unit.accounting.price_lists import a1_line, job

OCTOBER = datetime(2026, 10, 14, 12, tzinfo=UTC)
COST = '{"name": "c", "book": "cost", "currency": "EUR", "valid_from": "2026-01-01", "ppu": [{"per_m2": "0.20"}]}'
PRICE = {
    "name": "p",
    "book": "price",
    "currency": "EUR",
    "valid_from": "2026-01-01",
    "ppu": [{"category": "line-colour", "per_m2": "1.10"}],
}


def price(**changes):
    return json.dumps({**PRICE, **changes})


def jobs():
    """Nine jobs for three projects by turns; every third has a line in a category without a rate."""
    return [
        job(
            a1_line(category="line-colour"),
            a1_line(category="image-high" if number % 3 == 0 else "line-colour", media="gloss"),
            completed_at=OCTOBER + number * timedelta(days=1, hours=16),
            job={"device_job_id": str(number), "source": "ipp"},
            project=f"P-{number % 3}",
        )
        for number in range(9)
    ]


@pytest_asyncio.fixture
async def client(database_url, tmp_path):
    pool = await open_pool(database_url, max_size=1)
    await publish(pool, COST, price())
    await pool.close()
    writer = LedgerWriter(database_url, ZONE)
    post(writer, jobs())
    writer.close()
    async with served(database_url, tmp_path, timezone=ZONE.key) as opened:
        yield opened


async def ended(client, answer):
    """A task, once it has ended."""
    task, place = await answer.json(), answer.headers.get("Location")
    assert answer.status == 202, task
    async with asyncio.timeout(30):
        while task["state"] in {"queued", "running"}:
            await asyncio.sleep(0.05)
            task = await (await client.get(place)).json()
    return task


async def put_draft(database_url, document):
    pool = await open_pool(database_url, max_size=1)
    await PriceBooks(pool, ZONE).put_draft(read_document(json.loads(document), currency="EUR"))
    await pool.close()


def totals(database_url):
    with connect(database_url) as connection:
        rows = [
            connection.execute("SELECT * FROM inkmeter.summary(%s, '2026-01-01', '2027-12-31')", [by]).fetchall()
            for by in ("project", "printer", "category", "media", "month", "total")
        ]
        return [sorted(row for row in each if any(row[2:])) for each in rows]


async def test_a_draft_is_replayed_without_writing(client, database_url):
    before = totals(database_url)
    rates = [{"category": "line-colour", "per_m2": "2.20"}, {"category": "image-high", "per_m2": "5"}]
    await put_draft(database_url, price(ppu=rates, minimum_per_job="4.00"))

    body = {"price_list": "p", "filter": {"period": "2026-10"}}
    done = await ended(client, await client.post("/v1/what-if", json=body))

    sums = done["sums"]
    assert (done["state"], sums["lines"], sums["unpriced_before"], sums["newly_priced"]) == ("done", 18, 3, 3)
    assert Decimal(sums["price_before"]) == 15 * Decimal("0.5495")
    assert Decimal(sums["price_after"]) == 6 * Decimal("4.00") + 3 * Decimal("4.00")
    assert sums["cost_before"] == sums["cost_after"]
    assert {row["key"]: row["sums"]["lines"] for row in done["rows"]} == {"P-0": 6, "P-1": 6, "P-2": 6}
    assert totals(database_url) == before

    rows, cursor = [], ""
    while cursor is not None:
        page = await (await client.get(f"/v1/what-if/{done['id']}/rows?limit=4{cursor}")).json()
        rows += page["items"]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    priced = sum(Decimal(row["price_after"] or 0) - Decimal(row["price_before"] or 0) for row in rows)
    assert len(rows) == sums["changed"]
    assert priced == Decimal(sums["price_after"]) - Decimal(sums["price_before"])
    assert len({row["charge_id"] for row in rows if row["charge_id"]}) == 18


async def test_two_lists_are_compared_with_each_other(client, database_url):
    await put_draft(database_url, price(name="q", ppu=[{"per_m2": "3"}]))
    body = {"price_list": "q", "against": "p@1", "filter": {"period": "2026-10", "project": ["P-1"]}}
    sums = (await ended(client, await client.post("/v1/what-if", json=body)))["sums"]
    assert (sums["lines"], Decimal(sums["price_before"])) == (6, 6 * Decimal("0.5495"))
    assert Decimal(sums["price_after"]) == 6 * Decimal("1.4987")

    wrong = await client.post("/v1/what-if", json={**body, "against": "c"})
    assert (wrong.status, (await wrong.json())["errors"][0]["pointer"]) == (422, "/against")
    nothing = await client.post("/v1/what-if", json={"price_list": "q", "filter": {}})
    assert nothing.status == 422


@pytest.mark.parametrize(
    ("assign", "says"),
    [
        ({"level": "project"}, "name the project that the list is held to count for"),
        ({"level": "model", "key": " "}, "name the model that the list is held to count for"),
        ({"level": "default", "key": "P-1"}, "level default has no key"),
        ({"key": "P-1"}, "level all has no key"),
    ],
)
async def test_a_list_is_held_to_count_for_a_key_only_where_the_level_has_one(client, assign, says):
    """Without its key a level means nobody, and the answer would be that nothing changes."""
    body = {"price_list": "p", "filter": {"period": "2026-10"}, "assign": assign}
    refused = await client.post("/v1/what-if", json=body)
    assert (refused.status, (await refused.json())["errors"]) == (
        422,
        [{"pointer": "/assign/key", "detail": says}],
    )
    preview = await client.post("/v1/unpriced/preview", json={"price_list": "p", "assign": assign})
    assert (preview.status, (await preview.json())["detail"]) == (422, f"{says} at /assign/key")


async def test_a_work_list_that_is_cut_off_says_so(client, monkeypatch):
    whole = await (await client.get("/v1/unpriced")).json()
    monkeypatch.setattr(unpriced, "MAX_GROUPS", 0)
    cut = await (await client.get("/v1/unpriced")).json()
    assert (len(whole["items"]), whole["more"], cut) == (1, False, {"items": [], "more": True})


@pytest.mark.parametrize("minimum", ["0.00", "1.50"])
async def test_a_month_is_priced_again_and_undone(client, database_url, minimum):
    before = totals(database_url)
    rates = [{"category": "line-colour", "per_m2": "1.20"}, {"category": "image-high", "per_m2": "5"}]
    pool = await open_pool(database_url, max_size=1)
    await publish(pool, price(ppu=rates, minimum_per_job=minimum))
    await pool.close()

    body = {"filter": {"period": "2026-10"}, "reason": "new contract"}
    tried = await ended(client, await client.post("/v1/repricings", json={**body, "dry_run": True}))
    assert (tried["months"][0]["correction_id"], totals(database_url)) == (None, before)
    headers = {"Inkmeter-Actor": "anna"}
    done = await ended(client, await client.post("/v1/repricings", json=body, headers=headers))
    [month] = done["months"]
    assert (month["sums"], month["month"], done["actor"]) == (tried["months"][0]["sums"], "2026-10", "anna")
    after = totals(database_url)
    assert after != before
    assert verify(database_url).ok, verify(database_url).findings
    with connect(database_url) as connection:
        found = connection.execute(
            "SELECT category, price, sum(price_lines)::integer FROM ("
            "SELECT g.key AS category, l.price_micro AS price, 1 AS price_lines FROM accounting.current_line AS l "
            "JOIN accounting.category AS g USING (category_no)) AS x GROUP BY 1, 2"
        ).fetchall()
    missing = [("", 301_000, 6)] if minimum == "1.50" else []
    assert sorted(found) == [*missing, ("image-high", 2_497_800, 3), ("line-colour", 599_500, 15)]

    again = await ended(client, await client.post("/v1/repricings", json=body))
    assert again["months"][0]["sums"]["changed"] == 0

    undo = {"undo": month["correction_id"], "reason": "contract was not signed"}
    undone = await client.post("/v1/corrections", json=undo)
    assert undone.status in {200, 201}, await undone.text()
    assert totals(database_url) == before
    assert verify(database_url).ok, verify(database_url).findings
    redone = await ended(client, await client.post("/v1/repricings", json=body))
    assert (redone["months"][0]["sums"]["changed"], totals(database_url)) == (24 if missing else 18, after)
    assert verify(database_url).ok, verify(database_url).findings


async def test_unpriced_lines_are_listed_previewed_and_priced(client, database_url):
    [group] = (await (await client.get("/v1/unpriced")).json())["items"]
    assert (group["book"], group["category"], group["lines"], group["jobs"]) == ("price", "image-high", 3, 3)
    assert "image-high" in group["reason"]
    lines = await (await client.get(f"/v1/unpriced/{group['id']}/lines?limit=2")).json()
    rest = await (await client.get(f"/v1/unpriced/{group['id']}/lines?cursor={lines['next']}")).json()
    assert [len(each["items"]) for each in (lines, rest)] == [2, 1]
    assert (await client.get("/v1/unpriced/nonsense/lines")).status == 404

    rates = [{"category": "line-colour", "per_m2": "9.99"}, {"category": "image-high", "per_m2": "5"}]
    await put_draft(database_url, price(ppu=rates))
    preview = await (await client.post("/v1/unpriced/preview", json={"price_list": "p"})).json()
    assert (preview["sums"]["lines"], preview["sums"]["newly_priced"]) == (3, 3)
    assert [row["key"] for row in preview["rows"]] == ["P-0"]

    nothing = await ended(client, await client.post("/v1/unpriced/price", json={}))
    assert [month["sums"]["changed"] for month in nothing["months"]] == [0]
    await client.post("/v1/price-books/p/publish")
    done = await ended(client, await client.post("/v1/unpriced/price", json={}))
    assert [month["sums"]["newly_priced"] for month in done["months"]] == [3]
    assert done["months"][0]["sums"]["price_after"] == preview["sums"]["price_after"]
    assert (await (await client.get("/v1/unpriced")).json())["items"] == []
    assert verify(database_url).ok, verify(database_url).findings


@pytest.mark.parametrize("minimum", ["0.00", "9.00"])
async def test_pricing_what_is_lacking_leaves_the_other_book_with_its_amounts_and_rules(
    client, database_url, minimum
):
    """A new cost list, with a minimum, is published as well: costs that are booked were not made by it."""
    new_cost = {**json.loads(COST), "minimum_per_job": "7.00", "ppu": [{"per_m2": "4"}]}
    pool = await open_pool(database_url, max_size=1)
    await publish(pool, json.dumps(new_cost), price(ppu=[{"per_m2": "5"}], minimum_per_job=minimum))
    await pool.close()
    done = await ended(client, await client.post("/v1/unpriced/price", json={}))
    sums = done["months"][0]["sums"]
    charges = (await (await client.get("/v1/charges?period=2026-10&limit=1000")).json())["items"]
    fresh = [each for each in charges if each["entry_kind"] == "reprice"]

    assert (sums["newly_priced"], sums["cost_after"]) == (3, sums["cost_before"])
    assert len(fresh) == (3 if minimum == "0.00" else 6)
    for each in fresh:
        told = await (await client.get(f"/v1/charges/{each['charge_id']}/explain")).json()
        assert (told["cost"]["note"], told["price"]["note"]) == (None, None)
    nothing = [] if minimum == "0.00" else ["what was booked stays, so nothing is added"]
    assert sorted({each["cost_rule"].split(":")[0] for each in fresh}) == ["c v1", *nothing]
    assert verify(database_url).ok, verify(database_url).findings


async def test_a_task_that_waits_is_called_off(client):
    missing = "00000000-0000-4000-8000-000000000000"
    assert (await client.get(f"/v1/what-if/{missing}")).status == 404
    assert (await client.delete("/v1/repricings/nonsense")).status == 404
    body = {"price_list": "p", "filter": {"period": "2026-10"}}
    done = await ended(client, await client.post("/v1/what-if", json=body))
    called_off = await (await client.delete(f"/v1/what-if/{done['id']}")).json()
    assert called_off["state"] == "done"
