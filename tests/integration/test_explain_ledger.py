"""Every line that the ledger holds is explained by the very amount that it holds, whatever made it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio
from psycopg.rows import dict_row

from services.accounting.books.assignments import assign
from services.accounting.browse.charges import Charges
from services.accounting.event_codes import OUTCOME
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.projects.store import Projects
from shared.events.jobs import PrinterRef
from shared.postgres import open_pool
from tests.integration.ledger_events import COST, KINDS, START, documents, places
from tests.integration.ledger_posts import ZONE, post, publish
from tests.unit.accounting.price_lists import MODEL, a1_line, job

LINES = [
    a1_line(),
    a1_line(category="line-colour", media="gloss"),
    a1_line(category="line-colour", media="plain", sheets=3),
    a1_line(ink_ul={"cyan": 1_000}, media=None),
    a1_line(ink_ul={"cyan": 7, "magenta": 0}, category="image-high"),
    a1_line(width_um=210_000, length_um=297_000, colour_mode="mono", impressions=11, ink_ul=None),
    a1_line(ink_ul=None, finishing=["bind", "staple"]),
    a1_line(used_area_mm2=None),
    a1_line(printed_area_mm2=None, ink_ul=None),
    a1_line(printed_area_mm2=0, used_area_mm2=0, ink_ul={"black": 0}),
]


@pytest_asyncio.fixture
async def pool(database_url):
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def writer(database_url):
    opened = LedgerWriter(database_url, ZONE)
    yield opened
    opened.close()


def jobs():
    """Jobs of every kind, the first before there is a cost list, with one and with several lines."""
    found = []
    for number, line in enumerate(LINES):
        for kind in ("print", "scan"):
            completed = START + timedelta(minutes=13 * len(found))
            reference = {"device_job_id": f"{number}-{kind}"}
            lines = (line, LINES[1]) if kind == "print" else (line,)
            outcome = sorted(OUTCOME)[number % len(OUTCOME)]
            more = {
                "project": f"P-{1 + number % 2}",
                "printer": PrinterRef(id=f"printer-{number % 2}", model=MODEL),
            }
            found.append(job(*lines, completed_at=completed, kind=kind, outcome=outcome, job=reference, **more))
    return found


async def everything(pool):
    """All lines of the ledger."""
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT charge_id, entry_kind FROM inkmeter.charges")
        return await cursor.fetchall()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_amount_of_the_ledger_comes_out_again(pool, writer, kind):
    await publish(pool, COST, *documents(kind))
    async with pool.connection() as connection:
        for place, name in places(kind):
            await assign(connection, place, name, by="test")
    outcome = post(writer, jobs())
    charges = Charges(pool, currency="EUR", zone=ZONE)
    rows = await everything(pool)

    assert outcome.lines == len(rows) >= 30
    assert any(row["entry_kind"] == "minimum" for row in rows) == (kind not in {"markup", "own"})
    priced = 0
    for row in rows:
        explained = await charges.explain(row["charge_id"])
        for book in (explained.cost, explained.price):
            assert book.note is None, (row["charge_id"], book)
            assert [each.chosen for each in book.candidates].count(True) == (book.price_list is not None)
            assert (book.amount is None) == bool(book.unpriced)
            priced += book.amount is not None
    assert priced >= 20


async def test_a_search_among_many_projects_stays_quick(pool):
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO accounting.project (kind, code, name) "
            "SELECT 'project', 'P-' || n, 'Project number ' || n FROM generate_series(1, 100000) AS n"
        )
        await connection.execute("ANALYZE accounting.project")

    found = await Projects(pool).page("project", limit=50, search="number 99999")

    assert [each.code for each in found] == ["P-99999"]
