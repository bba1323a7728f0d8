"""The seam to an SNMP agent: one question, one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.collector.snmp.values import Oid, VarBind

Asked = Literal["get", "next", "bulk"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent answers; `error_index` counts the objects that were asked for from 1, 0 names none."""

    binds: tuple[VarBind, ...]
    error_status: int = 0
    error_index: int = 0


class Session(Protocol):
    """Asks one agent. Several questions may be under way; each is bounded in time and in size."""

    bulk: bool
    """Whether the agent can be asked for several rows at once: not by SNMP v1."""

    async def ask(self, how: Asked, oids: Sequence[Oid], repeats: int = 0) -> Answer:
        """Asks for objects, for those that come next, or for `repeats` next ones of each.

        Raises:
            Retry: no answer, or one that can't be read.
            Reject: the agent refuses who asks (SNMP v3).
        """
        ...

    async def close(self) -> None:
        """Lets go of it; safe to call twice."""
        ...
