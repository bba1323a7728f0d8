"""The lines behind a replay's difference, page by page: priced again for each page, so that nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.rerate.effect import Money, compared
from services.accounting.rerate.question import Lists
from services.accounting.rerate.read import QUERIES, months, spans
from services.accounting.rerate.session import Connection, months_of, opened
from services.accounting.rerate.what_if import Compared, Replay, Replayer

MAX_LOOKED_AT: Final = 500_000
"""Lines looked at for one page: where few differ, a page has fewer rows, and the next one goes on from there."""
_CHANGED: Final = 1
"""The row of `compared` that marks lines that differ."""


class Place(NamedTuple):
    """Where a page ends: the part of the period, and the last line in it that was looked at."""

    part: int
    entry_id: int
    line: int


class Difference(Struct, frozen=True, kw_only=True):
    """One line that differs; a minimum charge that the ledger has no line for has none, either."""

    entry_id: int
    line: int | None
    printer: str
    person: str
    project: str
    department: str
    media: str
    category: str
    cost_before_micro: int | None
    cost_after_micro: int | None
    price_before_micro: int | None
    price_after_micro: int | None
    rule: str


async def differences(
    url: str, lists: Lists, asked: Replay, *, timezone: str, after: Place | None, limit: int
) -> tuple[list[Difference], Place | None]:
    """A page of differing lines, in the order in which the ledger is read, and where the next page begins."""
    found: list[Difference] = []
    looked_at = 0
    place = last = after or Place(0, 0, -1)
    async with opened(url, is_snapshot=True) as connection:
        replayer = Replayer(connection, lists, asked)
        await replayer.start()
        people = await _people(connection)
        parts = list(_parts(replayer, asked, timezone))
        for number in range(place.part, len(parts)):
            since = place if number == place.part else Place(number, 0, -1)
            async for lines in replayer.reader.read(*parts[number], since.entry_id):
                chunk = replayer.compare(lines)
                for at, line in _differing(chunk, since):
                    if len(found) == limit:
                        return found, last
                    found.append(_told(chunk, at, line, replayer, people))
                    last = Place(number, found[-1].entry_id, _END if line is None else line)
                looked_at += len(lines)
                if looked_at >= MAX_LOOKED_AT:
                    return found, Place(number, int(lines.entry_id[-1]), _END)
    return found, None


def _parts(replayer: Replayer, asked: Replay, timezone: str) -> Iterator[tuple[datetime, datetime]]:
    """The period in stretches that are read in the order of their entries."""
    for span in months_of(asked.period.start, asked.period.end, timezone):
        for start, end in months(span.start, span.end):
            yield from spans(start, end, replayer.reader.changes)


_END: Final = 1 << 20
"""Stands after every line of a job, as a minimum that it lacks does."""


def _differing(chunk: Compared, since: Place) -> Iterator[tuple[int, int | None]]:
    """Places of differing lines, with the number of each; a lacking minimum comes after the lines of its job."""
    lines = chunk.lines
    marks = compared(chunk.before, chunk.after)[_CHANGED] & (lines.wanted | lines.is_minimum)
    rows = [(int(lines.entry_id[at]), int(lines.line[at]), at, False) for at in np.flatnonzero(marks).tolist()]
    lacking = {each.at for money in (chunk.before, chunk.after) for each in money.missing}
    rows += [(int(lines.entry_id[at]), _END, at, True) for at in lacking]
    for entry_id, line, at, is_lacking in sorted(rows):
        if (entry_id, line) > (since.entry_id, since.line):
            yield at, None if is_lacking else line


def _told(chunk: Compared, at: int, line: int | None, replayer: Replayer, people: dict[int, str]) -> Difference:
    lines, names = chunk.lines, replayer.names
    before, after = (_amounts(money, at, is_lacking=line is None) for money in (chunk.before, chunk.after))
    lacking = {each.at: each.rules for each in chunk.priced.missing}
    rules = replayer.after.rules[lacking.get(at, 0) if line is None else int(chunk.priced.rules[at])]
    return Difference(
        entry_id=int(lines.entry_id[at]),
        line=line,
        printer=names.printers[int(lines.printer_no[at])].id,
        person=people[int(lines.person_no[at])],
        project=names.projects[int(lines.project_no[at])],
        department=names.departments[int(lines.department_no[at])],
        media="" if line is None else names.media[int(lines.media_no[at])],
        category="" if line is None else names.categories[int(lines.category_no[at])],
        cost_before_micro=before[0],
        cost_after_micro=after[0],
        price_before_micro=before[1],
        price_after_micro=after[1],
        rule=rules[0 if replayer.book == "cost" else 1].text,
    )


def _amounts(money: Money, at: int, *, is_lacking: bool) -> tuple[int | None, int | None]:
    if is_lacking:
        found = next((each for each in money.missing if each.at == at), None)
        return (found.cost_micro, found.price_micro) if found else (0, 0)
    cost, price = int(money.cost_micro[at]), int(money.price_micro[at])
    return None if cost == NULL64 else cost, None if price == NULL64 else price


async def _people(connection: Connection) -> dict[int, str]:
    return dict(await (await connection.execute(QUERIES["name_people"])).fetchall())
