"""Lists of jobs and ledger lines over HTTP: every filter, order and page, and the totals, after changes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, get_args

import psycopg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner, Result
from psycopg.rows import dict_row

from services.accounting.browse.charges import Charges
from services.accounting.browse.lists import Lists
from services.accounting.http.charges import ChargeApi
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.sorting import Sort
from services.cli import root
from shared.clock import FixedClock
from shared.events import JobCompleted
from shared.events.jobs import PersonRef
from shared.health import Readiness
from shared.http.app import make_app
from shared.postgres import Pool, open_pool
from tests.integration.amended import amend, assert_all_is_well
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish
from tests.unit.accounting.price_lists import a1_line, job

TOKEN: Final = "a-token-of-the-tests"
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST: Final = datetime(2026, 10, 29, 20, 30, tzinfo=UTC)
LINES: Final = (
    a1_line(category="line-colour", media="gloss"),
    a1_line(category="line-colour", media="plain", sheets=3),
    a1_line(category="image-high", ink_ul=None),
    a1_line(used_area_mm2=None, media="plain"),
)
SUMMED: Final = (
    "printed_area_m2", "used_area_m2", "ink_ml", "impressions", "sheets", "cost", "price", "unpriced_lines",
)  # fmt: skip


def jobs() -> list[JobCompleted]:
    """Sixty jobs over the end of a month, some below the minimum, some lines unpriced, many keys the same."""
    return [
        job(
            *LINES[number % 4 : number % 4 + 1 + number % 3],
            completed_at=FIRST + number * timedelta(minutes=97),
            job={"device_job_id": str(number), "source": "ipp"},
            kind=("print", "copy")[number % 2],
            outcome="aborted" if number % 7 == 0 else "completed",
            project=f"P-{number % 4}" if number % 4 else None,
            department=f"D-{number % 3}",
            person=PersonRef(claimed=f"user{number % 5}"),
            billable=number % 6 != 0,
        )
        for number in range(60)
    ]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=2, statement_timeout_s=10)
    await publish(opened, COST, PRICES["minimum"])
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, jobs()).jobs == 60
    writer.close()
    async with opened.connection() as connection:
        await connection.execute("INSERT INTO accounting.project_key (key) VALUES ('P-9')")
        await connection.execute(
            "INSERT INTO accounting.project (kind, code, name, customer) VALUES ('project', 'P-1', 'Quay', 'CITY')"
        )
        await connection.execute("UPDATE accounting.printer SET printer_group = 'cad' WHERE printer_no <> 0")
    yield opened
    await opened.close()


@pytest.fixture
async def changed(pool: Pool, database_url: str) -> None:
    """Some jobs go to another project, some lines are voided, some are priced anew."""
    ninth = "(SELECT project_no FROM accounting.project_key WHERE key = 'P-9')"
    await amend(pool, "correction", where="kind = 2 AND line = 0", project=ninth)
    await amend(pool, "void", where="outcome = 4 AND person_no % 2 = 0")
    await amend(pool, "reprice", where="NOT voided AND department_no = 2", price="1234567")
    assert_all_is_well(database_url)


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[TestClient[Any, Any]]:
    api = ChargeApi(Charges(pool, currency="EUR", zone=ZONE), Lists(pool), FixedClock(NOW), timezone=str(ZONE))
    app = make_app("accounting", api.routes(), readiness=Readiness(), token=TOKEN)
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as made:
        yield made


async def every(client: TestClient[Any, Any], path: str, limit: int = 7) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await client.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}")
        page = await answer.json()
        assert answer.status == 200, page
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


def view(url: str, name: str) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(f"SELECT * FROM inkmeter.{name}".encode()).fetchall()


def key(path: str, item: dict[str, Any]) -> str:
    return str(item["job_id"]) if path == "jobs" else str(item["charge_id"])


@pytest.mark.parametrize("path", ["jobs", "charges"])
async def test_every_order_shows_everything_once_page_by_page(client, changed, database_url, path):
    expected = view(database_url, path)
    for sort in get_args(Sort):
        await assert_ordered(client, path, sort, expected)


async def assert_ordered(
    client: TestClient[Any, Any], path: str, sort: str, expected: list[dict[str, Any]]
) -> None:
    items = await every(client, f"/v1/{path}?sort={sort}", 23)
    assert sorted(key(path, item) for item in items) == sorted(key(path, row) for row in expected)
    found = [item.get(sort.removeprefix("-")) for item in items]
    told = [value for value in found if value is not None]
    assert found[: len(told)] == told, "what has no value comes last"
    for before, after in pairwise(told):
        one, other = comparable(before), comparable(after)
        assert one >= other if sort.startswith("-") else one <= other


def comparable(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) or re.fullmatch(r"-?[0-9.]+", value) else value


WHICH: Final[dict[str, Callable[[dict[str, Any]], bool]]] = {
    "project=P-9": lambda line: line["project"] == "P-9",
    "project=P-1&project=P-2": lambda line: line["project"] in {"P-1", "P-2"},
    "project=": lambda line: line["project"] == "",
    "customer=CITY": lambda line: line["project"] == "P-1",
    "customer=": lambda line: line["project"] != "P-1",
    "person=user1&kind=copy": lambda line: line["person"] == "user1" and line["kind"] == "copy",
    "status=aborted": lambda line: line["outcome"] == "aborted",
    "media=gloss": lambda line: line["media"] == "gloss",
    "category=image-high&department=D-1": lambda line: (
        (line["category"], line["department"]) == ("image-high", "D-1")
    ),
    "billable=false": lambda line: not line["billable"],
    "unpriced=true": lambda line: line["unpriced_lines"] != 0,
    "group=cad": lambda _: True,
    "group=office": lambda _: False,
    "printer=nowhere": lambda _: False,
    "entry_kind=minimum": lambda line: line["entry_kind"] == "minimum",
    "period=2026-10": lambda line: line["completed_at"] < datetime(2026, 10, 31, 23, tzinfo=UTC),
}


async def test_filters_leave_the_ledger_lines_that_they_name(client, changed, database_url):
    legs = view(database_url, "charges")
    for asked, is_wanted in WHICH.items():
        wanted = [row["charge_id"] for row in legs if is_wanted(row)]
        items = await every(client, f"/v1/charges?{asked}", 200)
        assert sorted(item["charge_id"] for item in items) == sorted(wanted), asked


@pytest.mark.parametrize("path", ["jobs", "charges"])
async def test_totals_are_the_sums_of_all_pages(client, changed, path):
    for asked in [*WHICH, ""]:
        items = await every(client, f"/v1/{path}?{asked}", 200)
        page = await (await client.get(f"/v1/{path}?{asked}&totals=true&limit=1")).json()
        totals = page["totals"]
        for name in SUMMED:
            shown = sum(Decimal(item.get(name, 0)) for item in items)
            if name != "unpriced_lines" or path == "jobs":
                assert Decimal(totals[name]) == shown, (asked, name)
        if path == "jobs":
            assert totals["jobs"] == len(items)
        else:
            assert totals["entries"] == len(items)
    assert "totals" not in await (await client.get("/v1/jobs")).json()


CURRENT: Final = """
SELECT c.job_id::text, p.key AS person, x.key AS project, d.key AS department, c.billable, k.code AS kind,
    o.code AS outcome, m.key AS media, g.key AS category, c.unpriced_lines, c.occurred_at AS completed_at,
    e.code AS entry_kind
FROM accounting.current_line AS c JOIN accounting.person AS p USING (person_no)
JOIN accounting.project_key AS x USING (project_no) JOIN accounting.department_key AS d USING (department_no)
JOIN accounting.media AS m USING (media_no) JOIN accounting.category AS g USING (category_no)
JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = c.outcome
JOIN accounting.code AS e ON e.what = 'entry_kind' AND e.no = c.entry_kind"""


async def test_a_job_is_listed_when_a_line_of_its_present_state_is_wanted(client, changed, database_url):
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        lines = connection.execute(CURRENT).fetchall()
    for asked, is_wanted in WHICH.items():
        wanted = {row["job_id"] for row in lines if is_wanted(row)}
        for sort in ("-completed_at", "completed_at", "-price"):
            items = await every(client, f"/v1/jobs?{asked}&sort={sort}", 40)
            assert sorted(item["job_id"] for item in items) == sorted(wanted), (asked, sort)


async def test_jobs_show_their_present_state(client, changed, database_url):
    expected = {str(row["job_id"]): row for row in view(database_url, "jobs")}
    items = await every(client, "/v1/jobs")
    for item in items:
        row = expected[item["job_id"]]
        for name in ("project", "person", "voided", "amended", "price", "unpriced_lines"):
            shown = item.get(name, False if name in {"voided", "amended"} else None)
            assert (Decimal(shown) if name == "price" and shown else shown) == row[name], name
    assert any(item.get("voided") for item in items)
    assert any(item["project"] == "P-9" for item in items)


async def test_a_job_counts_for_whom_its_first_line_that_stands_does(client, pool, database_url):
    """As in the summaries, whatever became of its other lines."""
    with psycopg.connect(database_url) as connection:
        [job_id] = connection.execute(
            "SELECT job_id FROM inkmeter.jobs WHERE lines = 3 AND project = 'P-1' AND billable LIMIT 1"
        ).fetchone()
    [entry] = [f"entry_id = (SELECT entry_id FROM accounting.job WHERE job_id = '{job_id}')"]

    async def shown():
        told = await (await client.get(f"/v1/jobs/{job_id}")).json()
        [row] = [each for each in view(database_url, "jobs") if each["job_id"] == job_id]
        names = ("project", "billable")
        assert [told.get(name, True) for name in names] == [row[name] for name in names]
        ordered = await every(client, "/v1/jobs?sort=project", 40)
        assert [each["project"] for each in ordered if each["job_id"] == str(job_id)] == [told["project"]]
        return told["project"], told.get("billable", True)

    await amend(pool, "correction", where=f"{entry} AND line = 1", project="0")
    assert await shown() == ("P-1", True), "the second line has none"
    await amend(pool, "void", where=f"{entry} AND line = 0")
    assert (await shown())[0] == ""
    await amend(pool, "void", where=f"{entry} AND line = 1")
    assert (await shown())[0] == "P-1", "the third line"
    assert_all_is_well(database_url)


async def test_a_time_of_submission_that_no_clock_shows_is_none(client, database_url):
    """Else one such job would keep all others of its page from being listed."""
    odd = [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
        datetime.max.replace(tzinfo=timezone.min),
        NOW,
    ]
    told = [
        job(a1_line(), completed_at=FIRST, job={"device_job_id": f"odd{at}", "source": "ipp"}, submitted_at=each)
        for at, each in enumerate(odd)
    ]
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, told, first_offset=len(jobs())).jobs == len(odd)
    writer.close()
    items = {each["device_job_id"]: each.get("submitted_at") for each in await every(client, "/v1/jobs")}

    assert [items[f"odd{at}"] for at in range(3)] == [None, None, NOW.isoformat().replace("+00:00", "Z")]


async def test_voided_jobs_can_be_told_from_the_others(client, changed):
    voided = await every(client, "/v1/jobs?voided=true")
    others = await every(client, "/v1/jobs?voided=false")
    assert voided
    assert len(voided) + len(others) == 60
    assert {item["price"] for item in voided} == {"0.000000"}, "also where it had none"


async def test_one_job_shows_its_lines_and_all_that_happened_to_them(client, pool, changed):
    [first, *_] = [job for job in await every(client, "/v1/jobs?project=P-9") if not job["unpriced_lines"]]
    answer = await client.get(f"/v1/jobs/{first['job_id']}")
    told = await answer.json()
    assert {name: told[name] for name in first} == first
    assert told["line_items"][0]["project"] == "P-9"
    legs = [
        (leg["entry_kind"], leg.get("actor"), leg.get("reason")) for leg in told["history"] if leg["line"] == 0
    ]
    assert legs[:3] == [
        ("charge", None, None),
        ("void", "anna", "as the customer asked"),
        ("correction", "anna", "as the customer asked"),
    ]
    assert sum(Decimal(leg.get("price", 0)) for leg in told["history"]) == Decimal(told["price"])
    await amend(pool, "void", where="line = 0 AND NOT voided")
    assert (await client.get(f"/v1/jobs/{first['job_id']}")).headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("job_id", ["00000000-0000-8000-8000-000000000000", "42", "%00"])
async def test_a_job_that_there_is_none_is_not_found(client, job_id):
    assert (await client.get(f"/v1/jobs/{job_id}")).status == 404


async def test_a_cursor_of_another_list_is_refused(client):
    page = await (await client.get("/v1/jobs?sort=-price&limit=2")).json()
    answer = await client.get(f"/v1/jobs?sort=price&cursor={page['next']}")
    assert (answer.status, (await answer.json())["errors"][0]["pointer"]) == (422, "cursor")


async def run(client: TestClient[Any, Any], folder: Path, *arguments: str) -> Result:
    """`inkmeter jobs list` against the server of the test."""
    (folder / "token").write_text(TOKEN)
    stack = {
        "data_dir": str(folder),
        "kafka": {"bootstrap": "none"},
        "database": {"url": "none"},
        "services": {"accounting": {"url": str(client.make_url("/"))}},
        "token_file": str(folder / "token"),
    }
    (folder / "stack.json").write_text(json.dumps(stack))
    words = ["jobs", "list", "--data-dir", str(folder), *arguments]
    return await asyncio.to_thread(CliRunner().invoke, root, words)


async def test_the_command_lists_sorts_counts_and_writes_csv(client, changed, tmp_path):
    told = await every(client, "/v1/jobs?project=P-1&project=P-9&sort=-price", 100)
    asked = ("--project", "P-1", "--project", "P-9", "--sort", "-price")
    printed = json.loads((await run(client, tmp_path, *asked, "--json")).stdout)
    assert printed == told
    table = (await run(client, tmp_path, *asked, "--totals", "--limit", "3")).stdout
    assert f"In all: {len(told)} jobs" in table
    rows = list(csv.DictReader(io.StringIO((await run(client, tmp_path, "--all", "--format", "csv")).stdout)))
    assert len(rows) == 60
    assert [row["job_id"] for row in rows] == [item["job_id"] for item in await every(client, "/v1/jobs", 100)]
    none = await run(client, tmp_path, "--project", "", "--not-billable", "--not-voided", "--json")
    assert {item["project"] for item in json.loads(none.stdout)} == {""}


async def test_the_table_says_of_which_jobs_some_lines_have_no_amount(client, changed, tmp_path):
    """Their sums leave those lines out, and would look whole."""
    jobs = await every(client, "/v1/jobs", 100)
    partly = [each for each in jobs if each["unpriced_lines"] and each["lines"] > 1 and not each.get("voided")]
    table = (await run(client, tmp_path, "--all")).stdout

    assert partly
    assert "Lines UNPRICED" in table
    assert len(re.findall(r"\d of \d", table)) == len(partly)
