"""Lines of a real ledger are priced again as the plain pricing does it, row by row, whatever they hold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import reject as pass_over
from hypothesis import strategies as st

from services.accounting.filters import LineFilters
from services.accounting.ledger import simple_path
from services.accounting.ledger.work import Work
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.partitions import month_number
from shared.errors import Reject
from tests.integration.ledger_events import PRICES, START, pricing, works
from tests.integration.rerate_lines import plainly, rerated

NOW: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
END: Final = START + timedelta(days=40)


@pytest.fixture
def writer(database_url: str) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(database_url, ZoneInfo("Europe/Berlin"))
    writer.months.ensure([month_number(START.date()), month_number(START.date()) + 1])
    with writer.plain_connection() as connection:
        connection.execute(
            "INSERT INTO accounting.printer (key, model, printer_group) VALUES ('printer-1', 'T1700', 'cad')"
        )
    yield writer
    writer.close()


@given(
    work=works(),
    booked=st.sampled_from(sorted(PRICES)),
    kind=st.sampled_from(sorted(PRICES)),
    project=st.sampled_from([None, "P-1"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_are_priced_again_as_the_plain_pricing_does(
    writer: LedgerWriter, work: Work, booked: str, kind: str, project: str | None
) -> None:
    filters = LineFilters(project=(project,) if project else ())
    with writer.plain_connection() as connection:
        connection.autocommit = False
        try:
            postings, _ = writer.postings(work, pricing(booked))
            postings = list({each.job_id: each for each in reversed(postings)}.values())
            simple_path.learn_dimensions(postings, writer.dimensions)
            simple_path.post(connection, postings, writer.dimensions, NOW)
            asked = [each for each in postings if project in {None, each.job.project}]
            found = asyncio.run(rerated(connection, pricing(kind), START, END, filters))
        except (psycopg.errors.NumericValueOutOfRange, Reject):
            pass_over()  # an amount or a sum that the ledger can't hold
        finally:
            connection.rollback()
    assert found == plainly(asked, pricing(kind))
