"""Replays a stretch of the ledger through other price lists without writing anything, and tells the difference."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from msgspec import Struct

from services.accounting.filters import LineFilters, where
from services.accounting.pricing import PriceBook, PriceList
from services.accounting.pricing.entries import Book
from services.accounting.rerate.effect import BYS, By, Effect, Money, Sums
from services.accounting.rerate.lines import Lines
from services.accounting.rerate.prices import Priced, Repricer
from services.accounting.rerate.question import AsIf, Lists
from services.accounting.rerate.read import QUERIES, Reader, load_names, months
from services.accounting.rerate.session import Connection, MonthSpan, Progress, months_of, nobody, opened
from shared.periods import Period, parse_period

MAX_ROWS_BY: Final = 1_000
"""Most rows told by project, printer, ...: those with the largest difference; the totals are of all."""


class Replay(Struct, frozen=True, kw_only=True):
    """What is replayed.

    Attributes:
        prices: the list that lines are priced by.
        where: what it is held to count for; None leaves it where its name is assigned.
        against: another list that it is compared with; None compares with what is booked.
        only_missing: only fills in amounts that are lacking.
    """

    filters: LineFilters
    period: Period
    prices: PriceList
    where: AsIf | None = None
    against: PriceList | None = None
    only_missing: bool = False

    @property
    def book(self) -> Book:
        """The book that is priced again; the other one stays as booked."""
        return self.prices.file.book


class Row(Struct, frozen=True, kw_only=True):
    """Sums of what has one key in common."""

    key: str
    name: str
    sums: Sums


class Told(Struct, frozen=True, kw_only=True):
    """What a replay came to; `more` says how many rows were left out, by what."""

    total: Sums
    by: dict[By, list[Row]]
    more: dict[By, int]


class Compared(NamedTuple):
    """A chunk of lines with what they come to before and after; `priced` is after."""

    lines: Lines
    before: Money
    after: Money
    priced: Priced


class Replayer:
    """Prices chunks by the list in question, and by the one that it is compared with."""

    def __init__(self, connection: Connection, lists: Lists, asked: Replay) -> None:
        self._connection = connection
        self._asked = asked
        self.book = asked.book
        self._customers = lists.customers
        self._book = lists.as_if(asked.prices, asked.where)
        self._against = lists.as_if(asked.against, asked.where) if asked.against else None

    async def start(self) -> None:
        """Reads what numbers stand for; the connection's snapshot begins here."""
        names = self.names = await load_names(self._connection)

        def repricer(book: PriceBook) -> Repricer:
            books = frozenset({self.book})
            return Repricer(book, names, self._customers, books=books, only_missing=self._asked.only_missing)

        self.after = repricer(self._book)
        self._before = repricer(self._against) if self._against else None
        needs = self.after.needs.with_all_of(self._before.needs) if self._before else self.after.needs
        self.reader = Reader(self._connection, where(self._asked.filters), names, needs)

    async def chunks(self, span: MonthSpan) -> AsyncIterator[Compared]:
        """The lines of a month's part, chunk by chunk."""
        for start, end in months(span.start, span.end):
            async for lines in self.reader.read(start, end):
                yield self.compare(lines)

    def compare(self, lines: Lines) -> Compared:
        """One chunk before and after."""
        priced = self.after.price(lines)
        live = priced.lines
        before = Money(live.cost_micro, live.price_micro)
        if self._before:
            other = self._before.price(lines)
            before = Money(other.cost_micro, other.price_micro, other.missing)
        return Compared(live, before, Money(priced.cost_micro, priced.price_micro, priced.missing), priced)


async def replay(
    url: str,
    lists: Lists,
    asked: Replay,
    *,
    timezone: str,
    bys: tuple[By, ...] = BYS,
    progress: Progress = nobody,
) -> Told:
    """Replays a period in one snapshot of the ledger, chunk by chunk.

    This is what the check before a publication calls as well, from HTTP: a draft against what is booked.

    Raises:
        Retry: the database is at fault.
        Reject: a list makes an amount that is too large for the ledger.
    """
    effect = Effect(bys)
    async with opened(url, is_snapshot=True) as connection:
        replayer = Replayer(connection, lists, asked)
        await replayer.start()
        for span in months_of(asked.period.start, asked.period.end, timezone):
            async for chunk in replayer.chunks(span):
                effect.add(chunk.lines, chunk.before, chunk.after, month=span.number)
                await progress(len(chunk.lines))
        effect.finish()
        return await _told(connection, effect)


async def effect_of_draft(
    url: str,
    lists: Lists,
    draft: PriceList,
    *,
    make_default: bool,
    now: datetime,
    timezone: str,
    progress: Progress = nobody,
) -> Told:
    """What publishing a draft would have changed last month: for the checks before a publication.

    The draft counts at all times in place of the other versions of its list, where the list's name is assigned,
    and by default where the publication makes it the default of its book; a list that is assigned nowhere is held
    to count by default, too. Call it from HTTP: it takes a second or two for a million lines.
    """
    period = parse_period("last-month", now=now, timezone=timezone)
    name = draft.file.name
    by_default = make_default or not lists.has_default(draft.file.book) or not lists.is_assigned(name)
    place = AsIf(level="default") if by_default else None
    asked = Replay(filters=LineFilters(), period=period, prices=draft, where=place)
    return await replay(
        url, lists, asked, timezone=timezone, bys=("project", "printer", "category"), progress=progress
    )


async def count_lines(url: str, period: Period) -> int:
    """How many lines a period has, void ones included."""
    async with opened(url, is_snapshot=True) as connection:
        cursor = await connection.execute(QUERIES["count_lines"], {"start": period.start, "end": period.end})
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _told(connection: Connection, effect: Effect) -> Told:
    by: dict[By, list[Row]] = {}
    more: dict[By, int] = {}
    for what in (by for by in effect.bys if by in effect.sums):
        rows = sorted(effect.sums[what].items(), key=lambda each: (-_size(each[1]), each[0]))
        shown = dict(rows[:MAX_ROWS_BY])
        names = _month_names(shown) if what == "month" else await _names(connection, what, list(shown))
        by[what] = [Row(key=names[number][0], name=names[number][1], sums=each) for number, each in shown.items()]
        more[what] = len(rows) - len(shown)
    return Told(total=effect.total, by=by, more=more)


def _size(sums: Sums) -> int:
    return abs(sums.cost_after_micro - sums.cost_before_micro) + abs(
        sums.price_after_micro - sums.price_before_micro
    )


def _month_names(numbers: dict[int, Any]) -> dict[int, tuple[str, str]]:
    names = {number: f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers}
    return {number: (name, name) for number, name in names.items()}


async def _names(connection: Connection, by: By, numbers: list[int]) -> dict[int, tuple[str, str]]:
    cursor = await connection.execute(QUERIES[f"tell_{by}"], {"numbers": numbers})
    return {number: (key, name) for number, key, name in await cursor.fetchall()}
