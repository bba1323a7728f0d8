"""Files of projects, customers, departments and budgets over HTTP: tried, taken whole or in part, and told."""

from __future__ import annotations

from io import BytesIO

import pytest_asyncio

from shared.postgres import connect
from tests.integration.test_accounting_http import TOML, served
from tests.jobs import PRICE_LIST

CSV = {"Content-Type": "text/csv"}
LINES = 50_000
BAD_EVERY = 100
COUNTS = ("new", "changed", "unchanged", "rejected", "deactivated")


@pytest_asyncio.fixture
async def client(database_url, tmp_path):
    async with served(database_url, tmp_path) as opened:
        yield opened


async def take(client, text, path="/v1/projects", **query):
    raw = text if isinstance(text, bytes) else text.encode()
    answer = await client.post(f"{path}/import", data=BytesIO(raw), headers=CSV, params=query)
    return answer.status, await answer.json()


def counts(result):
    return tuple(result[name] for name in COUNTS)


async def test_a_file_is_tried_taken_and_changes_nothing_the_second_time(client):
    file = "code,name,billable\nP-1,Bridge,no\nP-2,=Tunnel,\n"
    tried = await take(client, file, dry_run="true")
    before = await (await client.get("/v1/projects")).json()
    taken = await take(client, file)
    again = await take(client, file)
    renamed = await take(client, "code,name\nP-1,Pier\n")
    left = await (await client.get("/v1/projects/P-1")).json()

    assert [counts(result) for _, result in (tried, taken, again, renamed)] == [
        (2, 0, 0, 0, 0), (2, 0, 0, 0, 0), (0, 0, 2, 0, 0), (0, 1, 0, 0, 0),
    ]  # fmt: skip
    assert before["items"] == []
    assert (left["name"], left["billable"]) == ("Pier", False)


async def test_one_bad_line_refuses_all_unless_bad_ones_are_skipped(client):
    file = "code,name,active\nP-1,Bridge,perhaps\nP-2,Tunnel,yes\n"
    status, problem = await take(client, file)
    tried = await take(client, file, dry_run="true")
    skipped = await take(client, file, on_error="skip")
    unnamed = await take(client, "code,active\nP-9,no\nP-2,no\n", on_error="skip")
    broken = await take(client, 'code,name\nP-1,"Bridge\n', on_error="skip")

    assert (status, problem["errors"][0]["pointer"]) == (422, "line 2, column active")
    assert [counts(result) for _, result in (tried, skipped, unnamed)] == [
        (1, 0, 0, 1, 0), (1, 0, 0, 1, 0), (0, 1, 0, 1, 0),
    ]  # fmt: skip
    assert skipped[1]["errors"] == [{"line": 2, "column": "active", "detail": "must be yes or no, not 'perhaps'"}]
    assert unnamed[1]["errors"][0]["detail"] == "is new, so it needs a name"
    assert broken[0] == 422


async def test_what_a_file_does_not_name_becomes_inactive_only_when_asked_for(client):
    await take(client, "code,name\nP-1,Bridge\nP-2,Tunnel\n")
    kept = await take(client, "code,name\nP-1,Bridge\n")
    unsure = await take(client, "code,name\nP-1,\n", deactivate_missing="true", on_error="skip")
    asked = await take(client, "code,name\nP-1,Bridge\n", deactivate_missing="true")
    nothing = await take(client, "code,name\n", deactivate_missing="true")
    active = await (await client.get("/v1/projects?active=true")).json()

    assert (counts(kept[1]), counts(asked[1])) == ((0, 0, 1, 0, 0), (0, 0, 1, 0, 1))
    for refused in (unsure, nothing):
        assert (refused[0], refused[1]["errors"][0]["pointer"]) == (422, "deactivate_missing")
    assert [each["code"] for each in active["items"]] == ["P-1"]


async def test_a_price_list_is_named_by_file_and_by_hand(client):
    await client.post("/v1/price-books", data=PRICE_LIST, headers=TOML)
    taken = await take(client, "code,name,price_list\nP-1,Bridge,standard\nP-2,Tunnel,none\n", on_error="skip")
    again = await take(client, "code,name,price_list\nP-1,Bridge,standard\n")
    shown = await (await client.get("/v1/projects/P-1")).json()
    await client.patch("/v1/projects/P-1", json={"price_list": None})
    put = await client.put("/v1/customers/KIEL", json={"name": "Kiel", "price_list": "standard"})
    wrong = await client.patch("/v1/projects/P-1", json={"price_list": "none"})
    listed = await (await client.get("/v1/projects")).json()

    assert (counts(taken[1]), counts(again[1])) == ((1, 0, 0, 1, 0), (0, 0, 1, 0, 0))
    assert taken[1]["errors"][0]["detail"] == "there is no price list 'none'"
    assert (shown["price_list"], (await put.json())["price_list"]) == ("standard", "standard")
    assert (wrong.status, (await wrong.json())["errors"][0]["pointer"]) == (422, "/price_list")
    assert [each["price_list"] for each in listed["items"]] == [None]


async def test_what_is_exported_can_be_imported_and_changes_nothing(client):
    odd = {"name": "=SUM(A1)", "customer": "'+x", "people": ["CORP\\ann", "a|b"], "notes": 'two\nlines, "quoted"'}
    await client.put("/v1/projects/-1", json=odd)
    await client.put("/v1/customers/K", json={"name": "Kiel; Förde"})
    await client.put("/v1/departments/D", json={"name": "D", "active": False})
    budget = {"owner_kind": "person", "owner": "ann", "period": "year", "amount": "12.5", "thresholds": []}
    await client.post("/v1/budgets", json=budget)
    for path in ("/v1/projects", "/v1/customers", "/v1/departments", "/v1/budgets"):
        answer = await client.get(f"{path}/export")
        raw = await answer.read()
        assert answer.headers["Content-Disposition"].startswith("attachment"), path
        assert b"\n=" not in raw, path
        assert counts((await take(client, raw, path))[1]) == (0, 0, 1, 0, 0), path
        template = await client.get(f"{path}/import-template")
        assert (await take(client, await template.read(), path, dry_run="true"))[0] == 200, path


async def test_fifty_thousand_lines_with_one_in_a_hundred_bad_are_taken_but_for_those(client, database_url):
    lines = [f"P-{n};Projekt Brücke {n};{'?' if n % BAD_EVERY == 0 else 'ja'}" for n in range(1, LINES + 1)]
    file = "\n".join(["Code;Name;Billable", *lines]).encode("cp1252")
    refused, problem = await take(client, file)
    taken = await take(client, file, on_error="skip")
    again = await take(client, file, on_error="skip", dry_run="true")

    bad = LINES // BAD_EVERY
    assert (refused, len(problem["errors"])) == (422, 100)
    assert counts(taken[1]) == (LINES - bad, 0, 0, bad, 0)
    assert counts(again[1]) == (0, 0, LINES - bad, bad, 0)
    assert (taken[1]["encoding"], taken[1]["separator"]) == ("cp1252", ";")
    assert taken[1]["errors"][0] == {"line": 101, "column": "billable", "detail": "must be yes or no, not '?'"}
    with connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM accounting.project WHERE told_revision < revision"
        ).fetchone()
    assert row == (LINES - bad,)


async def test_budgets_are_taken_by_file_and_their_states_are_kept(client, database_url):
    head = "owner_kind;owner;period;amount;valid_from\n"
    first = await take(
        client, f"{head}project;P-1;month;1.250,50;\nperson;ann;year;99,5;2026-01-01\n", "/v1/budgets"
    )
    second = await take(client, f"{head}project;P-1;month;1.000,00;\n", "/v1/budgets", deactivate_missing="true")
    listed = await (await client.get("/v1/budgets")).json()

    assert (counts(first[1]), first[1]["decimal_mark"]) == ((2, 0, 0, 0, 0), ",")
    assert counts(second[1]) == (0, 1, 0, 0, 1)
    states = [(each["owner"], each["amount"], each["active"]) for each in listed["items"]]
    assert sorted(states) == [("P-1", "1000.00", True), ("ann", "99.50", False)]
    with connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM accounting.budget_history").fetchone() == (4,)
