"""HTTP of groups: /v1/groups. A group's printers are moved one by one; none is ever removed with its group."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from services.collector.http.printer_bodies import Name, clean, parse_cursor
from services.collector.registry.groups import GroupStore, PrinterGroup
from services.collector.registry.printers import Printer
from services.collector.registry.registry import Registry
from shared.clock import Clock
from shared.errors import NotFound
from shared.http.conditions import require_match
from shared.http.headers import ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION
from shared.http.idempotency import creation_of
from shared.http.routes import DEFAULT_LIMIT, MAX_LIMIT, Answer, Call, Route


class GroupBody(Struct, frozen=True, kw_only=True):
    """What a group is called; unlike any other, whether in capitals or not."""

    name: Name


class MemberView(Struct, frozen=True):
    """A printer of a group."""

    id: str
    name: str


class GroupView(Struct, frozen=True, kw_only=True):
    """A group with its printers by name."""

    id: str
    name: str
    printers: list[MemberView]
    added_at: datetime
    changed_at: datetime
    version: int


class GroupPage(Struct, frozen=True):
    """One page of groups by name; `next` is the cursor of the following one."""

    items: list[GroupView]
    next: str | None = None


class GroupQuery(Struct, frozen=True):
    """Paging of the list, and one group by its name."""

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: str = ""
    name: str = ""


class GroupsApi:
    """Answers for groups: they are in PostgreSQL, their printers in the registry."""

    def __init__(self, store: GroupStore, registry: Registry, *, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock

    def routes(self) -> list[Route]:
        """The routes to serve."""
        many, one, member = "/v1/groups", "/v1/groups/{id}", "/v1/groups/{id}/printers/{printer_id}"
        return [
            Route(method="GET", path=many, handler=self.every, query=GroupQuery, answer=GroupPage,
                  summary="Groups by name, with their printers."),
            Route(method="POST", path=many, handler=self.add, body=GroupBody, answer=GroupView, status=201,
                  errors=(409,), takes=(IDEMPOTENCY_KEY,), gives=(ETAG, LOCATION), summary="Make a group."),
            Route(method="GET", path=one, handler=self.one, answer=GroupView, errors=(404,), gives=(ETAG,),
                  summary="One group."),
            Route(method="PATCH", path=one, handler=self.rename, body=GroupBody, answer=GroupView,
                  errors=(404, 409), takes=(IF_MATCH,), gives=(ETAG,),
                  summary="Rename a group; price lists that name it are not changed."),
            Route(method="DELETE", path=one, handler=self.remove, status=204, errors=(404,), takes=(IF_MATCH,),
                  summary="Remove a group; its printers stay, without a group."),
            Route(method="PUT", path=member, handler=self.put_in, answer=GroupView, errors=(404,),
                  takes=(IF_MATCH,), gives=(ETAG,),
                  summary="Put a printer into a group, out of the one that it was in; If-Match is the group's."),
            Route(method="DELETE", path=member, handler=self.take_out, status=204, errors=(404,),
                  takes=(IF_MATCH,), summary="Take a printer out of a group; If-Match is the group's."),
        ]  # fmt: skip

    async def every(self, call: Call) -> GroupPage:
        """A page of groups."""
        query: GroupQuery = call.query
        after = parse_cursor(query.cursor) if query.cursor else ("", "")
        found = [
            group
            for group in sorted(await self._store.every(), key=_sort_key)
            if _sort_key(group) > after and (not query.name or group.name.lower() == query.name.lower())
        ]
        members = self._members()
        page = [_view(group, members.get(group.name, [])) for group in found[: query.limit]]
        following = found[query.limit - 1] if len(found) > query.limit else None
        return GroupPage(page, "\x1f".join(_sort_key(following)).encode().hex() if following else None)

    async def one(self, call: Call) -> Answer:
        """One group with its entity tag."""
        return self._answer(await self._store.get(call.path["id"]))

    async def add(self, call: Call) -> Answer:
        """Makes a group; the same Idempotency-Key again answers the group that it made."""
        body: GroupBody = call.body
        name = clean(body.name, "/name") or ""
        creation = await creation_of(call)
        return self._answer(await self._store.add(name, self._clock.now(), creation=creation), status=201)

    async def rename(self, call: Call) -> Answer:
        """Renames a group, and thereby what its printers say that they belong to."""
        body: GroupBody = call.body
        group = await self._matched(call)
        name = clean(body.name, "/name") or ""
        if name != group.name:
            group = await self._store.rename(group, name, self._clock.now())
            await self._registry.refresh()
        return self._answer(group)

    async def remove(self, call: Call) -> Answer:
        """Removes a group."""
        await self._store.remove(await self._matched(call), self._clock.now())
        await self._registry.refresh()
        return Answer(status=204)

    async def put_in(self, call: Call) -> Answer:
        """Moves a printer into a group."""
        group = await self._matched(call)
        printer = self._registry.get(call.path["printer_id"])
        if printer.group != group.name:
            await self._registry.change(replace(printer, group=group.name))
        return self._answer(group)

    async def take_out(self, call: Call) -> Answer:
        """Takes a printer out of a group."""
        group = await self._matched(call)
        printer = self._registry.get(call.path["printer_id"])
        if printer.group != group.name:
            raise NotFound(f"The printer {printer.name} is not in the group {group.name}.")
        await self._registry.change(replace(printer, group=None))
        return Answer(status=204)

    async def _matched(self, call: Call) -> PrinterGroup:
        group = await self._store.get(call.path["id"])
        require_match(call.if_match, group.etag, f"group {group.name}")
        return group

    def _members(self) -> dict[str, list[Printer]]:
        found: dict[str, list[Printer]] = {}
        for printer in self._registry.printers():
            if printer.group is not None:
                found.setdefault(printer.group, []).append(printer)
        return found

    def _answer(self, group: PrinterGroup, *, status: int = 200) -> Answer:
        headers = {"ETag": group.etag}
        if status == 201:  # noqa: PLR2004 - Created
            headers["Location"] = f"/v1/groups/{group.id}"
        return Answer(_view(group, self._members().get(group.name, [])), status=status, headers=headers)


def _view(group: PrinterGroup, printers: list[Printer]) -> GroupView:
    return GroupView(
        id=group.id,
        name=group.name,
        printers=[MemberView(printer.id, printer.name) for printer in printers],
        added_at=group.added_at,
        changed_at=group.changed_at,
        version=group.version,
    )


def _sort_key(group: PrinterGroup) -> tuple[str, str]:
    return group.name.lower(), group.id
