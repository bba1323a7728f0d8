"""What an Idempotency-Key has created in PostgreSQL is found by an equal request only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.collector.registry.groups import GroupStore
from services.collector.registry.store import RegistryStore
from shared.http.idempotency import Creation
from shared.http.problems import Invalid
from shared.postgres import Pool, make_pool
from tests.unit.collector.registry_rows import ADDED, printer

ONE, OTHER = Creation("k1", b"1" * 32), Creation("k1", b"2" * 32)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    made = make_pool(database_url, name="test")
    await made.open()
    yield made
    await made.close()


async def test_a_printer_is_found_by_the_request_that_added_it_and_no_other(pool: Pool):
    store = RegistryStore(pool)
    added = await store.add(printer(1), creation=ONE)
    assert await store.by_creation(ONE) == added
    assert await store.by_creation(Creation("k2", b"1" * 32)) is None
    with pytest.raises(Invalid):
        await store.by_creation(OTHER)


async def test_a_group_is_found_by_the_request_that_made_it_and_no_other(pool: Pool):
    store = GroupStore(pool)
    made = await store.add("Plotters", ADDED, creation=ONE)
    assert await store.add("Plotters", ADDED, creation=ONE) == made
    with pytest.raises(Invalid):
        await store.add("Copiers", ADDED, creation=OTHER)
    assert [group.name for group in await store.every()] == ["Plotters"]


async def test_a_key_of_before_requests_were_noted_still_finds_its_printer(pool: Pool):
    store = RegistryStore(pool)
    added = await store.add(printer(1), creation=ONE)
    async with pool.connection() as connection:
        await connection.execute("UPDATE collector.printer SET idempotency_request = NULL")
    assert await store.by_creation(OTHER) == added
