"""Publishing checks over HTTP: what a draft would leave is told, and what would do harm is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest_asyncio

from services.accounting.ledger.writer import LedgerWriter
from shared.periods import parse_period
from shared.postgres import connect
from tests.integration.ledger_posts import post
from tests.integration.test_accounting_http import TOML, served
from tests.jobs import MODEL, PRICE_LIST
from tests.unit.accounting.price_lists import a1_line, job

BOOKS = "/v1/price-books"
TO_JUNE = "valid_from = 2020-01-01\nvalid_until = 2020-06-01"
FROM_JULY = "valid_from = 2020-07-01"
FROM_2099 = "valid_from = 2099-01-01"


@pytest_asyncio.fixture
async def client(database_url, tmp_path):
    async with served(database_url, tmp_path) as opened:
        yield opened


async def draft(client, valid, *, name="standard", rates="1.10"):
    text = PRICE_LIST.replace("valid_from = 2020-01-01", valid).replace("1.10", rates)
    answer = await client.post(BOOKS, data=text.replace('"standard"', f'"{name}"'), headers=TOML)
    assert answer.status == 201, await answer.text()


async def publish(client, **body):
    return await client.post(f"{BOOKS}/standard/publish", json=body)


async def check(client, name="standard", **body):
    return await (await client.post(f"{BOOKS}/{name}/check", json=body)).json()


def codes(found):
    return [(each["level"], each["code"]) for each in found["findings"]]


async def test_a_first_list_is_published_without_a_word(client):
    await draft(client, FROM_JULY)
    checked = await check(client)
    published = await publish(client)

    assert (checked["version"], checked["state"], codes(checked)) == (1, "draft", [])
    assert published.status == 200
    assert codes(await check(client)) == []


async def test_a_gap_is_refused_with_the_findings_until_it_is_accepted(client):
    await draft(client, TO_JUNE)
    ending = await check(client)
    await publish(client)
    await draft(client, FROM_JULY)
    refused = await publish(client)
    told = await refused.json()
    accepted = await publish(client, accept=["gap"])

    assert codes(ending) == [("warning", "ends"), ("warning", "over")]
    assert (refused.status, refused.content_type) == (409, "application/problem+json")
    assert ("error", "gap") in codes(told)
    assert "from 2020-06-01 to 2020-07-01" in told["detail"]
    assert (accepted.status, (await accepted.json())["state"]) == (200, "published")


async def test_a_version_that_hides_a_planned_one_is_refused(client):
    for valid in (FROM_JULY, FROM_2099):
        await draft(client, valid)
        assert (await publish(client)).status == 200
    await draft(client, "valid_from = 2098-01-01")
    refused = await publish(client)

    assert refused.status == 409
    assert codes(await refused.json()) == [("error", "overlap")]


async def test_lost_rates_and_lists_that_count_for_nobody_are_told_and_do_not_stop(client):
    await draft(client, FROM_JULY)
    await publish(client)
    await draft(client, FROM_2099, rates='1.10"\n[[scan]]\nper_page = "1')
    await publish(client)
    await draft(client, "valid_from = 2099-02-01")
    lost = await check(client)
    await draft(client, FROM_JULY, name="other")

    assert codes(lost) == [("warning", "lost-rates")]
    assert (await publish(client)).status == 200
    assert codes(await check(client, "other")) == [("note", "not-assigned")]
    assert codes(await check(client, "other", default=True)) == []


async def test_jobs_that_are_charged_and_months_that_are_closed_are_told(client, database_url):
    with connect(database_url) as connection:
        connection.execute(
            "INSERT INTO accounting.rollup_printer SELECT '2020-02-03', 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0"
        )
        connection.commit()
    await client.post("/v1/periods/2020-02/close", json={})
    await draft(client, "valid_from = 2020-02-01")
    told = await check(client)

    assert codes(told) == [("warning", "past-start"), ("warning", "closed-month")]
    assert "7 jobs are charged since 2020-02-01" in told["findings"][0]["text"]


async def test_what_can_not_be_accepted_is_named(client):
    await draft(client, FROM_JULY)
    answer = await publish(client, accept=["everything"])
    missing = await client.post(f"{BOOKS}/none/check")

    assert (answer.status, missing.status) == (422, 404)
    assert (await answer.json())["errors"][0]["pointer"] == "/accept/0"


def last_months_jobs(database_url):
    """Two drawings and a photo of a registered printer, priced by the published lists."""
    with connect(database_url) as connection:
        connection.execute("INSERT INTO accounting.printer (key, serial, model) VALUES ('p1', 'SN1', %s)", [MODEL])
        connection.commit()
    start = parse_period("last-month", now=datetime.now(UTC), timezone="UTC").start
    jobs = [
        job(
            a1_line(category=category),
            completed_at=start + timedelta(hours=number),
            job={"device_job_id": str(number), "source": "ipp"},
            project=project,
        )
        for number, (category, project) in enumerate(
            [("line-colour", "P-1"), ("line-colour", "P-2"), ("image-high", "P-2")], start=1
        )
    ]
    writer = LedgerWriter(database_url, ZoneInfo("UTC"))
    post(writer, jobs)
    writer.close()


async def test_the_effect_on_last_months_jobs_is_told_by_project_printer_and_category(client, database_url):
    photos = '1.10"\n[[ppu]]\ncategory = "image-high"\nper_m2 = "3'
    await draft(client, FROM_JULY, rates=photos)
    await publish(client)
    last_months_jobs(database_url)
    await draft(client, FROM_2099, rates="2.20")
    told = await check(client)
    without = await check(client, effect=False)
    effect = told["effect"]

    assert codes(told) == [("warning", "lost-rates"), ("warning", "unpriced")]
    assert "1 line of last month" in told["findings"][1]["text"]
    assert effect["total"] == {
        "lines": 3, "changed": 3, "before": "2.5977", "after": "2.1980", "difference": "-0.3997",
        "newly_unpriced": 1, "newly_priced": 0,
    }  # fmt: skip
    assert {row["key"]: row["difference"] for row in effect["by_project"]} == {"P-1": "0.5495", "P-2": "-0.9492"}
    assert {row["key"]: row["after"] for row in effect["by_category"]} == {
        "line-colour": "2.1980", "image-high": "0.0000",
    }  # fmt: skip
    assert [row["key"] for row in effect["by_printer"]] == ["p1"]
    assert (without["effect"], codes(without)) == (None, [("warning", "lost-rates")])


async def test_the_effect_of_a_list_that_becomes_the_default_is_told_of_all_jobs(client, database_url):
    """It counts for one project so far, and would count for all others as well."""
    await draft(client, FROM_JULY)
    await publish(client)
    last_months_jobs(database_url)
    await draft(client, FROM_JULY, name="bridge", rates="2.20")
    await client.put("/v1/price-assignments/price/project/P-1", json={"price_list": "bridge"})
    for_one = (await check(client, "bridge"))["effect"]
    by_default = (await check(client, "bridge", default=True))["effect"]

    assert [row["key"] for row in for_one["by_project"]] == ["P-1"]
    assert {row["key"] for row in by_default["by_project"]} == {"P-1", "P-2"}


async def test_the_effect_of_the_first_list_of_a_book_is_told_of_all_jobs(client, database_url):
    last_months_jobs(database_url)
    await draft(client, FROM_JULY)
    await client.put("/v1/price-assignments/price/project/P-1", json={"price_list": "standard"})
    effect = (await check(client))["effect"]

    assert {row["key"] for row in effect["by_project"]} == {"P-1", "P-2"}
