"""Which price lists were considered for a line, and why each was taken or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from services.accounting.explain.explanation import Candidate
from services.accounting.pricing.entries import Book


class Published(Struct, frozen=True):
    """A published version of a list."""

    id: int
    name: str
    version: int
    book: str
    valid_from: datetime
    published_at: datetime


class DefaultNamed(Struct, frozen=True):
    """That a list was named the default of a book."""

    book: str
    name: str
    named_at: datetime


def candidates(
    book: Book,
    chosen_id: int | None,
    *,
    completed_at: datetime,
    posted_at: datetime,
    published: Sequence[Published],
    defaults: Sequence[DefaultNamed],
) -> list[Candidate]:
    """Every version of the book's lists, the chosen one first, then by name and newest version."""
    named = {each.name for each in defaults if each.book == book and each.named_at <= posted_at}
    of_book = [each for each in published if each.book == book]
    chosen = next((each for each in of_book if each.id == chosen_id), None)
    shown = [
        Candidate(each.name, each.version, each is chosen, _why(each, chosen, completed_at, posted_at, named))
        for each in of_book
    ]
    return sorted(shown, key=lambda each: (not each.chosen, each.price_list, -each.version))


def _why(
    each: Published, chosen: Published | None, completed_at: datetime, posted_at: datetime, named: set[str]
) -> str:
    if each is chosen:
        return f"counts in its book and is valid from {each.valid_from.isoformat()}"
    if each.published_at > posted_at:
        return f"was published only at {each.published_at.isoformat()}, after this was posted"
    if each.valid_from > completed_at:
        return f"is valid only from {each.valid_from.isoformat()}"
    if each.name not in named:
        return "was not the list that counts in its book"
    if chosen is not None and each.name == chosen.name:
        return f"was replaced by v{chosen.version}"
    return "another list was named for its book since"
