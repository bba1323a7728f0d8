"""Which price lists were considered for a line, level by level, and why each was taken or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from services.accounting.explain.explanation import Candidate
from services.accounting.pricing import LEVELS, Payer, PrinterFacts
from services.accounting.pricing.entries import Book
from services.accounting.pricing.selection import DEFAULT, AssignmentLevel, keys_of

_AFTER_CHOICE: Final = re.compile(r": | has | adds to the cost")
"""What follows, in the rule or reason of a line, on what chose its list."""


class Published(Struct, frozen=True):
    """A published version of a list."""

    id: int
    name: str
    version: int
    book: str
    valid_from: datetime
    published_at: datetime
    valid_until: datetime | None = None


class Assigned(Struct, frozen=True):
    """That a list was assigned to a key of a level, or by default; no name takes away what was there."""

    book: str
    level: AssignmentLevel
    key: str
    name: str | None
    assigned_at: datetime


class Considered(Struct, frozen=True):
    """A line as the choice of its list saw it."""

    completed_at: datetime
    posted_at: datetime
    payer: Payer
    printer: PrinterFacts


class _Chosen(Struct, frozen=True):
    """The version that counts for a line, and by what."""

    version: Published
    by: str


def candidates(
    book: Book,
    chosen_id: int | None,
    rule: str,
    line: Considered,
    *,
    published: Sequence[Published],
    assigned: Sequence[Assigned],
    when: Callable[[datetime], str],
) -> list[Candidate]:
    """Every version of the book's lists: the chosen one first, then by level, name and newest version.

    A list that was assigned while it had no published version is there too, as version 0.

    Args:
        book: whose lists.
        chosen_id: of the version that the ledger names.
        rule: that the ledger holds, or why there is no amount: it tells what chose the list. What the line is for
            may have changed since, by a correction that leaves its amounts as they are.
        line: as it is now.
        published: all versions.
        assigned: what was ever assigned, in order.
        when: writes a moment for people.
    """
    levels = _levels([each for each in assigned if each.book == book and each.assigned_at <= line.posted_at], line)
    of_book = [each for each in published if each.book == book]
    found = next((each for each in of_book if each.id == chosen_id), None)
    chosen = _Chosen(found, _chosen_by(rule, found, levels)) if found else None
    shown = []
    for each in of_book:
        if chosen and each is chosen.version:
            by = "in its book" if chosen.by == DEFAULT else f"for {chosen.by}"
            why = f"counts {by} and is valid from {when(each.valid_from)}"
            shown.append(Candidate(each.name, each.version, True, why, chosen.by))
        else:
            why = _why(each, chosen, line, levels, of_book, when=when)
            shown.append(Candidate(each.name, each.version, False, why, levels.get(each.name, "")))
    known = {each.name for each in of_book}
    shown += [
        Candidate(name, 0, False, "had no published version", level)
        for name, level in levels.items()
        if name not in known
    ]
    order = list(levels)
    return sorted(
        shown,
        key=lambda each: (
            not each.chosen,
            order.index(each.price_list) if each.price_list in order else len(order),
            each.price_list,
            -each.version,
        ),
    )


def _levels(assigned: Sequence[Assigned], line: Considered) -> dict[str, str]:
    """The lists that were assigned to a line, in the order in which they are tried, with level and key."""
    newest = {(each.level, each.key): each.name for each in assigned}
    found: dict[str, str] = {}
    for level in LEVELS[:-1]:
        for key in keys_of(level, line.payer, line.printer):
            if name := newest.get((level, key)):
                found.setdefault(name, f"{level} {key}")
    for each in reversed([each for each in assigned if each.level == DEFAULT]):
        if each.name is None:
            break
        found.setdefault(each.name, DEFAULT)
    return found


def _chosen_by(rule: str, chosen: Published, levels: Mapping[str, str]) -> str:
    """What chose a list, as the booked rule or reason says it; a key may hold a colon itself."""
    rest = rule.removeprefix(f"{chosen.name} v{chosen.version} for ")
    if rest == rule:
        return DEFAULT
    known = levels.get(chosen.name, DEFAULT)
    if rest.startswith(known) and _AFTER_CHOICE.match(rest, len(known)):
        return known
    return _AFTER_CHOICE.split(rest, maxsplit=1)[0]


def _why(
    each: Published,
    chosen: _Chosen | None,
    line: Considered,
    levels: Mapping[str, str],
    of_book: Sequence[Published],
    *,
    when: Callable[[datetime], str],
) -> str:
    """Why a version does not count."""
    level = levels.get(each.name, "")
    if each.published_at > line.posted_at:
        return f"was published only at {when(each.published_at)}, after this was posted"
    if each.valid_from > line.completed_at:
        return f"is valid only from {when(each.valid_from)}"
    if not level:
        return "was not the list that counts in its book, and is not for this line"
    later = [
        other.version
        for other in of_book
        if other.name == each.name
        and other.version > each.version
        and other.valid_from <= line.completed_at
        and other.published_at <= line.posted_at
    ]
    if later:
        return f"was replaced by v{max(later)}"
    if each.valid_until is not None and each.valid_until <= line.completed_at:
        return f"was valid only until {when(each.valid_until)}"
    return _comes_later(level, chosen, list(dict.fromkeys(levels.values())))


def _comes_later(level: str, chosen: _Chosen | None, order: Sequence[str]) -> str:
    """Why a version that might count does not, where another one was chosen."""
    by = chosen.by if chosen else DEFAULT
    if level == DEFAULT:
        return (
            "another list was named for its book since"
            if by == DEFAULT
            else f"counts by default only, and the list for {by} comes first"
        )
    if by in order and order.index(by) < order.index(level):
        return f"is for {level}, and the list for {by} comes first"
    return f"is for {level}, but did not count for this line when it was priced"
