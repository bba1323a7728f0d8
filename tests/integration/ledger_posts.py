"""Publishes price lists and posts jobs to a ledger of real PostgreSQL, without Kafka."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from services.accounting.books.loader import load_pricing
from services.accounting.books.store import PriceBooks
from services.accounting.ledger.fence import lease
from services.accounting.ledger.work import Move, Outcome, Work
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.partitions import month_number
from services.accounting.pricelist.check import read_document
from shared.events import JobCompleted
from shared.events.envelope import encode, new_event
from shared.postgres import Pool
from shared.stream import Record
from tests.integration.ledger_events import TOPIC

ZONE: Final = ZoneInfo("Europe/Berlin")


async def publish(pool: Pool, *documents: str) -> None:
    """Publishes price lists, each the default of its book if it is the first there."""
    books = PriceBooks(pool, ZONE)
    for document in documents:
        file = read_document(json.loads(document), currency="EUR")
        await books.put_draft(file)
        await books.publish(file.name, by="test")


def work_of(jobs: Sequence[JobCompleted], connection: Connection[Any], *, first_offset: int = 0) -> Work:
    """A batch of these jobs, its partition taken over."""
    records = []
    for offset, each in enumerate(jobs, first_offset):
        event = new_event(
            "print.job.completed.v1", each, event_id="1", source="/test", time=each.completed_at, subject="j"
        )
        records.append(Record(TOPIC, 0, offset, b"k", encode(event)))
    stream, leases = lease(connection, TOPIC, [0])
    return Work(TOPIC, stream, records, [Move(0, leases[0].epoch, first_offset, first_offset + len(records))])


def post(writer: LedgerWriter, jobs: Sequence[JobCompleted], *, first_offset: int = 0) -> Outcome:
    """Writes jobs to the ledger as its worker does."""
    with writer.plain_connection() as connection:
        work = work_of(jobs, connection, first_offset=first_offset)
        pricing = load_pricing(connection)
    writer.months.ensure({month_number(each.completed_at.date()) for each in jobs})
    return writer.write(work, pricing)
