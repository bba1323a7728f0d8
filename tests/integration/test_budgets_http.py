"""Budgets over HTTP: made once, changed only as read, shown with what is left, never forgotten."""

from __future__ import annotations

import pytest_asyncio

from tests.integration.test_accounting_http import served

BUDGETS = "/v1/budgets"
BODY = {"owner_kind": "project", "owner": "P-1", "period": "quarter", "amount": "1250.5"}


@pytest_asyncio.fixture
async def client(database_url, tmp_path):
    async with served(database_url, tmp_path) as opened:
        yield opened


async def pointers(answer):
    return [error["pointer"] for error in (await answer.json())["errors"]]


async def test_a_budget_is_made_once_and_shown_with_its_window(client):
    key = {"Idempotency-Key": "k-1", "Inkmeter-Actor": "ann"}
    made = await client.post(BUDGETS, json=BODY, headers=key)
    again = await client.post(BUDGETS, json=BODY, headers=key)
    twice = await client.post(BUDGETS, json=BODY)
    shown = await client.get(f"{made.headers['Location']}?day=2026-11-26")
    item = await shown.json()

    assert (made.status, again.status, twice.status) == (201, 201, 409)
    assert (item["amount"], item["thresholds"], item["changed_by"]) == ("1250.50", [50, 80, 100], "ann")
    assert item["usage"] == {
        "first_day": "2026-10-01",
        "last_day": "2026-12-31",
        "used": "0.0000",
        "reserved": "0.0000",
        "left": "1250.5000",
        "percent": "0.0",
        "reached": [],
    }


async def test_a_budget_is_changed_as_read_and_its_states_are_kept(client):
    made = await client.post(BUDGETS, json=BODY)
    place = made.headers["Location"]
    change = {"period": "month", "amount": "10", "hard": True, "valid_until": "2027-01-01"}
    changed = await client.put(place, json=change, headers={"If-Match": made.headers["ETag"]})
    stale = await client.put(place, json=change, headers={"If-Match": made.headers["ETag"]})
    removed = await client.delete(place, headers={"If-Match": changed.headers["ETag"]})
    history = await (await client.get(f"{place}/history")).json()

    assert (changed.status, stale.status, removed.status) == (200, 412, 204)
    states = [(each["amount"], each["period"], each["removed"]) for each in history["items"]]
    assert states == [("10.00", "month", True), ("10.00", "month", False), ("1250.50", "quarter", False)]
    assert [(await client.get(each)).status for each in (place, f"{BUDGETS}/x", f"{BUDGETS}/{'9' * 30}")] == [
        404
    ] * 3


async def test_what_is_wrong_with_a_budget_is_pointed_at(client):
    wrong = {"amount": "0", "thresholds": [80, 50], "valid_from": "2026-02-01", "valid_until": "2026-02-01"}
    answer = await client.post(BUDGETS, json={**BODY, **wrong})
    others = [
        await pointers(await client.post(BUDGETS, json={**BODY, name: value}))
        for name, value in (("owner", " P"), ("amount", "1,50"), ("period", "week"), ("colour", "red"))
    ]

    assert answer.status == 422
    assert await pointers(answer) == ["/amount", "/thresholds", "/valid_until"]
    assert others == [["/owner"], ["/amount"], ["/period"], ["/colour"]]


async def test_the_first_and_the_last_days_of_the_calendar_are_days_like_others(client):
    """Other systems write 9999-12-31 where there is no end."""
    refused = await client.post(BUDGETS, json={**BODY, "valid_until": "0001-01-01"})
    assert (refused.status, await pointers(refused)) == (422, ["/valid_until"])
    made = await client.post(BUDGETS, json={**BODY, "valid_until": "9999-12-31"})
    place = made.headers["Location"]
    shown = [await client.get(f"{place}?day={day}") for day in ("0001-01-01", "9999-12-31")]
    listed = await client.get(f"{BUDGETS}?day=9999-10-01")

    assert [each.status for each in (*shown, listed)] == [200, 200, 200]
    [first, last] = [(await each.json())["usage"] for each in shown]
    assert (first["first_day"], first["last_day"]) == ("0001-01-01", "0001-03-31")
    assert (last["first_day"], last["last_day"]) == ("9999-10-01", "9999-12-30")


async def test_budgets_are_listed_by_owner_page_by_page(client):
    for number in range(3):
        for kind in ("project", "person"):
            await client.post(BUDGETS, json={**BODY, "owner_kind": kind, "owner": f"o{number}"})
    asked = f"{BUDGETS}?owner_kind=person&active=true&limit=2"
    first = await (await client.get(asked)).json()
    last = await (await client.get(f"{asked}&cursor={first['next']}")).json()
    one = await (await client.get(f"{BUDGETS}?owner=o1")).json()

    assert [each["owner"] for each in first["items"] + last["items"]] == ["o0", "o1", "o2"]
    assert last["next"] is None
    assert [each["owner_kind"] for each in one["items"]] == ["project", "person"]
