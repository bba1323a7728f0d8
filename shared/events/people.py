"""`person.changed.v1`: who a claimed user name stands for, on a compacted topic."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from shared.events.envelope import CloudEvent
from shared.events.jobs import Code, Text

PERSON_CHANGED: Final = "person.changed.v1"


class PersonName(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The personal part, apart from the rest so that it can be pseudonymised as one."""

    display_name: Text | None = None
    email: Text | None = None


class PersonChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole state of one person: consumers keep the newest per code."""

    code: Code
    person: PersonName = PersonName()
    department: Text | None = None
    active: bool = True


PersonChangedEvent = CloudEvent[PersonChanged]
