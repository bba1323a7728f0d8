"""Who reads which printer, on real PostgreSQL: one owner at a time, and nobody overwrites another's place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from services.collector.assignment.store import AssignmentStore, Kept
from shared.postgres import Pool, open_pool

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO collector.printer (id, name, address, kind, added_at, changed_at)"
            " VALUES (%s, %s, %s, 'ipp', now(), now())",
            [(each, each, f"ipp://192.0.2.1/{each}") for each in ("p1", "p2")],
        )
    pool = await open_pool(database_url, name="test")
    yield pool
    await pool.close()


@pytest.fixture
def first(pool: Pool) -> AssignmentStore:
    return AssignmentStore(pool, collector_id="c1")


@pytest.fixture
def second(pool: Pool) -> AssignmentStore:
    return AssignmentStore(pool, collector_id="c2")


async def taken(store: AssignmentStore, *ids: str, waited: bool = False) -> dict[str, tuple[Kept, bool]]:
    return {each.printer_id: (each.kept, each.was_mine) for each in await store.take(ids, waited=waited)}


async def test_a_printer_has_one_owner_until_it_is_let_go_of_or_was_waited_for(
    first: AssignmentStore, second: AssignmentStore
):
    assert set(await taken(first, "p1", "p2", "p3")) == {"p1", "p2"}, "what is not registered is nobody's"
    assert not await taken(second, "p1", "p2")
    await first.release(["p1"])
    assert set(await taken(second, "p1", "p2")) == {"p1"}
    assert set(await taken(second, "p2", waited=True)) == {"p2"}
    assert not await taken(first, "p1", "p2")


async def test_whoever_comes_next_finds_the_place_and_the_jobs(first: AssignmentStore, second: AssignmentStore):
    await taken(first, "p1")
    await first.keep({"p1": Kept("p1@device", "place", ("job-1", "job-2"))})
    assert await taken(first, "p1") == {"p1": (Kept("p1@device", "place", ("job-1", "job-2")), True)}
    await first.release(["p1"])
    assert await taken(second, "p1") == {"p1": (Kept("p1@device", "place", ("job-1", "job-2")), False)}


async def test_a_former_owner_changes_nothing(first: AssignmentStore, second: AssignmentStore):
    await taken(first, "p1")
    await taken(second, "p1", waited=True)
    await second.keep({"p1": Kept("p1", "later", ())})
    await first.keep({"p1": Kept("p1", "earlier", ())})
    await first.keep_first("p1", "p1", "earlier")
    await first.release(["p1"])
    assert await taken(second, "p1") == {"p1": (Kept("p1", "later", ()), True)}
    assert not await taken(first, "p1")


async def test_the_first_place_is_stored_once_for_each_device(first: AssignmentStore):
    await taken(first, "p1")
    await first.keep_first("p1", "p1", "one")
    await first.keep_first("p1", "p1", "two")
    assert (await taken(first, "p1"))["p1"][0].cursor == "one"
    await first.keep_first("p1", "p1@exchanged", "three")
    assert (await taken(first, "p1"))["p1"][0] == Kept("p1@exchanged", "three", ())


async def test_statuses_are_seen_by_others_and_by_oneself_after_a_restart(
    first: AssignmentStore, second: AssignmentStore
):
    assert not await second.others_reading(within_s=60)
    await first.write_statuses({"p1": "{}", "gone": "{}"})
    (told,) = await second.statuses_since(LONG_AGO, own=False)
    assert (told.printer_id, told.collector, told.status) == ("p1", "c1", "{}")
    assert await second.statuses_since(told.written_at, own=False) == []
    assert await first.statuses_since(LONG_AGO, own=False) == []
    assert await first.statuses_since(LONG_AGO, own=True) == [told]
    assert await second.others_reading(within_s=60)
    assert not await first.others_reading(within_s=60)
