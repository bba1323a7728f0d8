"""What jobs tell of printers that the registry does not know is kept, so that they can be priced again by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from services.accounting.books.loader import load_pricing
from services.accounting.dimensions import PRINTER
from services.accounting.ledger.fast.days import Days
from services.accounting.ledger.fast.path import packed_batch
from services.accounting.ledger.fast.rates import Rates
from services.accounting.ledger.writer import LedgerWriter
from shared.events.jobs import PrinterRef
from tests.integration.ledger_posts import ZONE, work_of
from tests.unit.accounting.price_lists import a1_line, job

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def writer(database_url: str) -> Iterator[LedgerWriter]:
    made = LedgerWriter(database_url, ZONE)
    with made.plain_connection() as connection:
        connection.execute("SELECT accounting.make_month('2026-11-01')")
        connection.execute(
            "INSERT INTO accounting.printer (key, name) VALUES ('queue', 'A queue without a model')"
        )
    yield made
    made.close()


@pytest.mark.parametrize("fast", [True, False])
def test_the_first_model_told_counts_until_the_registry_tells_one(writer: LedgerWriter, *, fast: bool) -> None:
    told = [
        PrinterRef(id="serial:SN-1", serial="SN-1", model="T1700"),
        PrinterRef(id="queue", model="TX-4100"),
        PrinterRef(id="serial:SN-1", serial="SN-1", model="another"),
        PrinterRef(id="silent"),
        PrinterRef(id="silent", model="T830"),
    ]
    jobs = [
        job(a1_line(), printer=printer, job={"device_job_id": str(number), "source": "ipp"}, completed_at=AT)
        for number, printer in enumerate(told)
    ]
    with writer.plain_connection() as connection:
        work = work_of(jobs, connection)
        pricing = load_pricing(connection)
        packed = packed_batch(work, Rates(pricing), Days(ZONE), writer.dimensions) if fast else None
        assert writer.write(work, pricing, packed).jobs == 5
        known = "SELECT key, serial, model FROM accounting.known_printer WHERE printer_no <> 0 ORDER BY key"
        assert connection.execute(known.encode()).fetchall() == [
            ("queue", "", "TX-4100"),
            ("serial:SN-1", "SN-1", "T1700"),
            ("silent", "", "T830"),
        ]
        connection.execute("UPDATE accounting.printer SET model = 'T1700 v2' WHERE key = 'queue'")
        assert connection.execute(known.encode()).fetchall()[0] == ("queue", "", "T1700 v2")


def test_what_later_jobs_tell_of_a_printer_is_added(writer: LedgerWriter) -> None:
    for serial, model in (("SN-1", ""), ("", ""), ("SN-2", "T1700"), ("SN-3", "another")):
        writer.dimensions.learn(PRINTER, {"serial:SN-1": (serial, model)})
    known = "SELECT serial, model FROM accounting.known_printer WHERE key = 'serial:SN-1'"
    with writer.plain_connection() as connection:
        assert connection.execute(known.encode()).fetchall() == [("SN-1", "T1700")]
