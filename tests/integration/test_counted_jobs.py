"""A job counts once while any line of it stands, whichever are void; so do its media and categories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.accounting.amend.corrections import Corrections, Done
from services.accounting.amend.request import Change, CorrectionRequest
from services.accounting.filters import LineFilters
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.rerate.lists import load_lists
from services.accounting.rerate.reprice import Repricing, reprice
from shared.clock import SystemClock
from shared.errors import Conflict
from shared.postgres import Pool, connect, open_pool
from tests.integration.amended import assert_all_is_well
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish
from tests.unit.accounting.price_lists import a1_line, job

NOON: Final = datetime(2026, 10, 30, 12, tzinfo=UTC)
JOB: Final = job(
    a1_line(category="line-colour", media="gloss"),
    a1_line(category="line-colour", media="plain"),
    a1_line(category="image-high", media="gloss"),
    completed_at=NOON,
    job={"device_job_id": "1", "source": "ipp"},
    project="P-1",
)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=2)
    await publish(opened, COST, PRICES["minimum"])
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, [JOB]).jobs == 1
    writer.close()
    yield opened
    await opened.close()


async def make(pool: Pool, **wanted: Any) -> Done:
    async with pool.connection() as connection:
        corrections = Corrections(pool, SystemClock(), timezone=ZONE.key)
        return await corrections.make(connection, CorrectionRequest(reason="as asked", **wanted), actor="anna")


def charges(url: str) -> list[str]:
    """The ids of the job's lines, in order."""
    with connect(url) as connection:
        rows = connection.execute("SELECT charge_id FROM inkmeter.charges WHERE leg = 1 ORDER BY posted_at, line")
        return [row[0] for row in rows.fetchall()]


def counted(url: str, by: str = "total") -> dict[str, int]:
    """How many jobs a summary counts, by its keys."""
    with connect(url) as connection:
        rows = connection.execute(
            "SELECT key, jobs FROM inkmeter.summary(%s, '2026-10-01', '2026-10-31')", [by]
        ).fetchall()
    return dict(rows)


async def test_a_job_of_which_the_first_line_is_void_still_counts(pool: Pool, database_url: str) -> None:
    first, second, _ = charges(database_url)[:3]
    done = await make(pool, void=True, charges=[first])
    assert (done.effects.total.before.jobs, done.effects.total.after.jobs) == (1, 1)
    assert counted(database_url) == {"": 1}
    assert counted(database_url, "media") == {"gloss": 1, "plain": 1}
    assert counted(database_url, "category") == {"line-colour": 1, "image-high": 1}

    await make(pool, void=True, charges=[second])
    assert counted(database_url) == {"": 1}
    assert counted(database_url, "media") == {"gloss": 1}
    assert counted(database_url, "category") == {"image-high": 1}
    assert_all_is_well(database_url)


async def test_undoing_takes_the_count_back_also_from_a_line_that_was_changed_since(
    pool: Pool, database_url: str
) -> None:
    first, second, third = charges(database_url)[:3]
    voided = await make(pool, void=True, charges=[first])
    await make(pool, change=Change(project="P-2"), charges=[second])
    assert counted(database_url, "project") == {"P-1": 0, "P-2": 1}, "the count goes where its line goes"
    await make(pool, void=True, charges=[third])
    undone = await make(pool, undo=str(voided.correction_no))
    assert undone.effects.total.after.jobs == 1
    assert counted(database_url, "project") == {"P-1": 1, "P-2": 0}
    assert counted(database_url, "media") == {"gloss": 1, "plain": 1, "": 0}, "the minimum charge is of no medium"
    assert_all_is_well(database_url)


async def test_pricing_again_keeps_the_count_where_it_is(pool: Pool, database_url: str) -> None:
    first, _, _ = charges(database_url)[:3]
    voided = await make(pool, void=True, charges=[first])
    await publish(pool, PRICES["own"])
    asked = Repricing(filters=LineFilters(period="2026-10"), actor="anna", reason="new prices")
    lists = await load_lists(database_url)
    [month] = await reprice(database_url, lists, asked, now=NOON, timezone=ZONE.key)
    assert month.correction_no is not None
    assert counted(database_url) == {"": 1}
    assert counted(database_url, "category") == {"line-colour": 1, "image-high": 1}
    assert_all_is_well(database_url)
    await make(pool, undo=str(month.correction_no))
    await make(pool, undo=str(voided.correction_no))
    assert counted(database_url) == {"": 1}
    assert_all_is_well(database_url)


STEPS: Final = st.lists(
    st.tuples(st.sampled_from(["void", "move", "undo"]), st.integers(0, 9)), min_size=1, max_size=6
)


@example(steps=[("void", 0), ("void", 1), ("void", 2), ("undo", 2), ("undo", 0)])
@given(steps=STEPS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_job_counts_once_while_any_of_its_lines_stands(
    pool: Pool, database_url: str, steps: list[tuple[str, int]]
) -> None:
    for step in steps:
        await _take(pool, database_url, *step)
        with connect(database_url) as connection:
            [stands] = connection.execute(
                "SELECT bool_or(NOT voided) FROM accounting.current_line WHERE entry_kind = 1"
            ).fetchone() or [None]
        assert sum(counted(database_url).values()) == int(bool(stands))
        assert_all_is_well(database_url)


async def _take(pool: Pool, url: str, what: str, which: int) -> None:
    """Voids or moves one of the three lines, or undoes one of the corrections that can be undone."""
    line = charges(url)[which % 3]
    match what:
        case "void":
            await make(pool, void=True, charges=[line])
        case "move":
            await make(pool, change=Change(project=f"P-{which}"), charges=[line])
        case _:
            await _undo(pool, which)


async def _undo(pool: Pool, which: int) -> None:
    corrections = Corrections(pool, SystemClock(), timezone=ZONE.key)
    open_ones = [each for each in await corrections.page(limit=50) if each["undone_by"] is None]
    if not open_ones:
        return
    chosen = open_ones[which % len(open_ones)]
    try:
        await make(pool, undo=str(chosen["correction_no"]))
    except Conflict:
        return
