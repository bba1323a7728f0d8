"""`/v1/price-assignments`: which price list counts for whom, from a single project to all that have none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from services.accounting.books import assignments
from services.accounting.books.assignments import BOOKS, LEVELS, MAX_NO, Assigned, Level, Place
from services.accounting.http.paging import Page, PageQuery, from_cursor, page_of
from services.accounting.pricing.entries import Book
from shared.errors import NotFound
from shared.http.conditions import require_match
from shared.http.headers import ETAG, IF_MATCH
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Answer, Call, Route
from shared.postgres import Pool, classified

MAX_KEY: Final = 200
_PATH: Final = "/v1/price-assignments"


class AssignmentItem(Struct, frozen=True, kw_only=True):
    """One assignment, with key "" at level default; in a history, null as price list takes away the one before."""

    book: Book
    level: Level
    key: str
    price_list: str | None
    assigned_at: datetime
    assigned_by: str


class AssignmentDone(AssignmentItem, frozen=True, kw_only=True):
    """An assignment that was made; `known` tells whether there is such a project, printer, ... already."""

    known: bool


class AssignmentBody(Struct, frozen=True):
    """The list that is to count; it must exist and be of the book in the path."""

    price_list: Annotated[str, Meta(min_length=1, max_length=200)]


class AssignmentQuery(PageQuery, frozen=True, kw_only=True):
    """Which assignments."""

    book: Book | None = None
    level: Level | None = None
    price_list: Annotated[str, Meta(max_length=200)] | None = None


class PriceAssignmentApi:
    """The routes of assignments; those of level default have no key in their path."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def routes(self) -> list[Route]:
        """All of them, for a key and for the defaults of the books."""
        return [
            Route(method="GET", path=_PATH, handler=self._list, query=AssignmentQuery, answer=Page[AssignmentItem],
                  summary="List which price list counts for whom, a page by book, level and key."),
            *self._of(f"{_PATH}/{{book}}/default", "all that have no list of their own"),
            *self._of(f"{_PATH}/{{book}}/{{level}}/{{key}}",
                      "one project, customer, department, printer, group or model"),
        ]  # fmt: skip

    def _of(self, path: str, whom: str) -> list[Route]:
        return [
            Route(method="GET", path=path, handler=self._show, answer=AssignmentItem, errors=(404,), gives=(ETAG,),
                  summary=f"Show which price list counts for {whom}."),
            Route(method="PUT", path=path, handler=self._put, body=AssignmentBody, answer=AssignmentDone,
                  errors=(404,), takes=(IF_MATCH,), gives=(ETAG,),
                  summary=f"Let a price list count for {whom}, for jobs that are charged from now on."),
            Route(method="DELETE", path=path, handler=self._delete, status=204, errors=(404,), takes=(IF_MATCH,),
                  summary=f"Take away the price list of {whom}; the history keeps it."),
            Route(method="GET", path=f"{path}/history", handler=self._history, query=PageQuery,
                  answer=Page[AssignmentItem], errors=(404,),
                  summary=f"Show every list that was ever assigned to {whom}, the newest first."),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Page[AssignmentItem]:
        query = call.query
        with classified():
            async with self._pool.connection() as connection:
                found = await assignments.page(
                    connection,
                    after=from_cursor(query.cursor, tuple[str, str, str]),
                    limit=query.limit + 1,
                    book=query.book,
                    level=query.level,
                    name=query.price_list,
                )
        return page_of(found, [_item(each) for each in found], query.limit, "book", "level", "key")

    async def _show(self, call: Call) -> Answer:
        place = _place(call.path)
        with classified():
            async with self._pool.connection() as connection:
                found = await assignments.newest(connection, place)
        if found is None or found.name is None:
            raise _none(place)
        return Answer(_item(found), headers={"ETag": found.etag})

    async def _put(self, call: Call) -> Answer:
        found, known = await self._write(call, call.body.price_list)
        done = AssignmentDone(**msgspec.structs.asdict(_item(found)), known=known)
        return Answer(done, headers={"ETag": found.etag})

    async def _delete(self, call: Call) -> None:
        await self._write(call, None)

    async def _write(self, call: Call, name: str | None) -> tuple[Assigned, bool]:
        place = _place(call.path)
        with classified():
            async with self._pool.connection() as connection:
                await assignments.lock(connection)
                before = await assignments.newest(connection, place)
                counts = before if before is not None and before.name is not None else None
                if counts is None and name is None:
                    raise _none(place)
                require_match(call.if_match, counts.etag if counts else None, f"price list of {_words(place)}")
                await assignments.assign(connection, place, name, by=call.actor)
                found = await assignments.newest(connection, place)
                known = await assignments.is_known(connection, place)
        if found is None:
            raise _none(place)
        return found, known

    async def _history(self, call: Call) -> Page[AssignmentItem]:
        place = _place(call.path)
        limit = call.query.limit
        (before,) = from_cursor(call.query.cursor, tuple[int]) or (MAX_NO,)
        with classified():
            async with self._pool.connection() as connection:
                found = await assignments.history(connection, place, before=before, limit=limit + 1)
        return page_of(found, [_item(each) for each in found], limit, "no")


def _place(path: Mapping[str, str]) -> Place:
    """Whom a path means.

    Raises:
        NotFound: no such book or level. Invalid: the key can be none.
    """
    book, level, key = path["book"], path.get("level", "default"), path.get("key", "")
    if book not in BOOKS or level not in LEVELS or (level == "default") != (key == ""):
        raise NotFound(
            f"There is no {_PATH}/{book}/{level} here: books are {', '.join(BOOKS)}, levels {', '.join(LEVELS)}, "
            "and the default alone has no key."
        )
    if len(key) > MAX_KEY or not key.isprintable() or key != key.strip():
        detail = f"must be 1 to {MAX_KEY} printable characters, no space around them"
        raise Invalid([FieldError("/key", detail)])
    return Place(book, level, key)


def _words(place: Place) -> str:
    return f"{place.level} {place.key}".strip() + f" in book {place.book}"


def _none(place: Place) -> NotFound:
    return NotFound(f"No price list is assigned to {_words(place)}.")


def _item(assigned: Assigned) -> AssignmentItem:
    return AssignmentItem(
        book=assigned.book,
        level=assigned.level,
        key=assigned.key,
        price_list=assigned.name,
        assigned_at=assigned.assigned_at,
        assigned_by=assigned.assigned_by,
    )
