"""Projects, customers and departments in PostgreSQL: found by an index, ordered, deleted only without history."""

from __future__ import annotations

import pytest

from services.accounting.ledger.writer import LedgerWriter
from services.accounting.projects.store import FEW, QUERIES, Projects
from shared.errors import Conflict, NotFound
from shared.http.problems import PreconditionFailed
from shared.postgres import connect, open_pool
from tests.integration.ledger_events import COST
from tests.integration.ledger_posts import ZONE, post, publish
from tests.unit.accounting.price_lists import a1_line, job

MANY = (
    "INSERT INTO accounting.project (kind, code, name, customer) "
    "SELECT 'project', 'P-' || n, 'Project number ' || n, 'C-' || n % 100 FROM generate_series(1, 20000) AS n"
)


@pytest.fixture
async def pool(database_url):
    opened = await open_pool(database_url, max_size=1)
    yield opened
    await opened.close()


@pytest.fixture
def projects(pool):
    return Projects(pool)


async def codes(projects, kind="project", **asked):
    return [each.code for each in await projects.page(kind, limit=50, **asked)]


async def test_a_search_asks_neither_for_case_nor_for_accents(projects):
    await projects.put("project", "Ä-1", {"name": "Brücke Fördestraße", "customer": "KIEL"})
    await projects.put("customer", "KIEL", {"name": "Stadt Kiel, Tiefbauamt"})

    for text in ("a-1", "BRUCKE", "fördestrasse", "straße", "kiel", "tiefbau"):
        assert await codes(projects, search=text) == ["Ä-1"], text
    for text in ("1", "_", "%", "straße kiel", "ä-1\nbr"):
        assert await codes(projects, search=text) == [], text
    assert await codes(projects, "customer", search="STADT") == ["KIEL"]
    assert await codes(projects, customer="KIEL") == ["Ä-1"]
    assert await codes(projects, customer="kiel") == []


async def test_pages_follow_each_other_in_every_order(projects):
    names = {"b": "Ähre", "a": "zebra", "C": "Zebra", "d": "Berg", "e": "ahle"}
    for code, name in names.items():
        await projects.put("project", code, {"name": name})
    found = {}
    for sort in ("code", "name", "changed_at"):
        found[sort], after = [], None
        while page := await projects.page("project", limit=2, sort=sort, after=after):
            found[sort] += [each.code for each in page]
            after = page[-1].sort_key(sort)

    assert found == {
        "code": ["a", "b", "C", "d", "e"],
        "name": ["e", "b", "d", "C", "a"],
        "changed_at": ["e", "d", "C", "a", "b"],
    }


async def test_many_projects_are_searched_by_an_index(pool):
    asked = {"kind": "project", "active": None, "customer": None, "limit": 50, "after": "", "after_code": ""}
    query = QUERIES["search_projects"].replace("/* after */", "true").replace("/* order */", "code_folded, code")
    async with pool.connection() as connection:
        await connection.execute(MANY)
        await connection.execute("ANALYZE accounting.project")
        await connection.execute("SELECT accounting.settle_project_words()")
        cursor = await connection.execute(
            f"EXPLAIN {query}", {**asked, "q": "number 19999", "customers": [], "few": FEW}, prepare=False
        )
        plan = "\n".join(row[0] for row in await cursor.fetchall())

    assert "Seq Scan" not in plan
    for index in ("project_by_words", "project_by_folded_code"):
        assert f"Bitmap Index Scan on {index}" in plan, plan


async def test_a_search_that_finds_many_answers_as_one_that_finds_few(projects, monkeypatch):
    for number in range(40):
        values = {"name": f"Bridge {number % 7}", "active": number % 3 > 0, "customer": f"bri-{number % 2}"}
        await projects.put("project", f"{'bri' if number % 4 else 'x'}-{number}", values)
    for sort in ("code", "name", "changed_at"):
        for asked in (
            {"search": "bri"},
            {"search": "bri-1"},
            {"active": False},
            {"active": True, "search": "bri-"},
        ):
            few = await codes(projects, sort=sort, **asked)
            monkeypatch.setattr("services.accounting.projects.store.FEW", 3)
            assert few == await codes(projects, sort=sort, **asked)
            monkeypatch.setattr("services.accounting.projects.store.FEW", FEW)
            assert few


async def test_a_server_without_the_extension_answers_the_same(pool, projects):
    async with pool.connection() as connection:
        await connection.execute("DROP EXTENSION pg_trgm CASCADE")
    await projects.put("project", "P-1", {"name": "Bridge"})
    without = await codes(projects, search="ridg")
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT accounting.index_project_words()")).fetchone()

    assert (without, row[0], await codes(projects, search="ridg")) == (["P-1"], True, ["P-1"])


async def test_only_what_no_history_names_is_deleted(projects, database_url):
    for kind in ("project", "department", "customer"):
        for code in ("free", "charged", "budgeted"):
            await projects.put(kind, code, {"name": code, "customer": "charged" if kind == "project" else None})
    with connect(database_url) as connection:
        connection.execute("INSERT INTO accounting.project_key (key) VALUES ('charged')")
        connection.execute("INSERT INTO accounting.person (key, department) VALUES ('ann', 'charged')")
        connection.execute(
            "INSERT INTO accounting.budget (owner_kind, owner, period, amount_micro, thresholds, changed_by) "
            "SELECT kind, 'budgeted', 'year', 1, '{}', 'ann' "
            "FROM unnest('{project,department,customer}'::text[]) AS kind"
        )
        connection.execute("DELETE FROM accounting.budget")

    why = {"project": "jobs were charged", "department": "people belong", "customer": "projects name it"}
    for kind, reason in why.items():
        with pytest.raises(Conflict, match=f"{reason}.*set active to false"):
            await projects.delete(kind, "charged")
        with pytest.raises(Conflict, match="it had a budget"):
            await projects.delete(kind, "budgeted")
        await projects.delete(kind, "free")
        with pytest.raises(NotFound):
            await projects.get(kind, "free")


async def test_a_code_given_anew_is_no_longer_what_was_read(projects):
    old, _ = await projects.put("project", "P-1", {"name": "Bridge"})
    await projects.delete("project", "P-1", if_match=old.etag)
    new, is_new = await projects.put("project", "P-1", {"name": "Bridge"})

    assert is_new
    assert new.etag != old.etag
    with pytest.raises(PreconditionFailed):
        await projects.patch("project", "P-1", {"active": False}, if_match=old.etag)


async def test_a_patch_leaves_the_rest_as_it_is(projects):
    await projects.put("project", "P-1", {"name": "Bridge", "people": ["ann"], "customer": "C", "notes": "n"})
    changed = await projects.patch("project", "P-1", {"active": False, "customer": None})

    assert (changed.name, changed.people, changed.notes) == ("Bridge", ["ann"], "n")
    assert (changed.active, changed.customer, changed.revision) == (False, None, 2)


async def test_a_job_that_does_not_say_is_as_billable_as_its_project(pool, projects, database_url):
    await publish(pool, COST)
    await projects.put("project", "INT", {"name": "Internal", "billable": False})
    writer = LedgerWriter(database_url, ZONE)
    told = (("INT", None), ("INT", True), ("P-1", None), ("P-1", False), (None, None))
    jobs = [
        job(a1_line(), project=project, billable=billable, job={"device_job_id": str(number), "source": "ipp"})
        for number, (project, billable) in enumerate(told)
    ]
    post(writer, jobs)
    writer.close()

    with connect(database_url) as connection:
        rows = connection.execute(
            "SELECT billable FROM accounting.charge JOIN accounting.job USING (job_id) ORDER BY device_job_id"
        ).fetchall()
    assert [row[0] for row in rows] == [False, True, True, False, True]
