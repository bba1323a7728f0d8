"""The public views over a real ledger: exact, the same by sums and by lines, and for reading only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, get_args

import psycopg
import pytest

from services.accounting.dimensions import DIMENSIONS
from services.accounting.event_codes import CODES
from services.accounting.ledger.writer import LedgerWriter
from services.reporting.question import FILTERS, Question
from services.reporting.store import Store
from services.reporting.summary import By, Summary
from shared.events import JobCompleted
from shared.events.jobs import CategoryBy, ColourMode, Kind, Measured, Outcome, PersonRef
from shared.periods import find_zone, parse_period
from shared.postgres import Pool, connect, open_pool
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish
from tests.unit.accounting.price_lists import a1_line, job

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST: Final = datetime(2026, 10, 23, 20, 30, tzinfo=UTC)
"""In Berlin the clocks go back on 25 October, in New York on 1 November."""
PERIODS: Final = ("2026", "2026-10", "2026-10-25", "2026-10-24..2026-11-01", "2026-11-01")
VIEWS: Final = ("jobs", "charges", "summary_daily", "summary_monthly", "projects", "printers")
TOTAL: Final = "SELECT jobs FROM inkmeter.summary('total', '2026-01-01', '2026-12-31')"
LINES: Final = (
    a1_line(category="line-colour", media="gloss"),
    a1_line(category="line-colour", media="plain", sheets=3),
    a1_line(ink_ul={"cyan": 1_001}, media=None),
    a1_line(category="image-high", ink_ul=None),
    a1_line(width_um=210_000, length_um=297_000, colour_mode="mono", impressions=11, ink_ul=None),
    a1_line(used_area_mm2=None, media="plain"),
)


def jobs() -> list[JobCompleted]:
    """A job every 53 minutes for eleven days: many kinds, some below the minimum, some without a price."""
    return [
        job(
            *(LINES[number % 6], LINES[number % 5], LINES[number % 4])[: 1 + number % 3],
            completed_at=FIRST + number * timedelta(minutes=53),
            job={"device_job_id": str(number), "source": "ipp"},
            kind=("print", "copy", "scan")[number % 7 % 3],
            outcome="cancelled_by_user" if number % 11 == 0 else "completed",
            project="" if number % 5 == 0 else f"P-{number % 5}",
            department=None if number % 4 == 0 else f"D-{number % 4}",
            person=PersonRef(claimed=f"user{number % 6}") if number % 6 else None,
        )
        for number in range(300)
    ]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=1)
    await publish(opened, COST, PRICES["minimum"])
    writer = LedgerWriter(database_url, ZONE)
    assert post(writer, jobs()).jobs == 300
    writer.close()
    async with opened.connection() as connection:
        await connection.execute(
            "INSERT INTO accounting.project (kind, code, name, customer) VALUES ('project', 'P-1', 'Quay', 'CITY')"
        )
    yield opened
    await opened.close()


def store(pool: Pool, rollups_count_by: str) -> Store:
    return Store(pool, currency="EUR", timezone=rollups_count_by, timeout_s=20)


def facts(summary: Summary) -> Any:
    return {row.key: row.sums for row in summary.rows}, summary.total


async def test_sums_and_lines_give_the_same_answer_also_where_clocks_change(pool: Pool) -> None:
    sums, lines = store(pool, ZONE.key), store(pool, "none: every question goes to the ledger")
    for by in get_args(By):
        for period in PERIODS:
            question = Question(by, parse_period(period, now=NOW, timezone=ZONE.key))
            one, other = await sums.summary(question), await lines.summary(question)
            assert (one.source, other.source) == ("rollup", "ledger")
            assert facts(one) == facts(other), (by, period)
            assert min(one.total.jobs, one.total.price, one.total.unpriced_lines) > 0


async def test_a_day_of_another_zone_holds_the_jobs_of_that_day(pool: Pool) -> None:
    zone = "America/New_York"
    asked = Question("day", parse_period("2026", now=NOW, timezone=zone))
    told = await store(pool, ZONE.key).summary(asked)
    days = [each.completed_at.astimezone(find_zone(zone)).date().isoformat() for each in jobs()]

    assert told.source == "ledger"
    assert {row.key: row.sums.jobs for row in told.rows} == {day: days.count(day) for day in days}
    assert days.count("2026-11-01") == 29, "25 hours"


@pytest.mark.parametrize("name", [name for name in FILTERS if name != "outcome"])
async def test_a_filter_on_each_row_gives_that_row(pool: Pool, name: By) -> None:
    reports = store(pool, ZONE.key)
    period = parse_period("2026", now=NOW, timezone=ZONE.key)
    whole = await reports.summary(Question(name, period))
    assert len(whole.rows) > 1 or name in {"printer", "group"}
    for row in whole.rows:
        part = await reports.summary(Question(name, period, filters={name: row.key}))
        assert facts(part) == ({row.key: row.sums}, row.sums)


def test_every_view_adds_up_to_the_ledger_to_the_last_digit(pool: Pool, database_url: str) -> None:
    del pool
    with connect(database_url) as connection:
        [ledger] = connection.execute(
            "SELECT sum(cost_micro)::bigint, sum(price_micro)::bigint, sum(printed_area_mm2)::bigint, "
            "sum(ink_total_ul)::bigint, sum(jobs)::bigint FROM accounting.charge"
        ).fetchall()
        expected = tuple(Decimal(n).scaleb(-e) for n, e in zip(ledger, (6, 6, 6, 3, 0), strict=True))
        sums = "SELECT sum(cost), sum(price), sum(printed_area_m2), sum(ink_ml), "
        queries = [sums + "count(*) FROM inkmeter.jobs", sums + "count(DISTINCT job_id) FROM inkmeter.charges"]
        queries += [
            f"{sums} sum(jobs) FROM inkmeter.{view} WHERE by = '{by}'"
            for view in ("summary_daily", "summary_monthly")
            for by in ("printer", "kind", "person", "project", "department")
        ]
        for query in queries:
            assert connection.execute(query.encode()).fetchall() == [expected], query


def test_the_readers_role_reads_the_views_and_nothing_else(pool: Pool, database_url: str) -> None:
    del pool
    with connect(database_url, autocommit=True) as connection:
        others = connection.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
            "WHERE schemaname IN ('accounting', 'collector', 'public') ORDER BY 1"
        ).fetchall()
        connection.execute("SET ROLE inkmeter_reader")
        for view in VIEWS:
            assert connection.execute(f"SELECT * FROM inkmeter.{view} LIMIT 1".encode()).fetchall()
            for change in (f"DELETE FROM inkmeter.{view}", f"DROP VIEW inkmeter.{view}"):
                with pytest.raises(psycopg.Error):
                    connection.execute(change.encode())
        [[jobs_told]] = connection.execute(TOTAL)
        assert jobs_told == 300
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="no summary by"):
            connection.execute(TOTAL.replace("total", "title"))
        assert len(others) > 20
        for [table] in others:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {table} LIMIT 1".encode())
        for forbidden in (
            "SELECT accounting.make_month('2027-01-01')",
            "CREATE TABLE inkmeter.mine (n integer)",
            "CREATE TABLE public.mine (n integer)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden.encode())


def test_the_ledger_and_all_of_its_partitions_only_grow(pool: Pool, database_url: str) -> None:
    del pool
    with connect(database_url, autocommit=True) as connection:
        partitions = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'accounting.charge'::regclass"
        ).fetchall()
        assert len(partitions) == 2
        for table in ("accounting.job", "accounting.charge", *(name for [name] in partitions)):
            for change in (f"UPDATE {table} SET posted_at = now()", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
                    connection.execute(change.encode())


def test_what_the_ledger_names_by_number_is_never_taken_away(pool: Pool, database_url: str) -> None:
    del pool
    with connect(database_url, autocommit=True) as connection:
        dimensions = [each.table for each in DIMENSIONS]
        for table in (*dimensions, "accounting.stream", "accounting.code"):
            for change in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="the ledger names"):
                    connection.execute(change.encode())
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            connection.execute("UPDATE accounting.rule SET text = 'another'")
        connection.execute("UPDATE accounting.person SET name = 'Anna'")


def test_the_words_of_events_have_one_number_in_program_and_database(database_url: str) -> None:
    with connect(database_url) as connection:
        stored = connection.execute("SELECT what, code, no FROM accounting.code").fetchall()
    assert set(stored) == {(what, code, no) for what, codes in CODES.items() for code, no in codes.items()}
    for what, words in (("kind", Kind), ("outcome", Outcome), ("measured", Measured), ("colour_mode", ColourMode)):
        assert set(get_args(words)) == CODES[what].keys()
    assert set(get_args(CategoryBy)) == CODES["category_by"].keys()
