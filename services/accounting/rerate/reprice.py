"""Prices a stretch of the ledger again by the published lists, and posts what differs as new entries, by month."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import numpy as np
import structlog
from msgspec import Struct

from services.accounting import dimensions as dim
from services.accounting.amend import NewCorrection, open_staging, post_amendments
from services.accounting.dimensions import Dimensions
from services.accounting.filters import LineFilters, period_of, shown, where
from services.accounting.ledger.fast.sums import TooLarge
from services.accounting.pricing.rules import Rule
from services.accounting.rerate.changes import Changes
from services.accounting.rerate.effect import Effect, Money, Sums
from services.accounting.rerate.lines import Whole
from services.accounting.rerate.post import Posting
from services.accounting.rerate.prices import Priced, Repricer
from services.accounting.rerate.question import Lists
from services.accounting.rerate.read import Reader, load_names, months
from services.accounting.rerate.session import Connection, MonthSpan, Progress, months_of, nobody, opened
from services.accounting.rerate.stage import stage_changes, stage_minimums
from shared.errors import Conflict, Reject
from shared.postgres import connect

log = structlog.get_logger(__name__)

ATTEMPTS: Final = 3
"""How often a month is tried where somebody else changes lines of it meanwhile."""


class Repricing(Struct, frozen=True, kw_only=True):
    """What is to be priced again.

    Attributes:
        filters: which lines, with their period; the minimum charges of their jobs follow.
        only_missing: amounts that are booked stay, only those that are lacking are filled in.
        dry_run: only tells what it would come to.
    """

    filters: LineFilters
    actor: str
    reason: str
    only_missing: bool = False
    dry_run: bool = False


class MonthRepriced(Struct, frozen=True, kw_only=True):
    """What one month came to, and the correction that did it; none where nothing differs or nothing was posted."""

    month: str
    sums: Sums
    correction_no: int | None = None


async def reprice(
    url: str, lists: Lists, asked: Repricing, *, now: datetime, timezone: str, progress: Progress = nobody
) -> list[MonthRepriced]:
    """Prices lines again, each month in one transaction: what was posted before a failure stays, and counts.

    The same once more changes nothing.

    Raises:
        Reject: no period is named.
        Conflict: others change the same lines all the time.
    """
    period = period_of(asked.filters, now=now, timezone=timezone)
    if period is None:
        raise Reject("Name the period whose lines are to be priced again.", pointer="/filter/period")
    numbers = RuleNumbers(url)
    try:
        work = _Work(url, lists, asked, numbers, progress)
        return [await work.month(span) for span in months_of(period.start, period.end, timezone)]
    finally:
        numbers.close()


class RuleNumbers:
    """The ledger's numbers for rules of a repricer, made where they are new."""

    def __init__(self, url: str) -> None:
        self._dimensions = Dimensions(lambda: connect(url, name="inkmeter-rerate", autocommit=True))
        self._known: dict[Rule, int] = {}

    async def of(self, repricer: Repricer) -> Whole:
        """Numbers of cost and price rule, by place in `repricer.rules`."""
        new = {rule for pair in repricer.rules for rule in pair} - self._known.keys()
        if new:
            wanted = {rule.key: tuple(rule) for rule in new}
            numbers = await asyncio.to_thread(self._dimensions.learn, dim.RULE, wanted)
            self._known |= {rule: numbers[rule.key] for rule in new}
        rows = [(self._known[cost], self._known[price]) for cost, price in repricer.rules]
        found: Whole = np.array(rows, np.int64).reshape(-1, 2)
        return found

    def close(self) -> None:
        """Closes the connection."""
        self._dimensions.close()


class _Work:
    """One repricing, month by month."""

    def __init__(self, url: str, lists: Lists, asked: Repricing, numbers: RuleNumbers, progress: Progress) -> None:
        self._url = url
        self._lists = lists
        self._asked = asked
        self._numbers = numbers
        self._progress = progress

    async def month(self, span: MonthSpan) -> MonthRepriced:
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._once(span)
            except Conflict:
                log.warning("reprice_again", month=span.name, attempt=attempt)
        return await self._once(span)

    async def _once(self, span: MonthSpan) -> MonthRepriced:
        """Reads in one snapshot, writes in one transaction, and both at once."""
        asked, effect, changes = self._asked, Effect(()), Changes()
        request = {"filters": shown(asked.filters), "month": span.name, "only_missing": asked.only_missing}
        correction = NewCorrection(
            kind="reprice", actor=asked.actor, reason=asked.reason, request=request, leg_kind="reprice"
        )
        async with (
            opened(self._url, is_snapshot=True) as source,
            opened(self._url) as target,
            Posting(target, correction) as posting,
        ):
            async for priced in self._priced(source, span):
                effect.add(priced.lines, *compared_with_booked(priced), month=span.number)
                if not asked.dry_run:
                    await self._take(target, posting, changes, priced)
            if asked.dry_run or (not changes and changes.is_whole):
                return MonthRepriced(month=span.name, sums=effect.total)
            correction_no = await _post(target, correction, posting, changes)
            await target.commit()
            return MonthRepriced(month=span.name, sums=effect.total, correction_no=correction_no)

    async def _priced(self, source: Connection, span: MonthSpan) -> AsyncIterator[Priced]:
        """Prices a month, chunk by chunk."""
        names = await load_names(source)
        repricer = self._repricer = Repricer(
            self._lists.book, names, self._lists.customers, only_missing=self._asked.only_missing
        )
        reader = Reader(
            source,
            where(self._asked.filters),
            names,
            repricer.needs,
            states=True,
            rules=self._asked.only_missing,
        )
        for start, end in months(span.start, span.end):
            async for lines in reader.read(start, end):
                yield repricer.price(lines)
                await self._progress(len(lines))

    async def _take(self, target: Connection, posting: Posting, changes: Changes, priced: Priced) -> None:
        """Posts a chunk at once; or, where minimum charges are no lines yet, keeps it and stages those."""
        rules = await self._numbers.of(self._repricer)
        was_whole = changes.is_whole
        part = changes.add(priced, rules)
        if changes.is_whole:
            if len(part["entry_id"]):
                await posting.add(part)
            return
        if was_whole:
            await posting.abandon()
            await open_staging(target)
        await stage_minimums(target, priced, rules)


async def _post(
    connection: Connection, correction: NewCorrection, posting: Posting, changes: Changes
) -> int | None:
    """Posts what is not posted yet; by way of staged rows where lines are added, or sums may not fit 64 bits."""
    if changes.is_whole:
        try:
            return await posting.finish(changes)
        except TooLarge:
            await posting.abandon()
            await open_staging(connection)
    if changes:
        await stage_changes(connection, changes)
    return (await post_amendments(connection, correction)).correction_no


def compared_with_booked(priced: Priced) -> tuple[Money, Money]:
    """What is booked, and what would be."""
    lines = priced.lines
    before = Money(lines.cost_micro, lines.price_micro)
    return before, Money(priced.cost_micro, priced.price_micro, priced.missing)
