"""`/v1/projects`, `/v1/customers` and `/v1/departments`: search, show, change and delete them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from services.accounting.codes import MAX_NAME, MAX_NOTES, wrong_code, wrong_new_code
from services.accounting.http.paging import Page, PageQuery, from_cursor, page_of
from services.accounting.http.texts import Customer, Name
from services.accounting.projects.store import Kind, Project, Projects, Sort
from shared.events.projects import MAX_ALLOWED
from shared.http.headers import ETAG, IF_MATCH
from shared.http.problems import FieldError, Invalid
from shared.http.routes import Answer, Call, Route

Codes = Annotated[list[str], Meta(max_length=MAX_ALLOWED)]
Notes = Annotated[str, Meta(max_length=MAX_NOTES, pattern=r"^[^\x00]*$")]
PriceList = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class ListQuery(PageQuery, frozen=True, kw_only=True):
    """`q` finds the beginning of a code or any part of a name, whatever the case and accents.

    Attributes:
        sort: the last changed come first, all else goes up.
    """

    q: Annotated[str, Meta(max_length=200)] | None = None
    active: bool | None = None
    sort: Sort = "code"


class ProjectQuery(ListQuery, frozen=True, kw_only=True):
    """`q` finds the customer's code and name, too; `customer` is exact."""

    customer: Annotated[str, Meta(max_length=MAX_NAME)] | None = None


class CustomerBody(Struct, frozen=True, kw_only=True):
    """What a customer or a department is.

    Attributes:
        price_list: the list of book price that counts for it, null for none of its own; left out, it stays.
    """

    name: Name
    active: bool = True
    notes: Notes = ""
    price_list: PriceList | UnsetType | None = UNSET


class ProjectBody(CustomerBody, frozen=True, kw_only=True):
    """What a project is.

    Attributes:
        customer: a customer's code, or any text that names none.
        billable: what its jobs are that do not say it themselves.
        people: who may charge to it; empty is everyone.
        departments: whose people may charge to it; empty is all of them.
    """

    customer: Customer | None = None
    billable: bool = True
    people: Codes = []
    departments: Codes = []


class CustomerPatch(Struct, frozen=True, kw_only=True):
    """What is to be changed of a customer or a department; the rest stays."""

    name: Name | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET
    price_list: PriceList | UnsetType | None = UNSET


class ProjectPatch(CustomerPatch, frozen=True, kw_only=True):
    """What is to be changed of a project; the rest stays."""

    customer: Customer | UnsetType | None = UNSET
    billable: bool | UnsetType = UNSET
    people: Codes | UnsetType = UNSET
    departments: Codes | UnsetType = UNSET


class CustomerItem(Struct, frozen=True, kw_only=True):
    """A customer or a department."""

    code: str
    name: str
    active: Annotated[bool, Meta(description="Whether it may still be charged.")]
    notes: str
    price_list: str | None
    changed_at: datetime


class ProjectItem(CustomerItem, frozen=True, kw_only=True):
    """A project."""

    customer: str | None
    billable: bool
    people: list[str]
    departments: list[str]


class ProjectApi:
    """The routes of projects, customers and departments."""

    def __init__(self, store: Projects) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """All of them."""
        return [route for shape in SHAPES for route in _Routes(self._store, shape).all()]


class Shape(NamedTuple):
    """What the routes of one kind take and give."""

    kind: Kind
    query: type[ListQuery]
    body: type[CustomerBody]
    patch: type[CustomerPatch]
    item: type[CustomerItem]


SHAPES: Final = (
    Shape("project", ProjectQuery, ProjectBody, ProjectPatch, ProjectItem),
    Shape("customer", ListQuery, CustomerBody, CustomerPatch, CustomerItem),
    Shape("department", ListQuery, CustomerBody, CustomerPatch, CustomerItem),
)


class _Routes:
    """The routes of one kind."""

    def __init__(self, store: Projects, shape: Shape) -> None:
        self._store, self._kind, self._shape = store, shape.kind, shape

    def all(self) -> list[Route]:
        kind, many, one = self._kind, f"/v1/{self._kind}s", f"/v1/{self._kind}s/{{code}}"
        item: Any = self._shape.item
        return [
            Route(method="GET", path=many, handler=self._search, query=self._shape.query,
                  answer=Page[item], summary=f"Search {kind}s, a page in the order asked for."),
            Route(method="GET", path=one, handler=self._show, answer=item, errors=(404,), gives=(ETAG,),
                  summary=f"Show one {kind}."),
            Route(method="PUT", path=one, handler=self._put, body=self._shape.body, answer=item, also=(201,),
                  gives=(ETAG,), takes=(IF_MATCH,), summary=f"Create a {kind}, or change all of it."),
            Route(method="PATCH", path=one, handler=self._patch_one, body=self._shape.patch, answer=item,
                  errors=(404,), gives=(ETAG,), takes=(IF_MATCH,), summary=f"Change some fields of a {kind}."),
            Route(method="DELETE", path=one, handler=self._delete, status=204, errors=(404, 409),
                  takes=(IF_MATCH,), summary=f"Delete a {kind} that nothing was ever charged to."),
        ]  # fmt: skip

    async def _search(self, call: Call) -> Page[Any]:
        query: ListQuery = call.query
        found = await self._store.page(
            self._kind,
            after=from_cursor(query.cursor, tuple[str, str]),
            limit=query.limit + 1,
            sort=query.sort,
            search=query.q,
            active=query.active,
            customer=query.customer if isinstance(query, ProjectQuery) else None,
        )
        keys = [_Key(*each.sort_key(query.sort)) for each in found]
        page = page_of(keys, keys, query.limit, "first", "code")
        return Page([self._item(each) for each in found[: query.limit]], page.next)

    async def _show(self, call: Call) -> Answer:
        return self._answer(await self._store.get(self._kind, call.path["code"]))

    async def _put(self, call: Call) -> Answer:
        code = _new_code(call.path["code"])
        values = values_of(call.body)
        stored, is_new = await self._store.put(self._kind, code, values, by=call.actor, if_match=call.if_match)
        return self._answer(stored, status=201 if is_new else 200)

    async def _patch_one(self, call: Call) -> Answer:
        changes = values_of(call.body)
        return self._answer(
            await self._store.patch(self._kind, call.path["code"], changes, by=call.actor, if_match=call.if_match)
        )

    async def _delete(self, call: Call) -> None:
        await self._store.delete(self._kind, call.path["code"], by=call.actor, if_match=call.if_match)

    def _answer(self, project: Project, *, status: int = 200) -> Answer:
        return Answer(self._item(project), status=status, headers={"ETag": project.etag})

    def _item(self, project: Project) -> CustomerItem:
        item = self._shape.item
        return item(**{name: getattr(project, name) for name in item.__struct_fields__})


class _Key(Struct, frozen=True):
    """Where a page ends."""

    first: str
    code: str


def values_of(body: CustomerBody | CustomerPatch) -> dict[str, Any]:
    """What the store keeps of a body; codes once each, in their order.

    Raises:
        Invalid: a text with a blank at one of its ends, or what is no code among people or departments.
    """
    values = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    errors = [
        FieldError(f"/{name}", "has a blank at one of its ends")
        for name in ("name", "customer", "notes")
        if (text := values.get(name)) and text != text.strip()
    ]
    for name in ("people", "departments"):
        codes = values.get(name, [])
        errors += [FieldError(f"/{name}/{at}", why) for at, code in enumerate(codes) if (why := wrong_code(code))]
        if codes:
            values[name] = list(dict.fromkeys(codes))
    if errors:
        raise Invalid(errors)
    if values.get("customer") == "":
        values["customer"] = None
    return values


def _new_code(code: str) -> str:
    if why := wrong_new_code(code):
        raise Invalid([FieldError("/code", why)])
    return code
