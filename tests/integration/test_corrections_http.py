"""`/v1/corrections`: previewed, made once, shown, undone; and refused where they are unclear or come too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest_asyncio

from services.accounting.cli.explanations import explanation_lines
from services.accounting.ledger.writer import LedgerWriter
from shared.postgres import connect, open_pool
from tests.integration.amended import assert_all_is_well
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish
from tests.integration.test_accounting_http import served
from tests.unit.accounting.price_lists import a1_line, job

OCTOBER = datetime(2026, 10, 14, 12, tzinfo=UTC)
PATH = "/v1/corrections"


def jobs():
    """Twelve jobs of two lines, by turns for three projects."""
    return [
        job(
            a1_line(category="line-colour"),
            a1_line(category="line-colour", media="gloss"),
            completed_at=OCTOBER + number * timedelta(hours=7),
            job={"device_job_id": str(number), "source": "ipp"},
            project=f"P-{number % 3}",
        )
        for number in range(12)
    ]


@pytest_asyncio.fixture
async def client(database_url, tmp_path):
    pool = await open_pool(database_url, max_size=1)
    await publish(pool, COST, PRICES["own"])
    await pool.close()
    writer = LedgerWriter(database_url, ZONE)
    post(writer, jobs())
    writer.close()
    async with served(database_url, tmp_path, timezone=ZONE.key) as opened:
        yield opened


async def make(client, status=201, headers=None, **body):
    answer = await client.post(PATH, json={"reason": "as asked", **body}, headers=headers or {})
    told = await answer.json()
    assert answer.status == status, told
    return told


def projects(database_url):
    with connect(database_url) as connection:
        rows = connection.execute(
            "SELECT * FROM inkmeter.summary('project', '2026-01-01', '2026-12-31')"
        ).fetchall()
    return {row[0]: (row[2], row[9]) for row in rows if any(row[2:])}


async def test_a_bulk_correction_is_previewed_made_shown_and_undone(client, database_url):
    before = projects(database_url)
    wanted = {"change": {"project": "P-9"}, "filter": {"project": ["P-1"], "period": "2026-10"}}
    preview = await make(client, 200, dry_run=True, **wanted)
    assert projects(database_url) == before
    assert (preview["id"], preview["lines"], preview["booked"]) == (None, 8, [{"month": "2026-10", "lines": 8}])
    shown = {each["project"]: (each["before"]["jobs"], each["after"]["jobs"]) for each in preview["projects"]}
    assert shown == {"P-1": (4, 0), "P-9": (0, 4)}
    assert preview["total"]["before"] == preview["total"]["after"]

    made = await make(client, headers={"Inkmeter-Actor": "anna"}, expect_lines=8, **wanted)
    assert {**made, "id": None, "actor": 0, "made_at": 0, "dry_run": True} == {**preview, "actor": 0, "made_at": 0}
    after = projects(database_url)
    assert (after["P-9"], "P-1" in after) == (before["P-1"], False)
    again = await make(client, 200, change={"project": "P-9"}, filter={"project": ["P-9"]})
    assert (again["id"], again["lines"], again["unchanged"]) == (None, 0, 8)

    answer = await client.get(f"{PATH}/{made['id']}?limit=5")
    detail = await answer.json()
    assert answer.status == 200, detail
    rest = await (await client.get(f"{PATH}/{made['id']}?limit=5&cursor={detail['next']}")).json()
    assert (len(detail["entries"]), len(rest["entries"]), rest["next"]) == (5, 3, None)
    assert (detail["actor"], detail["reason"], detail["kind"]) == ("anna", "as asked", "correction")
    assert detail["request"] == {
        **wanted,
        "filter": {"project": ["P-1"], "period": ["2026-10"]},
        "expect_lines": 8,
    }
    entry = detail["entries"][0]
    assert (entry["before"]["project"], entry["after"]["project"], entry["revision"]) == ("P-1", "P-9", 1)

    undone = await make(client, undo=made["id"])
    assert undone["lines"] == 8
    assert projects(database_url) == before
    listed = (await (await client.get(PATH)).json())["items"]
    assert [(each["kind"], each["undoes"], each["undone_by"]) for each in listed] == [
        ("undo", made["id"], None),
        ("correction", None, undone["id"]),
    ]
    await make(client, 409, undo=made["id"])
    assert_all_is_well(database_url)


async def test_single_charges_are_marked_voided_and_found_by_the_ids_of_their_legs(client, database_url):
    charge = (await (await client.get("/v1/charges?limit=1")).json())["items"][0]["charge_id"]
    made = await make(client, change={"billable": False}, charges=[charge])
    leg = (await (await client.get(f"{PATH}/{made['id']}")).json())["entries"][0]
    assert (leg["charge_id"], leg["after"]["billable"]) == (charge, False)
    voided = await make(client, void=True, charges=[leg["new_id"]])
    assert (voided["kind"], voided["total"]["after"]["lines"]) == ("void", 0)
    assert (await make(client, 200, change={"billable": True}, charges=[charge]))["lines"] == 0, "it is void"
    with connect(database_url) as connection:
        job_id = connection.execute("SELECT job_id::text FROM inkmeter.charges WHERE correction_id = 1 LIMIT 1")
        [job_id] = job_id.fetchone()
    assert (await make(client, change={"person": "carl"}, jobs=[job_id]))["lines"] == 1, "the other line"
    assert_all_is_well(database_url)


async def test_a_minimum_charge_goes_with_the_lines_of_its_job(client, database_url):
    """Also where a filter, such as one of category, lets only the lines themselves pass."""
    pool = await open_pool(database_url, max_size=1)
    await publish(pool, PRICES["minimum"])
    await pool.close()
    writer = LedgerWriter(database_url, ZONE)
    small = job(
        a1_line(category="line-colour"),
        a1_line(category="line-colour", media="gloss"),
        completed_at=OCTOBER,
        job={"device_job_id": "small", "source": "ipp"},
        project="P-MIN",
    )
    post(writer, [small], first_offset=len(jobs()))
    writer.close()
    assert str(projects(database_url)["P-MIN"][1]) == "5.000000"

    await make(client, change={"project": "P-HALF"}, filter={"project": ["P-MIN"], "media": ["gloss"]})
    assert {"P-MIN", "P-HALF"} < set(projects(database_url)), "one line is left, and the minimum with it"
    first = {"project": ["P-MIN"], "category": ["line-colour"]}
    moved = await make(client, change={"project": "P-MIN2"}, filter=first)
    assert moved["lines"] == 1, "the other line is elsewhere"
    await make(client, undo=moved["id"])

    voided = await make(client, void=True, filter={"project": ["P-MIN", "P-HALF"], "category": ["line-colour"]})
    assert voided["lines"] == 3
    assert {"P-MIN", "P-HALF"}.isdisjoint(projects(database_url)), "nothing of it is charged any more"
    await make(client, undo=voided["id"])
    assert str(projects(database_url)["P-MIN"][1]) != "0.000000"
    assert_all_is_well(database_url)


async def test_a_request_sent_twice_under_one_key_corrects_once(client, database_url):
    body = {"change": {"project": "P-2"}, "filter": {"project": ["P-1"]}}
    first = await make(client, headers={"Idempotency-Key": "k"}, **body)
    assert await make(client, headers={"Idempotency-Key": "k"}, **body) == first
    assert len((await (await client.get(PATH)).json())["items"]) == 1
    await make(client, 422, headers={"Idempotency-Key": "k"}, **{**body, "change": {"project": "P-3"}})
    assert_all_is_well(database_url)


async def test_what_is_unclear_unknown_closed_or_unexpected_is_refused_and_changes_nothing(client, database_url):
    before = projects(database_url)
    one = {"filter": {"project": ["P-1"]}}
    to = {"change": {"project": "P-7"}}
    for body in (
        one,
        to,
        {**one, **to, "void": True},
        {**one, **to, "charges": ["1.0"]},
        {**one, "change": {}},
        {**one, "change": {"colour": "red"}},
        {**one, "change": {"person": " bob"}},
        {**one, "change": {"department": "D\0"}},
        {**one, **to, "reason": "  "},
        {**one, **to, "reason": "a\0b"},
        {**one, **to, "reason": "x" * 501},
        {**one, "undo": "1"},
        {**to, "filter": {}},
        {**to, "filter": {"period": "someday"}},
        {**to, "charges": ["7"]},
        {**to, "charges": []},
    ):
        await make(client, 422, **body)
    for body in (
        {**to, "charges": ["99.0"]},
        {**to, "charges": ["9999999999999999999.0"]},
        {**to, "jobs": ["00000000-0000-0000-0000-000000000001"]},
        {"undo": "77"},
    ):
        await make(client, 404, **body)
    await make(client, 409, **one, **to, expect_lines=7)
    await client.put("/v1/projects/P-7", json={"name": "Old site", "active": False})
    assert "not active" in (await make(client, 409, **one, **to))["detail"].lower()
    assert projects(database_url) == before
    assert (await (await client.get(PATH)).json())["items"] == []
    await make(client, **one, **to, force=True)
    for path in ("/v1/corrections/x", "/v1/corrections/99"):
        assert (await client.get(path)).status == 404
    assert_all_is_well(database_url)


async def test_a_late_correction_of_a_closed_month_says_where_it_is_booked(client, database_url):
    closed = await client.post("/v1/periods/2026-10/close", headers={"Inkmeter-Actor": "bea"})
    assert (closed.status, (await closed.json())["actor"]) == (200, "bea")
    made = await make(client, change={"department": "D"}, filter={"project": ["P-1"]})
    assert made["booked"] == [{"month": "2026-11", "lines": 8}]
    months = (await (await client.get("/v1/periods")).json())["items"]
    assert [(each["month"], each["state"], each["jobs"]) for each in months] == [
        ("2026-11", "open", 0),
        ("2026-10", "closed", 12),
    ]
    assert months[1]["late"] == {"lines": 16, "jobs": 0, "cost": "0.000000", "price": "0.000000"}
    assert (await client.post("/v1/periods/2026-11/close")).status == 409
    assert (await client.post("/v1/periods/soon/close")).status == 422
    page = await (await client.get("/v1/periods?limit=1")).json()
    rest = await (await client.get(f"/v1/periods?limit=1&cursor={page['next']}")).json()
    assert (rest["items"][0]["month"], rest["next"]) == ("2026-10", None)
    assert_all_is_well(database_url)


async def test_corrections_are_found_by_who_what_and_when(client, database_url):
    await make(client, headers={"Inkmeter-Actor": "anna"}, void=True, filter={"project": ["P-0"]})
    await make(client, headers={"Inkmeter-Actor": "bea"}, change={"person": "y"}, filter={"project": ["P-1"]})
    await make(client, headers={"Inkmeter-Actor": "bea"}, change={"person": "x"}, filter={"project": ["P-2"]})

    async def found(query):
        return [each["id"] for each in (await (await client.get(f"{PATH}?{query}")).json())["items"]]

    assert await found("actor=bea") == ["3", "2"]
    assert await found("kind=void&period=today") == ["1"]
    assert await found("period=2020") == []
    page = await (await client.get(f"{PATH}?limit=2")).json()
    assert await found(f"limit=2&cursor={page['next']}") == ["1"]
    assert_all_is_well(database_url)


async def test_an_amended_line_is_explained_in_each_of_its_states(client, database_url):
    charge = (await (await client.get("/v1/charges?limit=1&entry_kind=charge")).json())["items"][0]["charge_id"]
    moved = await make(client, headers={"Inkmeter-Actor": "anna"}, change={"project": "P-9"}, charges=[charge])
    await make(client, headers={"Inkmeter-Actor": "bea"}, void=True, reason="a misprint", charges=[charge])
    leg = (await (await client.get(f"{PATH}/{moved['id']}")).json())["entries"][0]

    async def explained(charge_id):
        answer = await client.get(f"/v1/charges/{charge_id}/explain")
        assert answer.status == 200, await answer.text()
        return await answer.json()

    first, back, new = [await explained(each) for each in (charge, leg["void_id"], leg["new_id"])]
    assert [each["entry_kind"] for each in (first, back, new)] == ["charge", "void", "correction"]
    assert [each["takes_back"] for each in (first, back, new)] == [False, True, False]
    assert first["price"] == back["price"] == new["price"]
    assert first["price"]["exact"] is not None
    told = [(each["entry_kind"], each["project"], each["actor"], each["reason"]) for each in new["history"]]
    assert told[1:] == [("correction", "P-9", "anna", "as asked"), ("void", "P-9", "bea", "a misprint")]
    assert [each["explained"] for each in new["history"]] == [False, True, False]
    assert [each["explained"] for each in back["history"]] == [True, False, False]
    lines = "\n".join(explanation_lines(back))
    assert "takes back" in lines
    assert "correction 1 by anna: as asked" in lines
    assert (await client.get(f"/v1/charges/{int(leg['new_id'].split('.')[0]) + 2}.0/explain")).status == 404
