"""Reporting over a real PostgreSQL: sums and ledger agree, in every form and by every name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import psycopg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner, Result

from services.cli import root
from services.reporting.http import SummaryApi
from services.reporting.main import missing_views
from services.reporting.question import FILTERS, Question
from services.reporting.store import Store
from services.reporting.summary import By, Summary
from shared.clock import FixedClock
from shared.errors import Reject, Retry
from shared.health import Readiness
from shared.http.app import make_app
from shared.periods import parse_period
from shared.postgres import Pool, open_pool

NOW = datetime(2026, 11, 9, 12, tzinfo=UTC)
ZONE = "Europe/Berlin"
TOKEN = "a-token-of-the-tests"
VIEWS = Path(__file__).with_name("reporting_views.sql")
PERIODS = ["2026", "2026-10", "2026-11", "2026-10-25", "2026-10-15..2026-11-03", "last-month", "this-week"]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(VIEWS.read_bytes())
    opened = await open_pool(database_url, name="test", max_size=2)
    yield opened
    await opened.close()


@pytest.fixture
def store(pool: Pool) -> Store:
    return Store(pool, currency="EUR", timezone=ZONE, timeout_s=20)


@pytest.fixture
async def client(store: Store) -> AsyncIterator[TestClient[Any, Any]]:
    readiness = Readiness()
    readiness.add("database", missing_views(store))
    api = SummaryApi(store, FixedClock(NOW), timezone=ZONE)
    app = make_app("reporting", api.routes(), readiness=readiness, token=TOKEN)
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as made:
        yield made


def question(by: By, period: str, zone: str = ZONE, **filters: str) -> Question:
    return Question(by, parse_period(period, now=NOW, timezone=zone), filters=filters)


def facts(summary: Summary) -> tuple[Any, ...]:
    return [(row.key, row.name, row.sums) for row in summary.rows], summary.total


@pytest.mark.parametrize("by", get_args(By))
async def test_sums_and_ledger_give_the_same_answer(store: Store, pool: Pool, by: By) -> None:
    ledger = Store(pool, currency="EUR", timezone="none: every question goes to the ledger", timeout_s=20)
    for period in PERIODS:
        from_sums = await store.summary(question(by, period))
        from_lines = await ledger.summary(question(by, period))
        assert (from_sums.source, from_lines.source) == ("rollup", "ledger")
        assert facts(from_sums) == facts(from_lines), period
        assert from_sums.rows, period


async def test_the_migrated_views_have_all_that_a_question_needs(database_url: str) -> None:
    pool = await open_pool(database_url, name="test", max_size=1)
    store = Store(pool, currency="EUR", timezone=ZONE, timeout_s=20)
    try:
        assert await store.missing_views() == []
        for by in get_args(By):
            for asked in (question(by, "2026"), question(by, "2026", "UTC", outcome="completed")):
                assert (await store.summary(asked)).total.jobs == 0
    finally:
        await pool.close()


async def test_a_minimum_is_money_without_a_job(store: Store) -> None:
    for asked in (question("media", "2026"), question("media", "2026", "UTC")):
        [minimum] = [row.sums for row in (await store.summary(asked)).rows if not row.key]
        assert (minimum.jobs, minimum.price, minimum.unpriced_lines) == (0, Decimal("0.50"), 0)


async def test_the_total_counts_a_job_with_two_media_once(store: Store) -> None:
    summary = await store.summary(question("media", "2026"))
    assert sum(row.sums.jobs for row in summary.rows) == 300
    assert summary.total.jobs == 200
    assert summary.total.cost == sum(row.sums.cost for row in summary.rows)


async def test_another_zone_moves_what_was_printed_about_midnight(store: Store) -> None:
    here = await store.summary(question("printer", "2026-11-01"))
    there = await store.summary(question("printer", "2026-11-01", "Pacific/Auckland"))
    assert there.source == "ledger"
    assert facts(here) != facts(there)
    everything = [await store.summary(question("printer", "2026", zone)) for zone in (ZONE, "Pacific/Auckland")]
    assert facts(everything[0]) == facts(everything[1])


@pytest.mark.parametrize("name", [name for name in FILTERS if name != "outcome"])
async def test_a_filter_on_each_row_adds_up_to_the_whole(store: Store, name: By) -> None:
    whole = await store.summary(question(name, "2026"))
    for row in whole.rows:
        part = await store.summary(question(name, "2026", **{name: row.key}))
        assert facts(part) == ([(row.key, row.name, row.sums)], row.sums)


async def test_filters_are_combined(store: Store) -> None:
    summary = await store.summary(question("media", "2026", outcome="aborted", project="", kind="print"))
    expected = [job for job in range(1, 201) if job % 11 == 0 and job % 5 == 0 and job % 3 != 1]
    assert summary.total.jobs == len(expected) > 0


async def test_lines_without_a_cost_or_a_price_are_counted_and_not_free(store: Store) -> None:
    summary = await store.summary(question("media", "2026"))
    assert {row.key: row.sums.unpriced_lines for row in summary.rows} == {"": 0, "plain-80": 0, "canvas-340": 50}
    report = await store.report(question("project", "2026"))
    assert report.unpriced == ["Canvas 340"]


async def test_an_empty_period_has_no_rows_and_a_total_of_nothing(store: Store) -> None:
    for asked in (question("person", "2025"), question("person", "2025", "UTC")):
        summary = await store.summary(asked)
        assert facts(summary)[0] == []
        assert (summary.total.jobs, summary.total.price) == (0, Decimal(0))


async def test_the_course_of_a_report_adds_up_to_its_total(store: Store) -> None:
    for asked in (
        question("project", "2026-10"),
        question("project", "2026"),
        question("media", "2026-10", kind="copy"),
    ):
        report = await store.report(asked)
        assert sum(point.price for point in report.trend.points) == report.summary.total.price > 0


async def test_too_many_ledger_lines_are_refused_with_the_way_out(pool: Pool) -> None:
    store = Store(pool, currency="EUR", timezone=ZONE, timeout_s=1)
    async with pool.connection() as connection:
        await connection.execute(
            "CREATE FUNCTION slow() RETURNS boolean LANGUAGE sql AS 'SELECT pg_sleep(30) IS NULL'"
        )
        await connection.execute("CREATE OR REPLACE VIEW inkmeter.charges AS SELECT * FROM line WHERE NOT slow()")
    with pytest.raises(Reject, match="choose a shorter period"):
        await store.summary(question("project", "2026", "UTC"))
    assert (await store.summary(question("project", "2026"))).rows, "the sums still answer"


@pytest.mark.parametrize("zone", [ZONE, "UTC"])
async def test_too_many_rows_are_refused_with_the_way_out(
    store: Store, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.reporting.store.MAX_ROWS", 1)
    with pytest.raises(Reject, match="more than 1 rows"):
        await store.summary(question("day", "2026", zone))


async def test_views_that_are_missing_are_named(client: TestClient[Any, Any], store: Store, pool: Pool) -> None:
    assert (await client.get("/readyz")).status == 200
    async with pool.connection() as connection:
        await connection.execute("DROP VIEW inkmeter.charges")
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert "inkmeter.charges" in await answer.text()
    with pytest.raises(Retry, match="inkmeter migrate"):
        await store.summary(question("project", "2026", "UTC"))


async def test_the_answer_takes_the_form_that_is_asked_for(client: TestClient[Any, Any]) -> None:
    told = await (await client.get("/v1/summary?by=project&period=2026-10")).json()
    assert {row["key"] for row in told["rows"]} == {"", "P-1", "P-2", "P-3", "P-4"}
    assert told["source"] == "rollup"
    csv = await client.get("/v1/summary?by=project&period=2026-10&format=csv")
    assert csv.content_type == "text/csv"
    assert (
        csv.headers["Content-Disposition"] == 'attachment; filename="inkmeter-project-2026-10-01-2026-10-31.csv"'
    )
    assert len((await csv.text()).splitlines()) == 6
    page = await client.get("/v1/summary?by=project&period=2026-10", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.content_type == "text/html"
    assert "script" not in page.headers["Content-Security-Policy"]
    html = await page.text()
    assert "Project 3" in html
    assert 'class="marks"' in html


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v1/summary?period=tomorrow", 422, "2026-11-01..2026-11-30"),
        ("/v1/summary?timezone=Mars", 422, "Europe/Berlin"),
        ("/v1/summary?as_of=2026-11-10T10:00Z", 422, "must have passed"),
        ("/v1/summary?as_of=2026-11-01T10:00", 422, "with its zone"),
        ("/v1/summary?as_of=yesterday", 422, "with its zone"),
        ("/v1/summary?by=owner", 422, "owner"),
        ("/v1/summary?peroid=2026", 422, "peroid"),
        ("/v1/summery", 404, "/v1/summery"),
    ],
)
async def test_a_wrong_question_gets_a_problem_document(
    client: TestClient[Any, Any], path: str, status: int, words: str
) -> None:
    answer = await client.get(path)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"
    assert words in (await answer.json())["detail"]


async def test_every_form_tells_the_moment_that_it_is_as_of(client: TestClient[Any, Any]) -> None:
    path = "/v1/summary?by=project&period=2026-10&as_of=2026-10-20T10:00Z"
    told = await (await client.get(path)).json()
    today = await (await client.get("/v1/summary?by=project&period=2026-10")).json()
    assert (told["as_of"], told["as_it_stood"], today["as_it_stood"]) == ("2026-10-20T10:00:00Z", True, False)
    assert 0 < told["total"]["jobs"] < today["total"]["jobs"]
    assert 0 < told["total"]["unpriced_lines"] < today["total"]["unpriced_lines"]
    csv = await client.get(f"{path}&format=csv")
    assert "as-of-20261020T100000Z" in csv.headers["Content-Disposition"]
    assert {line.rpartition(",")[2] for line in (await csv.text()).splitlines()} == {
        "as_of",
        "2026-10-20T10:00:00Z",
    }
    page = await (await client.get(f"{path}&format=html")).text()
    assert "As the ledger stood on 20 October 2026, 12:00" in page


async def test_the_command_asks_as_of_a_moment(client: TestClient[Any, Any], tmp_path: Path) -> None:
    asked = ("--by", "customer", "--period", "2026-10", "--as-of", "2026-10-20T10:00Z", "--billable")
    table = await run(client, tmp_path, *asked)
    assert table.exit_code == 0, table.output
    assert "As the ledger stood on 20 October 2026, 12:00 (Europe/Berlin)" in table.stdout
    assert "City" in table.stdout
    assert "billable: true" in table.stdout


async def test_without_the_token_nothing_is_told(client: TestClient[Any, Any]) -> None:
    answer = await client.get("/v1/summary", headers={"Authorization": "Bearer wrong"})
    assert answer.status == 401


async def run(client: TestClient[Any, Any], folder: Path, *arguments: str) -> Result:
    """`inkmeter report summary` against the server of the test."""
    (folder / "token").write_text(TOKEN)
    stack = {
        "data_dir": str(folder),
        "kafka": {"bootstrap": "none"},
        "database": {"url": "none"},
        "services": {"reporting": {"url": str(client.make_url("/"))}},
        "token_file": str(folder / "token"),
    }
    (folder / "stack.json").write_text(json.dumps(stack))
    words = ["report", "summary", "--data-dir", str(folder), *arguments]
    return await asyncio.to_thread(CliRunner().invoke, root, words)


async def test_the_command_prints_what_the_service_tells(client: TestClient[Any, Any], tmp_path: Path) -> None:
    told = await (await client.get("/v1/summary?by=printer&period=2026-10")).json()
    done = await run(client, tmp_path, "--by", "printer", "--period", "2026-10", "--json")
    printed = json.loads(done.stdout)
    assert {**printed, "as_of": ""} == {**told, "as_of": ""}
    table = await run(client, tmp_path, "--by", "printer", "--period", "2026-10")
    assert table.exit_code == 0
    assert "DesignJet 2" in table.stdout
    assert "lack a cost or a price" in table.stdout


async def test_the_command_filters_by_what_names_none(client: TestClient[Any, Any], tmp_path: Path) -> None:
    done = await run(client, tmp_path, "--by", "project", "--period", "2026-10", "--project", "", "--json")
    assert [row["key"] for row in json.loads(done.stdout)["rows"]] == [""]


async def test_a_page_goes_into_a_file_whose_name_is_told(
    client: TestClient[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = await run(client, tmp_path, "--by", "kind", "--period", "2026-10", "--format", "html")
    assert done.stdout.strip() == "inkmeter-kind-2026-10-01-2026-10-31.html"
    assert (tmp_path / done.stdout.strip()).read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
async def test_every_form_can_be_written_to_a_file(
    client: TestClient[Any, Any], tmp_path: Path, form: str
) -> None:
    target = tmp_path / "report"
    done = await run(client, tmp_path, "--format", form, "--period", "2026-10", "--output", str(target))
    assert done.exit_code == 0
    assert "Project 3" in target.read_text()


async def test_a_wrong_period_is_the_users_fault(client: TestClient[Any, Any], tmp_path: Path) -> None:
    done = await run(client, tmp_path, "--period", "tomorrow")
    assert isinstance(done.exception, Reject)
    assert "this-month" in str(done.exception)
