"""`project.changed.v1`: a project or a department as accounting knows it, on a compacted topic."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from shared.events.envelope import CloudEvent
from shared.events.jobs import Code, Text

PROJECT_CHANGED: Final = "project.changed.v1"


class ProjectChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole state of one project or department: consumers keep the newest per kind and code."""

    kind: Literal["project", "department"] = "project"
    code: Code
    name: Text
    customer: Text | None = None
    active: bool = True
    billable: bool = True


ProjectChangedEvent = CloudEvent[ProjectChanged]
