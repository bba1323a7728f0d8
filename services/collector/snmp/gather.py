"""Reads many objects from an agent, whatever it can't do: answers too big, objects missing, walks without end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.collector.snmp.message import ErrorStatus
from services.collector.snmp.session import Answer, Session
from services.collector.snmp.values import Oid, VarBind
from shared.errors import Retry

AT_ONCE: Final = 40
"""Objects in one question: their numbers stay below what any agent must take in (484 octets) by little, and
below a packet; who can't says tooBig, and is asked for half."""
REPEATS: Final = 20
MAX_ROWS: Final = 4_000
"""Objects of one walk; an agent that gives more is taken to go round for ever."""
MAX_LEAPS: Final = 12
"""Over objects that an agent fails at, in one walk."""
Objects = dict[Oid, VarBind]


@dataclass(frozen=True, slots=True)
class Span:
    """Objects from `start` up to, and without, `stop`.

    `columns` is how many numbers of an object name its column; 0 where there are none.
    """

    start: Oid
    stop: Oid
    columns: int = 0
    limit: int = MAX_ROWS


def below(root: Oid, *, limit: int = MAX_ROWS) -> Span:
    """All that lies below an object."""
    return Span(root, (*root[:-1], root[-1] + 1), limit=limit)


def columns(entry: Oid, first: int, last: int, *, limit: int = MAX_ROWS) -> Span:
    """The columns of a table, from one to another."""
    return Span((*entry, first), (*entry, last + 1), len(entry) + 1, limit)


async def get(session: Session, oids: Iterable[Oid], *, at_once: int = AT_ONCE) -> Objects:
    """The values of single objects; those without one are left out.

    Raises:
        Retry, Reject: see Session.ask.
    """
    whole = list(dict.fromkeys(oids))
    parts = deque(whole[at : at + at_once] for at in range(0, len(whole), at_once))
    found: Objects = {}
    while parts:
        part = parts.popleft()
        answer = await session.ask("get", part)
        if answer.error_status == ErrorStatus.NO_ERROR:
            asked = set(part)
            found.update((bind.oid, bind) for bind in answer.binds if bind.oid in asked and not bind.absent)
        else:
            parts.extendleft(reversed(_without_culprit(part, answer)))
    return found


def _without_culprit(part: Sequence[Oid], answer: Answer) -> list[list[Oid]]:
    """What to ask for instead: all but the object that the agent complains of, else each half alone."""
    if len(part) == 1:
        return []
    culprit = answer.error_index
    if answer.error_status != ErrorStatus.TOO_BIG and 1 <= culprit <= len(part):
        return [[*part[: culprit - 1], *part[culprit:]]]
    half = len(part) // 2
    return [list(part[:half]), list(part[half:])]


async def walk(session: Session, span: Span) -> Objects:
    """The objects of a span. An agent that comes back to an object it gave before is at its end.

    Objects may come in a wrong order: some agents sort 10 before 9.

    Raises:
        Retry, Reject: see Session.ask; what was read before is lost with it.
    """
    found: Objects = {}
    at, repeats, leaps = span.start, REPEATS if session.bulk else 1, 0
    while len(found) < span.limit:
        answer = await _following(session, at, repeats)
        if answer is None or (answer.error_status != ErrorStatus.NO_ERROR and repeats > 1):
            repeats = repeats // 4 if answer and answer.error_status == ErrorStatus.TOO_BIG else 1
            continue
        if answer.error_status != ErrorStatus.NO_ERROR:
            if answer.error_status == ErrorStatus.NO_SUCH_NAME or leaps >= MAX_LEAPS:
                break
            leaps += 1
            following = _beyond(span, at)
            if following is None:
                break
            at = following
            continue
        new = _new_ones(answer.binds, span, found)
        found.update((bind.oid, bind) for bind in new)
        if len(new) < max(1, len(answer.binds)):
            break
        at = new[-1].oid
    return {oid: bind for oid, bind in found.items() if not bind.absent}


def _new_ones(binds: Sequence[VarBind], span: Span, found: Objects) -> list[VarBind]:
    """The objects up to the first that is not of the span or was seen before."""
    new: list[VarBind] = []
    seen: set[Oid] = set()
    for bind in binds:
        if bind.absent or not span.start <= bind.oid < span.stop or bind.oid in found or bind.oid in seen:
            break
        seen.add(bind.oid)
        new.append(bind)
    return new


async def _following(session: Session, at: Oid, repeats: int) -> Answer | None:
    """What comes after an object; None when nothing came to a question for many, which some agents just drop."""
    if repeats <= 1:
        return await session.ask("next", [at])
    try:
        return await session.ask("bulk", [at], repeats)
    except Retry:
        return None


def _beyond(span: Span, at: Oid) -> Oid | None:
    """Where to go on after an object that fails: one row further, from a column's start the next column."""
    if not span.columns:
        return None
    if len(at) > span.columns:
        return (*at[:-1], at[-1] + 1)
    column = at[: span.columns]
    following = (*column[:-1], column[-1] + 1)
    return following if following < span.stop else None
