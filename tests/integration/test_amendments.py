"""Amendments on a real ledger: totals follow, nothing is lost, and what was is still to be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, get_args

import psycopg
import pytest

from services.accounting.amend import NewCorrection, open_staging, post_amendments
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.verify import rebuild
from services.reporting.question import Question
from services.reporting.store import Store
from services.reporting.summary import By
from shared.errors import Conflict, NotFound
from shared.events import JobCompleted
from shared.periods import parse_period
from shared.postgres import Pool, connect, open_pool
from tests.integration.amended import amend, assert_all_is_well
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish
from tests.unit.accounting.price_lists import a1_line, job

NOON: Final = datetime(2026, 10, 30, 12, tzinfo=UTC)
LINES: Final = (
    a1_line(category="line-colour", media="gloss"),
    a1_line(category="line-colour", media="plain", sheets=3),
    a1_line(category="image-high", ink_ul=None),
    a1_line(used_area_mm2=None, media="plain"),
)
SUMMARIES: Final = (
    "printer",
    "kind",
    "person",
    "project",
    "department",
    "media",
    "category",
    "day",
    "month",
    "total",
)


def jobs() -> list[JobCompleted]:
    """Forty jobs over four days and two months, some below the minimum, some lines unpriced."""
    return [
        job(
            *LINES[number % 4 : number % 4 + 1 + number % 3],
            completed_at=NOON + number * timedelta(minutes=150),
            job={"device_job_id": str(number), "source": "ipp"},
            project=f"P-{number % 3}",
        )
        for number in range(40)
    ]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=2)
    await publish(opened, COST, PRICES["minimum"])
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, jobs()).jobs == 40
    writer.close()
    yield opened
    await opened.close()


def summaries(url: str, *, as_of: datetime | None = None) -> dict[str, dict[str, Any]]:
    """Every summary of the year, without rows that count nothing."""
    found = {}
    with connect(url) as connection:
        for by in SUMMARIES:
            if as_of is None:
                rows = connection.execute("SELECT * FROM inkmeter.summary(%s, '2026-01-01', '2026-12-31')", [by])
            else:
                rows = connection.execute(
                    "SELECT * FROM inkmeter.summary_as_of(%s, '2026-01-01', '2026-12-31', %s)", [by, as_of]
                )
            found[by] = {row[0]: row[2:] for row in rows if any(row[2:])}
    return found


def lines_of(url: str, query: str) -> Sequence[Any]:
    with connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


async def test_lines_that_are_moved_count_where_they_are_now_and_undone_where_they_were(
    pool: Pool, database_url: str
) -> None:
    before = summaries(database_url)
    moved = await amend(pool, "correction", where="project_no = 1", project="2")
    after = summaries(database_url)

    assert moved.lines > 10
    assert "P-0" not in after["project"]
    assert after["total"] == before["total"]
    assert after["project"]["P-1"][0] == before["project"]["P-0"][0] + before["project"]["P-1"][0]
    assert after["project"]["P-1"][7] == before["project"]["P-0"][7] + before["project"]["P-1"][7]
    assert_all_is_well(database_url)

    await amend(
        pool, "undo", where=f"correction_no = {moved.correction_no}", project="1", undoes=moved.correction_no
    )
    assert summaries(database_url) == before
    assert_all_is_well(database_url)


async def test_a_void_takes_jobs_quantities_and_money_out_of_every_sum_and_comes_back(
    pool: Pool, database_url: str
) -> None:
    before = summaries(database_url)
    voided = await amend(pool, "void", where="project_no = 1")
    after = summaries(database_url)

    assert after["total"][""][0] == before["total"][""][0] - before["project"]["P-0"][0]
    assert all(one < other for one, other in zip(after["total"][""][:8], before["total"][""][:8], strict=True))
    assert_all_is_well(database_url)
    query = "SELECT DISTINCT project, voided, cost, price, unpriced_lines FROM inkmeter.jobs WHERE voided"
    shown = lines_of(database_url, query)
    assert shown == [("P-0", True, 0, 0, 0)]

    assert (await amend(pool, "void", where="voided")).correction_no is None, "voided already"
    await amend(pool, "undo", where="voided", undoes=voided.correction_no)
    assert summaries(database_url) == before
    assert_all_is_well(database_url)


async def test_each_moment_keeps_its_own_totals(pool: Pool, database_url: str) -> None:
    states = [(summaries(database_url), datetime.now(UTC))]
    await amend(pool, "reprice", where="price_micro IS NOT NULL", price="price_micro + 70000")
    states.append((summaries(database_url), datetime.now(UTC)))
    await amend(pool, "correction", where="line = 0", project="3 - project_no + 1")
    await amend(pool, "void", where="project_no = 3")
    states.append((summaries(database_url), datetime.now(UTC)))

    for told, moment in states:
        assert summaries(database_url, as_of=moment) == told
    before_all = summaries(database_url, as_of=datetime(2026, 1, 1, tzinfo=UTC))
    assert not any(before_all.values())
    assert_all_is_well(database_url)


async def test_sums_and_lines_agree_also_when_amended(pool: Pool, database_url: str) -> None:
    await amend(pool, "correction", where="project_no = 1", project="2")
    await amend(pool, "void", where="project_no = 3 AND kind = 1 AND line = 0")
    await amend(pool, "reprice", where="NOT voided", price="coalesce(price_micro, 0) + 1")
    sums = Store(pool, currency="EUR", timezone=ZONE.key, timeout_s=20)
    lines = Store(pool, currency="EUR", timezone="none: every question goes to the ledger", timeout_s=20)
    for by in get_args(By):
        question = Question(by, parse_period("2026", now=NOON, timezone=ZONE.key))
        one, other = await sums.summary(question), await lines.summary(question)
        assert (one.source, other.source) == ("rollup", "ledger")
        assert one.total == other.total, by
        shown = [{row.key: row.sums for row in each.rows if row.sums.jobs} for each in (one, other)]
        assert shown[0] == shown[1], by


async def test_an_amendment_reads_as_two_ledger_lines_that_follow_the_state_before(
    pool: Pool, database_url: str
) -> None:
    await amend(pool, "correction", where="entry_id & 4095 = 0 AND line = 0", project="2")
    await amend(pool, "reprice", where="revision = 1", price="price_micro + 1000000")
    await amend(pool, "void", where="revision = 2")
    told = lines_of(
        database_url,
        "SELECT charge_id, follows, entry_kind, project, leg, jobs, printed_area_m2, price, actor, reason "
        "FROM inkmeter.charges WHERE job_id = (SELECT job_id FROM inkmeter.charges WHERE leg = -1 LIMIT 1) "
        "AND line = 0 ORDER BY posted_at, leg",
    )
    [first, *_] = told
    price, area = first[7], first[6]
    one = Decimal(1)
    own = 1 << 52
    assert [each[1:] for each in told] == [
        (None, "charge", "P-0", 1, 1, area, price, None, None),
        (first[0], "void", "P-0", -1, -1, -area, -price, "anna", "as the customer asked"),
        (first[0], "correction", "P-1", 1, 1, area, price, "anna", "as the customer asked"),
        (f"{own + 1}.0", "void", "P-1", -1, -1, -area, -price, "anna", "as the customer asked"),
        (f"{own + 1}.0", "reprice", "P-1", 1, 1, area, price + one, "anna", "as the customer asked"),
        (f"{own + 3}.0", "void", "P-1", -1, -1, -area, -price - one, "anna", "as the customer asked"),
    ]
    assert_all_is_well(database_url)


async def test_what_somebody_else_changed_meanwhile_is_refused_whole(pool: Pool, database_url: str) -> None:
    before = summaries(database_url)
    moved = await amend(pool, "correction", where="line = 0 AND project_no = 1", project="2")
    with pytest.raises(Conflict, match="changed since by another correction"):
        await amend(pool, "correction", project="3", based_on="0")
    with pytest.raises(NotFound, match="not in the ledger"):
        await post_unknown(pool)
    assert summaries(database_url)["total"] == before["total"]
    assert lines_of(database_url, "SELECT correction_no, lines FROM accounting.correction") == [
        (moved.correction_no, moved.lines)
    ]
    assert_all_is_well(database_url)


async def post_unknown(pool: Pool) -> None:
    async with pool.connection() as connection:
        await open_staging(connection)
        await connection.execute(
            "INSERT INTO pg_temp.staged_amendment VALUES (7, now(), 1, 1, 0, 0, 0, 1, 1, NULL, 0, true, false)"
        )
        await post_amendments(connection, NewCorrection(kind="correction", actor="a", reason="r", request={}))


async def test_rollups_made_anew_are_the_same(pool: Pool, database_url: str) -> None:
    await amend(pool, "correction", where="project_no = 1", project="2")
    await amend(pool, "void", where="project_no = 3")
    before = summaries(database_url)
    rebuild(database_url)
    assert summaries(database_url) == before
    assert_all_is_well(database_url)


async def test_amendments_only_grow(pool: Pool, database_url: str) -> None:
    await amend(pool, "void", where="project_no = 3")
    with connect(database_url, autocommit=True) as connection:
        for table in ("amendment", "amendment_2026_10", "amendment_2026_11", "correction", "period_close"):
            for change in (
                "UPDATE accounting.{} SET actor = ''",
                "DELETE FROM accounting.{}",
                "TRUNCATE accounting.{}",
            ):
                statement = change.replace("actor = ''", "line = 1") if "amendment" in table else change
                with pytest.raises(
                    (psycopg.errors.IntegrityConstraintViolation, psycopg.errors.FeatureNotSupported)
                ):
                    connection.execute(statement.format(table).encode())
