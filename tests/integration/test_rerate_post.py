"""New amounts posted column by column come to what amend.post_amendments makes of the same states, row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
import pytest_asyncio

from services.accounting.amend import NewCorrection, open_staging, post_amendments
from services.accounting.filters import LineFilters, where
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.writer import LedgerWriter
from services.accounting.pricing import PriceBook
from services.accounting.rerate.changes import Changes
from services.accounting.rerate.keys import Needs
from services.accounting.rerate.post import Posting
from services.accounting.rerate.prices import Priced
from services.accounting.rerate.read import Reader, load_names
from services.accounting.rerate.session import opened
from services.accounting.rerate.stage import stage_changes
from services.accounting.rollups import ROLLUPS, VALUES
from services.accounting.verify import verify
from shared.errors import Conflict
from shared.postgres import connect, open_pool
from tests.integration.ledger_posts import ZONE, post, publish
from tests.integration.test_rerate_http import COST, jobs, price

START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
REPRICE = NewCorrection(kind="reprice", actor="anna", reason="other rates", request={}, leg_kind="reprice")
NEEDS = Needs.of(PriceBook((), ()))
_AMENDMENTS = (
    "SELECT a.charge_entry_id, a.line, a.revision, a.follows_entry_id, a.occurred_at, "
    "a.cost_micro, a.price_micro, a.day, a.person_no, a.project_no, a.department_no, a.cost_rule_no, "
    "a.price_rule_no, a.amendment_kind, a.unpriced_lines, a.billable, a.voided, a.posted_at = k.made_at, "
    "k.lines, k.open_from::text "
    "FROM accounting.amendment AS a JOIN accounting.correction AS k USING (correction_no) "
    "ORDER BY a.charge_entry_id, a.line, a.revision"
)
_DAY = 7
_ENTRIES = (
    "SELECT a.entry_id - k.first_entry_id FROM accounting.amendment AS a "
    "JOIN accounting.correction AS k USING (correction_no) ORDER BY 1"
)


@pytest_asyncio.fixture
async def ledger(database_url):
    pool = await open_pool(database_url, max_size=1)
    await publish(pool, COST, price())
    await pool.close()
    writer = LedgerWriter(database_url, ZONE)
    post(writer, jobs())
    writer.close()
    return database_url


async def parts_of(connection):
    """Every second line of October loses its price, all others gain; the lines in three parts."""
    names = await load_names(connection)
    reader = Reader(connection, where(LineFilters()), names, NEEDS, states=True)
    [lines] = [each async for each in reader.read(START, END)]
    prices = np.where(lines.price_micro == NULL64, 5_000_000, lines.price_micro + 70_000)
    prices[::2] = NULL64
    for places in np.array_split(np.arange(len(lines)), 3):
        some = lines.take(places)
        yield Priced(some, some.cost_micro * 2, prices[places], np.zeros(len(some), np.int64), [])


async def changed(url, posting=None):
    """The changes of all parts, sent as they come."""
    changes = Changes()
    async with opened(url, is_snapshot=True) as source:
        async for priced in parts_of(source):
            part = changes.add(priced, np.array([[1, 2]]))
            if posting is not None:
                await posting.add(part)
    return changes


async def posted(connection):
    """All amendments, and all that rollups add up to, within the transaction; it is rolled back then."""
    found = [await (await connection.execute(_AMENDMENTS)).fetchall()]
    for rollup in ROLLUPS:
        columns = ", ".join((*rollup.columns, *VALUES))
        cursor = await connection.execute(f"SELECT {columns} FROM {rollup.table}".encode())
        rows = await cursor.fetchall()
        found.append(sorted(row for row in rows if any(row[len(rollup.columns) :])))
    entries = await (await connection.execute(_ENTRIES)).fetchall()
    await connection.rollback()
    return found, entries


@pytest.mark.parametrize("is_closed", [False, True])
async def test_columns_are_posted_as_rows_are(ledger, is_closed):
    if is_closed:
        with connect(ledger) as connection:
            connection.execute("INSERT INTO accounting.period_close VALUES ('2026-10-01', now(), 'anna')")
    async with opened(ledger) as target:
        await open_staging(target)
        await stage_changes(target, await changed(ledger))
        await post_amendments(target, REPRICE)
        by_rows = await posted(target)
    async with opened(ledger) as target, Posting(target, REPRICE) as posting:
        await posting.finish(await changed(ledger, posting))
        by_columns = await posted(target)

    assert by_columns == by_rows
    [amendments, *_], entries = by_columns
    assert [entry for (entry,) in entries] == list(range(0, 36, 2))
    assert ({row[_DAY] for row in amendments} == {date(2026, 11, 1)}) == is_closed


async def fails(url, target):
    async with Posting(target, REPRICE) as posting:
        await changed(url, posting)
        raise ZeroDivisionError


async def test_what_is_given_up_leaves_nothing_and_can_begin_anew(ledger):
    async with opened(ledger) as target:
        with pytest.raises(ZeroDivisionError):
            await fails(ledger, target)
        async with Posting(target, REPRICE) as posting:
            await changed(ledger, posting)
            await posting.abandon()
            await posting.finish(await changed(ledger, posting))
            await target.commit()
    assert verify(ledger).ok, verify(ledger).findings
    with connect(ledger) as connection:
        assert connection.execute("SELECT lines FROM accounting.correction").fetchall() == [(18,)]


async def test_lines_that_somebody_else_has_changed_are_refused(ledger):
    early = await changed(ledger)
    async with opened(ledger) as target, Posting(target, REPRICE) as posting:
        await posting.finish(await changed(ledger, posting))
        await target.commit()
    async with opened(ledger) as target, Posting(target, REPRICE) as posting:
        await posting.add(early.columns())
        with pytest.raises(Conflict):
            await posting.finish(early)
    assert verify(ledger).ok, verify(ledger).findings
