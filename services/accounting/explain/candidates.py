"""Which price lists were considered for a line, level by level, and why each was taken or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from services.accounting.explain.explanation import Candidate
from services.accounting.pricing import LEVELS, Payer, PrinterFacts
from services.accounting.pricing.entries import Book
from services.accounting.pricing.selection import DEFAULT, AssignmentLevel, keys_of


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


def candidates(
    book: Book,
    chosen_id: int | None,
    line: Considered,
    published: Sequence[Published],
    assigned: Sequence[Assigned],
) -> list[Candidate]:
    """Every version of the book's lists: the chosen one first, then by level, name and newest version.

    A list that was assigned while it had no published version is there too, as version 0.
    """
    levels = _levels([each for each in assigned if each.book == book and each.assigned_at <= line.posted_at], line)
    of_book = [each for each in published if each.book == book]
    chosen = next((each for each in of_book if each.id == chosen_id), None)
    shown = [
        Candidate(
            each.name,
            each.version,
            each is chosen,
            _why(each, chosen, line, levels, of_book),
            levels.get(each.name, ""),
        )
        for each in of_book
    ]
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
            order.index(each.price_list) if each.level else len(order),
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


def _why(
    each: Published,
    chosen: Published | None,
    line: Considered,
    levels: Mapping[str, str],
    of_book: Sequence[Published],
) -> str:
    level = levels.get(each.name, "")
    if each is chosen:
        by = "in its book" if level in {"", DEFAULT} else f"for {level}"
        return f"counts {by} and is valid from {each.valid_from.isoformat()}"
    if each.published_at > line.posted_at:
        return f"was published only at {each.published_at.isoformat()}, after this was posted"
    if each.valid_from > line.completed_at:
        return f"is valid only from {each.valid_from.isoformat()}"
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
        return f"was valid only until {each.valid_until.isoformat()}"
    first = levels.get(chosen.name, "") if chosen else ""
    if first and first != level:
        return (
            f"is for {level}, and the list for {first} comes first"
            if level != DEFAULT
            else (f"counts by default only, and the list for {first} comes first")
        )
    return "another list was named for its book since"
