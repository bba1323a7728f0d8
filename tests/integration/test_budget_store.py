"""Budgets over a real ledger: what is used is what the ledger's lines say, and no state is ever lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from services.accounting.budgets.budget import Budget
from services.accounting.budgets.store import Budgets, budgets_revision, load_budgets, load_uses
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.projects.store import Projects
from shared.errors import Conflict, NotFound
from shared.events.jobs import PersonRef
from shared.http.problems import PreconditionFailed
from shared.postgres import connect, open_pool
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish
from tests.unit.accounting.price_lists import a1_line, job

FIRST = datetime(2026, 9, 20, 12, tzinfo=UTC)
VALUES = {
    "period": "month",
    "amount_micro": 5_000_000,
    "hard": False,
    "thresholds": [50, 80, 100],
    "valid_from": None,
    "valid_until": None,
    "active": True,
}
DAY = date(2026, 11, 6)
OWNERS = {"project": "P-1", "department": "D-1", "customer": "C-1", "person": "user1"}
WINDOWS = (
    {"period": "month"},
    {"period": "quarter"},
    {"period": "year"},
    {"period": "total"},
    {"period": "total", "valid_from": date(2026, 10, 5)},
    {"period": "total", "valid_from": date(2026, 10, 5), "valid_until": date(2026, 12, 3)},
    {"period": "quarter", "valid_from": date(2026, 11, 3), "valid_until": date(2026, 11, 9)},
)
LINES = """
SELECT coalesce(sum(c.price_micro), 0) FROM accounting.charge AS c
JOIN accounting.project_key AS p USING (project_no) JOIN accounting.person AS w USING (person_no)
JOIN accounting.department_key AS d USING (department_no)
WHERE CASE %(kind)s WHEN 'project' THEN p.key = 'P-1' WHEN 'department' THEN d.key = 'D-1'
    WHEN 'customer' THEN p.key IN ('P-1', 'P-2') ELSE w.key = 'user1' END
  AND (%(first)s::date IS NULL OR c.day >= %(first)s) AND (%(end)s::date IS NULL OR c.day < %(end)s)
"""


@pytest.fixture
async def pool(database_url):
    opened = await open_pool(database_url, max_size=1)
    yield opened
    await opened.close()


@pytest.fixture
def budgets(pool):
    return Budgets(pool)


async def create(budgets, **changes):
    async with budgets.pool.connection() as connection:
        values = {"owner_kind": "project", "owner": "P-1", **VALUES, **changes}
        return await budgets.create(connection, values, by="ann")


async def test_what_is_used_is_what_the_lines_of_the_ledger_sum_to(pool, database_url):
    await publish(pool, COST, PRICES["own"])
    projects = Projects(pool)
    for code in ("P-1", "P-2"):
        await projects.put("project", code, {"name": code, "customer": "C-1", "active": True, "billable": True})
    jobs = [
        job(
            a1_line(category="line-colour"),
            completed_at=FIRST + number * timedelta(hours=7),
            job={"device_job_id": str(number), "source": "ipp"},
            project=f"P-{number % 4}",
            department=f"D-{number % 3}",
            person=PersonRef(claimed=f"user{number % 5}"),
        )
        for number in range(300)
    ]
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, jobs).jobs == 300
    writer.close()
    asked = [
        Budget(id=10 * kind + window, owner_kind=owner, owner=OWNERS[owner], amount_micro=1, **WINDOWS[window])
        for kind, owner in enumerate(OWNERS)
        for window in range(len(WINDOWS))
    ]
    async with pool.connection() as connection:
        uses = await load_uses(connection, asked, DAY, today=DAY)
        for each in asked:
            first, end = uses[each.id].window
            cursor = await connection.execute(LINES, {"kind": each.owner_kind, "first": first, "end": end})
            assert uses[each.id].use.used_micro == (await cursor.fetchone())[0] > 0, each


async def test_a_customer_s_budget_and_summary_follow_the_projects_that_name_it(budgets, pool, database_url):
    await publish(pool, COST, PRICES["own"])
    projects = Projects(pool)
    told = {"active": True, "billable": True}
    for code in ("P-1", "P-2"):
        await projects.put("project", code, {"name": code, "customer": "C-1", **told})
    lines = [
        job(a1_line(category="line-colour"), completed_at=FIRST, job={"device_job_id": code}, project=code)
        for code in ("P-1", "P-2")
    ]
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, lines).jobs == 2
    writer.close()
    made = [await create(budgets, owner_kind="customer", owner=each) for each in ("C-1", "C-2")]

    async def used():
        found = await budgets.uses(made, FIRST.date(), today=DAY)
        with connect(database_url) as connection:
            rows = connection.execute("SELECT customer, sum(price) FROM inkmeter.charges GROUP BY 1").fetchall()
        by_budget = {each.owner: found[each.id].use.used_micro for each in made}
        assert {owner: micro for owner, micro in by_budget.items() if micro} == {
            customer: int(price * 1_000_000) for customer, price in rows
        }
        return by_budget

    before = await used()
    await projects.put("project", "P-2", {"name": "P-2", "customer": "C-2", **told})
    after = await used()
    assert (before["C-2"], sum(before.values())) == (0, sum(after.values()))
    assert after["C-1"] == after["C-2"] > 0


async def test_what_is_held_for_allowed_jobs_counts_today_only(budgets, pool):
    made = [await create(budgets), await create(budgets, owner_kind="person", owner="ann", period="year")]
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO accounting.reservation "
            "VALUES ('a1', 'allow', now(), now() + interval '1 hour', 'a1', '', "
            "'ann', 'P-1', '', 700000, ''), ('a2', 'deny', now(), now() + interval '1 hour', 'a2', '', 'ann', "
            "'P-1', '', 900000, '')"
        )
    now = await budgets.uses(made, DAY, today=DAY)
    last_month = await budgets.uses(made, date(2026, 10, 31), today=DAY)

    assert [now[each.id].use.reserved_micro for each in made] == [700_000, 700_000]
    assert [last_month[each.id].use.reserved_micro for each in made] == [0, 700_000]


async def test_every_state_of_a_budget_is_kept(budgets, pool, database_url):
    made = await create(budgets)
    same = await budgets.change(made.id, VALUES, by="bob")
    more = await budgets.change(made.id, {**VALUES, "amount_micro": 9_000_000}, by="bob", if_match=made.etag)
    async with pool.connection() as connection:
        assert [each.amount_micro for each in await load_budgets(connection)] == [9_000_000]
        before = await budgets_revision(connection)
    await budgets.remove(made.id, by="eve", if_match=f'"0-0", {more.etag}')

    assert (same.etag, same.changed_by) == (made.etag, "ann")
    states = [(each.amount_micro, each.changed_by, each.removed) for each in await budgets.history(made.id)]
    assert states == [(9_000_000, "eve", True), (9_000_000, "bob", False), (5_000_000, "ann", False)]
    async with pool.connection() as connection:
        assert await budgets_revision(connection) == before + 1
        assert await load_budgets(connection) == []
    with pytest.raises(NotFound):
        await budgets.get(made.id)
    with connect(database_url) as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        connection.execute("DELETE FROM accounting.budget_history")


async def test_an_owner_has_one_budget_of_a_period_from_a_day_on(budgets):
    first = await create(budgets)
    later = await create(budgets, valid_from=date(2027, 1, 1))
    with pytest.raises(Conflict, match="P-1 has a budget by month"):
        await create(budgets)
    with pytest.raises(Conflict, match="let it end"):
        await budgets.change(later.id, VALUES, by="ann")
    with pytest.raises(PreconditionFailed):
        await budgets.change(first.id, VALUES, by="ann", if_match=later.etag)
