"""Whatever is done to the lines of jobs, in whatever order, their minimum charges follow."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.accounting.amend.corrections import Corrections
from services.accounting.amend.request import Change
from services.accounting.filters import LineFilters
from shared.clock import SystemClock
from shared.errors import Conflict
from shared.postgres import Pool, open_pool
from tests.integration.amended import assert_all_is_well
from tests.integration.ledger_posts import ZONE, publish
from tests.integration.minimum_jobs import (
    COST,
    LARGE,
    OTHER,
    PRICE,
    SMALL,
    TERMS,
    UNPRICED,
    jobs,
    make,
    repriced,
    take,
)
from tests.integration.minimum_oracle import assert_minimums_are_owed
from tests.integration.test_amendments import summaries

FILTERS: Final = st.one_of(
    st.sampled_from(["plain", "gloss", ""]).map(lambda name: LineFilters(media=(name,))),
    st.sampled_from(["line-colour", "plan", "image-high"]).map(lambda name: LineFilters(category=(name,))),
    st.integers(0, 5).map(lambda number: LineFilters(project=(f"P-{number}",), media=("plain",))),
    st.just(LineFilters(unpriced=True)),
    st.just(LineFilters(outcome=("cancelled_by_user",), media=("gloss",))),
)
STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("void"), FILTERS),
        st.tuples(st.just("move"), FILTERS),
        st.tuples(st.just("undo"), st.integers(0, 9)),
        st.tuples(st.just("reprice"), st.none()),
    ),
    min_size=2,
    max_size=6,
)
GLOSS: Final = LineFilters(media=("gloss",))
PLAIN: Final = LineFilters(media=("plain",))


@example(steps=[("void", GLOSS), ("void", PLAIN), ("undo", 1), ("reprice", None), ("undo", 0)])
@example(steps=[("move", PLAIN), ("void", GLOSS), ("void", LineFilters(unpriced=True)), ("undo", 1), ("undo", 2)])
@given(steps=STEPS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_voided_moved_and_undone_each_job_owes_what_its_lines_leave_of_the_minimum(
    six_jobs: str, steps: list[tuple[str, Any]]
) -> None:
    pool = await open_pool(six_jobs, max_size=2)
    before = summaries(six_jobs)
    for what, which in steps:
        match what:
            case "void":
                await make(pool, void=True, filter=which)
            case "move":
                await make(pool, change=Change(project="P-1"), filter=which)
            case "reprice":
                assert (await repriced(pool, six_jobs)).correction_no is None
            case _:
                await undo_one(pool, which)
        assert_minimums_are_owed(six_jobs, TERMS)
    assert_all_is_well(six_jobs)
    while await undo_one(pool, 0):
        assert_minimums_are_owed(six_jobs, TERMS)
    assert summaries(six_jobs) == before
    assert_all_is_well(six_jobs)
    await pool.close()


async def undo_one(pool: Pool, which: int) -> bool:
    """Undoes one of the corrections that can be undone, 0 the last one; whether any was left."""
    page = await Corrections(pool, SystemClock(), timezone=ZONE.key).page(limit=100)
    left = [each for each in page if each["undone_by"] is None and each["kind"] != "undo"]
    if left:
        try:
            await make(pool, undo=str(left[which % len(left)]["correction_no"]))
        except Conflict:
            assert which % len(left), "the last change can always be undone"
    return bool(left)


@pytest.fixture
async def six_jobs(database_url: str) -> str:
    """A ledger of six jobs, above and below the minimum, unpriced and cancelled; its address."""
    pool = await open_pool(database_url, max_size=1)
    await publish(pool, COST, PRICE)
    await pool.close()
    take(database_url, jobs([SMALL, OTHER], [LARGE, SMALL, OTHER], [UNPRICED, SMALL], [OTHER, OTHER], [LARGE]))
    cancelled = jobs(*[[SMALL]] * 5, [SMALL, OTHER], outcome="cancelled_by_user")[5:]
    take(database_url, cancelled, first_offset=5)
    return database_url
