"""Whatever is corrected, undone, killed or told again: nothing is lost or counts twice, and totals return."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.accounting.amend.corrections import Corrections
from services.accounting.amend.request import Change, CorrectionRequest
from services.accounting.filters import LineFilters
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.relay.relay import Relay
from shared.batch_producer import BatchProducer
from shared.clock import SystemClock
from shared.errors import Conflict
from shared.events import ChargePosted, CloudEvent
from shared.kafka import make_consumer, start
from shared.postgres import Pool, connect, open_pool
from tests.integration.amended import amend, assert_all_is_well
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish
from tests.integration.minimum_oracle import Terms, assert_minimums_are_owed
from tests.integration.test_amendments import jobs, summaries

PROJECTS: Final = ("P-0", "P-1", "P-2", "P-9", "")
CHANGES: Final = st.one_of(
    st.builds(Change, project=st.sampled_from(PROJECTS), billable=st.booleans()),
    st.builds(Change, person=st.sampled_from(["alice", "bob", ""]), department=st.sampled_from(["A", ""])),
)
FILTERS: Final = st.one_of(
    st.builds(LineFilters, project=st.lists(st.sampled_from(PROJECTS), min_size=1, max_size=3).map(tuple)),
    st.builds(LineFilters, media=st.sampled_from([("plain",), ("gloss",), ("",)])),
    st.builds(
        LineFilters, category=st.sampled_from([("line-colour",), ("image-high",)]), media=st.just(("plain",))
    ),
    st.builds(LineFilters, unpriced=st.booleans(), project=st.sampled_from(PROJECTS).map(lambda name: (name,))),
    st.builds(LineFilters, period=st.sampled_from(["2026-10", "2026-11", "2026-10-31..2026-11-01"])),
)
REQUESTS: Final = st.one_of(
    st.builds(CorrectionRequest, reason=st.just("r"), change=CHANGES, filter=FILTERS),
    st.builds(CorrectionRequest, reason=st.just("r"), void=st.just(True), filter=FILTERS),
)
KILLED: Final = """
import asyncio, sys
from services.accounting.amend import NewCorrection, open_staging, post_amendments
from shared.postgres import open_pool
from tests.integration.amended import stage

async def main():
    pool = await open_pool(sys.argv[1], max_size=1)
    async with pool.connection() as connection:
        await open_staging(connection)
        await stage(connection, project="2")
        correction = NewCorrection(kind="correction", actor="anna", reason="killed", request={})
        await post_amendments(connection, correction)
        print("posted", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=3)
    await publish(opened, COST, PRICES["minimum"])
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, jobs()).jobs == 40
    writer.close()
    yield opened
    await opened.close()


@pytest.fixture
def ledger(database_url: str) -> str:
    """A ledger of forty jobs; its address."""

    async def fill() -> None:
        opened = await open_pool(database_url, max_size=1)
        await publish(opened, COST, PRICES["minimum"])
        await opened.close()

    asyncio.run(fill())
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, jobs()).jobs == 40
    writer.close()
    return database_url


def made(url: str, *requests: CorrectionRequest) -> list[int | None]:
    """Makes corrections, each in a transaction of its own; their numbers."""

    async def make() -> list[int | None]:
        pool = await open_pool(url, max_size=1)
        corrections = Corrections(pool, SystemClock(), timezone=ZONE.key)
        numbers = []
        for request in requests:
            async with pool.connection() as connection:
                done = await corrections.make(connection, request, actor="anna")
            numbers.append(done.correction_no)
        await pool.close()
        return numbers

    return asyncio.run(make())


def undo(number: int) -> CorrectionRequest:
    return CorrectionRequest(reason="after all", undo=str(number))


OF_FIVE: Final = Terms(price_minimum=Decimal(5))
OF_TWO: Final = LineFilters(project=("P-0", "P-1"))
ONE_OVER_ANOTHER: Final = [
    CorrectionRequest(reason="r", change=Change(department="A"), filter=OF_TWO),
    CorrectionRequest(reason="r", void=True, filter=LineFilters(period="2026-11")),
    CorrectionRequest(reason="r", void=True, filter=OF_TWO),
]


@example(wanted=ONE_OVER_ANOTHER, seed=0)
@example(wanted=[CorrectionRequest(reason="r", void=True, filter=LineFilters(media=("plain",)))], seed=0)
@given(wanted=st.lists(REQUESTS, min_size=1, max_size=3), seed=st.integers(0, 1 << 30))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_corrections_undone_in_reverse_return_every_total_and_what_is_told_again_changes_none(
    ledger: str, wanted: list[CorrectionRequest], seed: int
) -> None:
    before = summaries(ledger)
    numbers = [number for number in made(ledger, *wanted) if number is not None]
    after = summaries(ledger)
    assert_all_is_well(ledger)
    assert_minimums_are_owed(ledger, OF_FIVE)

    again = jobs() + random.Random(seed).sample(jobs(), 7)
    random.Random(seed).shuffle(again)
    writer = LedgerWriter(ledger, ZONE)
    with connect(ledger) as connection:
        [offset] = connection.execute(
            "SELECT max(next_offset) FROM accounting.offsets WHERE topic <> ''"
        ).fetchone()
    told = post(writer, again, first_offset=offset)
    writer.close()
    assert (told.jobs, told.duplicates) == (0, len(again))
    assert summaries(ledger) == after

    made(ledger, *(undo(number) for number in reversed(numbers)))
    assert summaries(ledger) == before
    assert_all_is_well(ledger)


async def test_a_process_killed_between_posting_and_committing_leaves_nothing(
    pool: Pool, database_url: str
) -> None:
    before = summaries(database_url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"posted\n"
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()

    assert summaries(database_url) == before
    assert_all_is_well(database_url)
    posted = await amend(pool, "correction", project="2")
    assert posted.lines > 10, "the lock on the entries went with the process"
    assert_all_is_well(database_url)


async def test_of_two_changes_of_one_state_of_a_line_at_once_the_second_is_refused(
    pool: Pool, database_url: str
) -> None:
    async with pool.connection() as connection:
        await connection.execute("SELECT FROM accounting.offsets WHERE topic = '' FOR UPDATE")
        both = [
            asyncio.create_task(amend(pool, "correction", where="line = 0", project=project, based_on="revision"))
            for project in ("3", "2")
        ]
        await _until_waiting(database_url, len(both))
        assert not any(each.done() for each in both)
    results = await asyncio.gather(*both, return_exceptions=True)

    assert sorted(type(each).__name__ for each in results) == ["Conflict", "Posted"]
    assert isinstance(next(each for each in results if isinstance(each, BaseException)), Conflict)
    assert_all_is_well(database_url)


async def _until_waiting(url: str, count: int) -> None:
    """Returns once so many sessions wait for a lock."""
    waits = (
        b"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with connect(url, autocommit=True) as connection:
        for _ in range(4_000):
            row = connection.execute(waits).fetchone()
            if row is not None and row[0] >= count:
                return
            await asyncio.to_thread(connection.execute, b"SELECT pg_sleep(0.005)")
    raise AssertionError("they never waited")


async def test_whoever_adds_up_the_events_gets_the_ledgers_totals(
    pool: Pool, database_url: str, kafka_bootstrap: str, topic_prefix: str
) -> None:
    producer = BatchProducer(kafka_bootstrap, "test")
    relay = Relay(pool, producer, topic_prefix=topic_prefix, currency="EUR")
    told = 0
    try:
        while new := await relay.tell_charges():
            told += new
        await amend(pool, "correction", where="project_no = 1", project="2")
        await amend(pool, "reprice", where="price_micro IS NOT NULL", price="price_micro + 70000")
        await amend(pool, "void", where="project_no = 3")
        while new := await relay.tell_charges():
            told += new
    finally:
        producer.stop()
    events = await _events(kafka_bootstrap, f"{topic_prefix}charges.v1", told)

    ids = [each.id for each in events]
    assert len(set(ids)) == len(ids)
    assert {each.follows for each in events if each.follows} <= set(ids)
    sums = {by: _summed(events, by) for by in ("project", "day")}
    expected = summaries(database_url)
    for by, found in sums.items():
        assert found == {key: (row[0], row[7], row[8]) for key, row in expected[by].items()}, by
    corrected = [each for each in events if each.correction_id]
    assert {(each.actor, each.reason) for each in corrected} == {("anna", "as the customer asked")}
    assert sum(each.quantities.printed_area_mm2 or 0 for each in events) == expected["total"][""][1]


async def _events(bootstrap: str, topic: str, count: int) -> list[ChargePosted]:
    consumer = await start(make_consumer(bootstrap, client_id="test", topics=[topic]), bootstrap)
    try:
        async with asyncio.timeout(30):
            values = [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()
    return [msgspec.json.decode(each, type=CloudEvent[ChargePosted]).data for each in values]


def _summed(events: list[ChargePosted], by: str) -> dict[str, tuple[Any, ...]]:
    """Jobs, price and unpriced lines by project or day, without what counts nothing."""
    sums: dict[str, tuple[int, Decimal, int]] = {}
    for each in events:
        key = str(getattr(each, by))
        jobs_before, price, unpriced = sums.get(key, (0, Decimal(0), 0))
        added = Decimal(each.price.amount or 0)
        sums[key] = jobs_before + (each.jobs or 0), price + added, unpriced + (each.unpriced_lines or 0)
    return {key: value for key, value in sums.items() if any(value)}
