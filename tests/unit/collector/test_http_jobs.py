"""Jobs by HTTP: an Idempotency-Key makes a request count once, whatever was sent under it, and over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.collector.http.jobs import JobsApi
from services.collector.intake.bring import Intake
from services.collector.journal import Journal
from services.collector.registry.registry import Registry
from shared.clock import FixedClock
from shared.health import Readiness
from shared.http.app import make_app
from tests.jobs import job
from tests.unit.collector.registry_rows import MemoryRows

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TOKEN = "a-token-for-tests"


@asynccontextmanager
async def served(path: Path, clock: FixedClock) -> AsyncIterator[tuple[TestClient, Journal]]:
    """The API on a journal; PostgreSQL is away all the time."""
    journal = Journal(path / "journal.sqlite", clock=clock)
    await journal.open()
    rows = MemoryRows()
    rows.away = True
    registry = Registry(rows, journal, collector_id="c1", clock=clock)
    publisher: Any = None
    intake = Intake(journal, registry, collector_id="c1", clock=clock)
    app = make_app(
        "collector",
        JobsApi(intake, journal, publisher, clock=clock).routes(),
        readiness=Readiness(),
        token=TOKEN,
    )
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client, journal
    await journal.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


async def post(client: TestClient, body: Any, key: str | None) -> tuple[int, Any, bool]:
    answer = await client.post("/v1/jobs", json=body, headers={"Idempotency-Key": key} if key else {})
    return answer.status, await answer.json(), "Idempotency-Replayed" in answer.headers


async def test_the_same_request_is_answered_again_and_taken_once_over_a_restart(tmp_path, clock):
    body = {"jobs": [job(1), job(2)]}
    async with served(tmp_path, clock) as (client, journal):
        first = await post(client, body, "k1")
        assert (first[0], first[2]) == (202, False)
        assert await post(client, body, "k1") == (202, first[1], True)
    async with served(tmp_path, clock) as (client, journal):
        assert await post(client, body, "k1") == (202, first[1], True)
        assert (await journal.backlog()).records == 2


async def test_the_same_key_with_another_body_is_refused_and_nothing_of_it_taken(tmp_path, clock):
    async with served(tmp_path, clock) as (client, journal):
        await post(client, job(1), "k1")
        status, problem, _ = await post(client, job(2), "k1")
        assert (status, problem["errors"][0]["pointer"]) == (422, "Idempotency-Key")
        assert (await journal.backlog()).records == 1
        assert (await post(client, job(2), "k2"))[0] == 202


async def test_a_refused_request_leaves_its_key_free(tmp_path, clock):
    async with served(tmp_path, clock) as (client, _):
        assert (await post(client, job(1, copies=-1), "k1"))[0] == 422
        assert (await post(client, job(1), "k1"))[::2] == (202, False)


async def test_of_equal_requests_at_the_same_time_one_is_taken(tmp_path, clock):
    async with served(tmp_path, clock) as (client, journal):
        answers = await asyncio.gather(*(post(client, job(1), "k1") for _ in range(8)))
        assert [status for status, _, _ in answers] == [202] * 8
        assert [each for _, each, _ in answers] == [answers[0][1]] * 8
        assert [replayed for _, _, replayed in answers].count(False) == 1
        assert (await journal.backlog()).records == 1


async def test_keys_are_forgotten_after_three_days_and_the_job_is_still_one_job(tmp_path, clock):
    async with served(tmp_path, clock) as (client, journal):
        await post(client, job(1), "k1")
        clock.advance(timedelta(hours=73))
        status, answer, replayed = await post(client, job(1), "k1")
        assert (status, answer["items"][0]["duplicate"], replayed) == (202, True, False)
        assert (await post(client, job(2), "k1"))[0] == 422
        assert (await journal.backlog()).records == 1


async def test_without_a_key_the_same_job_is_a_duplicate_and_another_state_of_it_a_further_record(tmp_path, clock):
    async with served(tmp_path, clock) as (client, journal):
        await post(client, job(1), None)
        assert (await post(client, job(1), None))[1]["items"][0]["duplicate"] is True
        assert (await post(client, job(1, copies=2), None))[1]["items"][0]["duplicate"] is False
        assert (await journal.backlog()).records == 2
