"""`/v1/projects` and `/v1/departments`: search, show and change them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from services.accounting.http.paging import Page, PageQuery, from_cursor, page_of
from services.accounting.projects import Kind, Project, Projects
from shared.http.headers import ETAG, IF_MATCH
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Answer, Call, Route

MAX_CODE = 200
Name = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Customer = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$")]


class ProjectQuery(PageQuery, frozen=True, kw_only=True):
    """`q` finds the beginning of a code or any part of a name."""

    q: Annotated[str, Meta(max_length=200)] | None = None
    active: bool | None = None


class DepartmentBody(Struct, frozen=True, kw_only=True):
    """What a department is."""

    name: Name
    active: bool = True


class ProjectBody(DepartmentBody, frozen=True, kw_only=True):
    """What a project is."""

    customer: Customer | None = None
    billable: bool = True


class ProjectItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A project or a department; a department has neither customer nor billable."""

    code: str
    name: str
    active: Annotated[bool, Meta(description="Whether it may still be charged.")]
    customer: str | None = None
    billable: bool | None = None
    changed_at: datetime


class ProjectApi:
    """The routes of projects and departments."""

    def __init__(self, store: Projects) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """All of them."""
        return [*self._of("project", ProjectBody), *self._of("department", DepartmentBody)]

    def _of(self, kind: Kind, body: type[Struct]) -> list[Route]:
        store = self._store
        many, one = f"/v1/{kind}s", f"/v1/{kind}s/{{code}}"

        async def search(call: Call) -> Page[ProjectItem]:
            query: ProjectQuery = call.query
            after = from_cursor(query.cursor, tuple[str])
            found = await store.page(
                kind, after=after[0] if after else "", limit=query.limit + 1, search=query.q, active=query.active
            )
            return page_of(found, [_item(each) for each in found], query.limit, "code")

        async def show(call: Call) -> Answer:
            found = await store.get(kind, call.path["code"])
            return Answer(_item(found), headers={"ETag": found.etag})

        async def put(call: Call) -> Answer:
            values: dict[str, Any] = {"customer": None, "billable": True, **msgspec.structs.asdict(call.body)}
            stored, is_new = await store.put(kind, _code(call.path["code"]), values, if_match=call.if_match)
            return Answer(_item(stored), status=201 if is_new else 200, headers={"ETag": stored.etag})

        return [
            Route(method="GET", path=many, handler=search, query=ProjectQuery, answer=Page[ProjectItem],
                  summary=f"Search {kind}s, a page by code."),
            Route(method="GET", path=one, handler=show, answer=ProjectItem, errors=(404,), gives=(ETAG,),
                  summary=f"Show one {kind}."),
            Route(method="PUT", path=one, handler=put, body=body, answer=ProjectItem, also=(201,),
                  takes=(IF_MATCH,), gives=(ETAG,), summary=f"Create or change one {kind}."),
        ]  # fmt: skip


def _code(code: str) -> str:
    if not 0 < len(code) <= MAX_CODE or not code.isprintable() or code != code.strip():
        raise Invalid([FieldError("/code", f"must be 1 to {MAX_CODE} printable characters, no space around them")])
    return code


def _item(project: Project) -> ProjectItem:
    of_project = project.kind == "project"
    return ProjectItem(
        code=project.code,
        name=project.name,
        active=project.active,
        customer=project.customer if of_project else None,
        billable=project.billable if of_project else None,
        changed_at=project.changed_at,
    )
