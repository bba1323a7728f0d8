"""The relay tells each ledger line once, in the ledger's order, as the plain encoding of that line would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, LiteralString

import pytest

from services.accounting.ledger.writer import LedgerWriter
from services.accounting.relay.charge_events import charge_event
from services.accounting.relay.pages import Pages
from services.accounting.relay.relay import Relay
from shared.batch_producer import Batch, BatchProducer
from shared.errors import ConfigError, Retry
from shared.events.envelope import encode
from shared.postgres import Pool, connect, open_pool
from tests.integration.amended import amend
from tests.integration.ledger_events import COST, PRICES
from tests.integration.ledger_posts import ZONE, post, publish
from tests.integration.test_amendments import jobs

PLAIN: Final[LiteralString] = """
SELECT c.entry_id, c.line, e.code, c.follows_entry_id, c.follows_line, c.job_id::text, j.job_key,
    p.key, w.key, pk.key, dk.key, c.billable, k.code, o.code, nullif(m.key, ''), nullif(g.key, ''),
    c.printed_area_mm2, c.used_area_mm2, c.ink_total_ul, c.impressions, c.sheets,
    c.cost_micro, cl.name, cl.version, cr.text, c.price_micro, pl.name, pl.version, pr.text,
    c.occurred_at, c.posted_at, c.day, c.jobs, c.unpriced_lines, c.correction_no::text, h.actor, h.reason
FROM accounting.leg AS c
JOIN accounting.job AS j USING (job_id)
JOIN accounting.printer AS p ON p.printer_no = c.printer_no
JOIN accounting.person AS w ON w.person_no = c.person_no
JOIN accounting.project_key AS pk USING (project_no)
JOIN accounting.department_key AS dk USING (department_no)
JOIN accounting.media AS m USING (media_no)
JOIN accounting.category AS g USING (category_no)
JOIN accounting.code AS e ON e.what = 'entry_kind' AND e.no = c.entry_kind
JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = c.outcome
JOIN accounting.rule AS cr ON cr.rule_no = c.cost_rule_no
JOIN accounting.rule AS pr ON pr.rule_no = c.price_rule_no
LEFT JOIN accounting.price_list AS cl ON cl.id = cr.list_id
LEFT JOIN accounting.price_list AS pl ON pl.id = pr.list_id
LEFT JOIN accounting.correction AS h ON h.correction_no = c.correction_no
ORDER BY c.entry_id, c.line
"""


class Kafka(BatchProducer):
    """Keeps what it is told, or is away."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:1", "test")
        self.batches: list[Batch] = []
        self.failures: list[Exception] = []

    async def send(self, batch: Batch) -> None:
        if self.failures:
            raise self.failures.pop()
        self.batches.append(batch)

    @property
    def told(self) -> list[tuple[bytes, bytes]]:
        return [record for batch in self.batches for record in batch.records]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, max_size=1)
    await publish(opened, COST, PRICES["minimum"])
    writer = LedgerWriter(database_url, ZONE)
    post(writer, jobs())
    writer.close()
    yield opened
    await opened.close()


async def drained(relay: Relay) -> int:
    told = 0
    while new := await relay.tell_charges():
        told += new
    return told


def plain(url: str) -> list[tuple[bytes, bytes]]:
    """All ledger lines in order, as key and event."""
    with connect(url) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(PLAIN).fetchall()
    events = [charge_event(row, currency="EUR") for row in rows]
    return [(event.data.project.encode(), encode(event)) for event in events]


def by_place(records: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return sorted(records, key=lambda each: each[1])


async def test_what_is_told_is_the_plain_encoding_of_each_line_in_order(pool: Pool, database_url: str) -> None:
    kafka = Kafka()
    relay = Relay(pool, kafka, topic_prefix="t.", currency="EUR")
    first = await drained(relay)
    assert kafka.told == plain(database_url)

    await amend(pool, "correction", where="project_no = 1", project="2")
    await amend(pool, "reprice", where="price_micro IS NOT NULL", price="price_micro + 70001")
    await amend(pool, "void", where="project_no = 3")
    legs = await drained(relay)

    charges, told = kafka.told[:first], kafka.told[first:]
    expected = plain(database_url)
    assert legs == len(told) > first
    assert by_place([*charges, *told]) == by_place(expected)
    assert told == [each for each in expected if each not in charges]
    assert {batch.topic for batch in kafka.batches} == {"t.charges.v1"}


async def test_pages_end_between_entries_and_lose_none(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.accounting.relay.pages.MAX_CHARGES", 5)
    kafka = Kafka()
    relay = Relay(pool, kafka, topic_prefix="t.", currency="EUR")
    await drained(relay)
    await amend(pool, "reprice", where="price_micro IS NOT NULL", price="price_micro + 70001")
    await drained(relay)
    assert by_place(kafka.told) == by_place(plain(database_url))
    assert len(kafka.batches) > len(kafka.told) / 5


async def test_what_was_not_acknowledged_is_told_again(pool: Pool, database_url: str) -> None:
    kafka = Kafka()
    relay = Relay(pool, kafka, topic_prefix="t.", currency="EUR")
    for failure in (Retry("away"), ConfigError("no topic")):
        kafka.failures.append(failure)
        with pytest.raises(type(failure)):
            await relay.tell_charges()
    assert kafka.told == []
    await drained(relay)
    assert kafka.told == plain(database_url)


async def test_a_new_connection_may_lead_to_another_database(pool: Pool, database_url: str) -> None:
    pages = Pages("EUR")
    async with pool.connection() as connection:
        row = await (
            await connection.execute("SELECT min(entry_id), max(entry_id) FROM accounting.charge")
        ).fetchone()
        assert row
        span = {"first": row[0], "begin": 0, "end": row[1] - row[0] + 1}
        before = await pages.read(connection, "jobs.v1", **span)
    with connect(database_url) as other:
        # No product does this: it stands for a copy that gave the number to another key.
        other.execute("UPDATE accounting.printer SET key = 'another' WHERE printer_no > 0")
    async with pool.connection() as connection:
        assert await pages.read(connection, "jobs.v1", **span) == before
        await connection.close()
    async with pool.connection() as connection:
        after = await pages.read(connection, "jobs.v1", **span)
    assert after.events == plain(database_url) != before.events
