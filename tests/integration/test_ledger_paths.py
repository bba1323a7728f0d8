"""The fast path writes what the simple path writes, row by row, whatever a batch holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from services.accounting.books.loader import Pricing
from services.accounting.ledger import simple_path
from services.accounting.ledger.fast.days import Days
from services.accounting.ledger.fast.path import packed_batch
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.fast.sums import TooLarge
from services.accounting.ledger.work import Work
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.partitions import month_number
from services.accounting.rollups import ROLLUPS
from tests.integration.ledger_events import KINDS, START, pricing, works

NOW: Final = datetime(2026, 11, 24, 12, 0, 0, 123_456, tzinfo=UTC)
ZONE: Final = ZoneInfo("Europe/Berlin")
TABLES: Final = ("accounting.job", "accounting.charge", *(each.table for each in ROLLUPS))
TOO_LARGE: Final = "too large"


@pytest.fixture
def writer(database_url: str) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(database_url, ZONE)
    writer.months.ensure([month_number(START.date()), month_number(START.date()) + 1])
    yield writer
    writer.close()


def simple(writer: LedgerWriter, connection: Connection[Any], work: Work, prices: Pricing) -> Any:
    """What the simple path makes of a batch: counts, contradictions, and who is refused why."""
    postings, _, refused = writer.postings(work, prices)
    simple_path.learn_dimensions(postings, writer.dimensions)
    jobs, lines, contradictions = simple_path.post(connection, postings, writer.dimensions, NOW)
    again = len(postings) - jobs - len(contradictions)
    return jobs, lines, again, sorted(contradictions), {(r.record.place, r.reject.reason) for r in refused}


def fast(writer: LedgerWriter, connection: Connection[Any], work: Work, prices: Pricing) -> Any:
    """The same of the fast path."""
    rates = Rates(prices)
    packed = packed_batch(work, rates, Days(ZONE), writer.dimensions, min_alike=1)
    assert packed.months() <= {month_number(START.date()), month_number(START.date()) + 1}
    jobs, lines, again, contradictions = packed.post(connection, NOW)
    refused = {(r.record.place, r.reject.reason) for r in packed.refused}
    return jobs, lines, again, sorted(contradictions), refused


def written(connection: Connection[Any]) -> dict[str, list[Any]]:
    """Every row of every table."""
    return {table: sorted(connection.execute(f"SELECT t::text FROM {table} AS t").fetchall()) for table in TABLES}


def both(path: Any, writer: LedgerWriter, before: Work, work: Work, prices: Pricing) -> Any:
    """Outcome and tables after a batch on top of an earlier one, in a transaction that is rolled back."""
    with writer.plain_connection() as connection:
        connection.autocommit = False
        try:
            simple(writer, connection, before, prices)
            connection.execute(
                "TRUNCATE staged_job, staged_charge, posted_job"
            )  # as the end of a transaction does
            outcome = path(writer, connection, work, prices)
            return outcome, written(connection)
        except (TooLarge, psycopg.errors.NumericValueOutOfRange):
            return TOO_LARGE, None
        finally:
            connection.rollback()


@given(before=works(), work=works(first=100), kind=st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_paths_write_the_same(writer: LedgerWriter, before: Work, work: Work, kind: str) -> None:
    prices = pricing(kind)
    one, other = (both(path, writer, before, work, prices) for path in (simple, fast))
    if other[0] != TOO_LARGE:
        assert other == one
