"""Projects, departments and customers as accounting knows them, on a compacted topic; a tombstone removes one."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.events.envelope import CloudEvent
from shared.events.jobs import Code, Text

PROJECT_CHANGED: Final = "project.changed.v1"
CUSTOMER_CHANGED: Final = "customer.changed.v1"
MAX_ALLOWED: Final = 400
"""People, or departments, that one project names; with the longest codes its event stays below a megabyte."""
Codes = Annotated[list[Code], Meta(max_length=MAX_ALLOWED)]


class ProjectChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole state of one project or department: consumers keep the newest per kind and code.

    A project that names people or departments may be charged to by them only; `customer` is a customer's code, or
    any text.
    """

    kind: Literal["project", "department"] = "project"
    code: Code
    name: Text
    customer: Text | None = None
    active: bool = True
    billable: bool = True
    people: Codes = []
    departments: Codes = []
    price_list: Text | None = None


ProjectChangedEvent = CloudEvent[ProjectChanged]


class CustomerChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole state of one customer: consumers keep the newest per code."""

    code: Code
    name: Text
    active: bool = True
    price_list: Text | None = None


CustomerChangedEvent = CloudEvent[CustomerChanged]
