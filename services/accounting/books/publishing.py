"""Checks a draft against everything that is published, before it counts for good."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.accounting.books.versions import QUERIES, Connection, Version, default_names, read_versions
from services.accounting.pricelist.coverage import Finding, Plan, Span, check_coverage, in_order
from services.accounting.pricelist.losses import loss_findings
from shared.errors import Conflict

MAX_TOLD: Final = 5
"""Findings that a refusal names in words; all of them come with it."""


class RefusedPublication(Conflict):
    """A draft whose publication would do harm that nobody has accepted."""

    def __init__(self, label: str, findings: Sequence[Finding], refused: Sequence[Finding]) -> None:
        told = " ".join(f"{each.code}: {each.text}" for each in refused[:MAX_TOLD])
        super().__init__(f"{label} is not published, as nobody has accepted this. {told}")
        self.findings = list(findings)


async def check_draft(
    connection: Connection, draft: Version, *, make_default: bool, now: datetime, zone: ZoneInfo
) -> list[Finding]:
    """Everything that is to be said of a draft before it is published, errors first.

    Args:
        connection: whose transaction sees one state of all lists.
        draft: the version.
        make_default: whether it is to become the default of its book.
        now: the present moment.
        zone: of the installation, in which days begin.
    """
    plan = await _plan(connection, draft, make_default=make_default, now=now, zone=zone)
    found = check_coverage(plan, lambda moment: day_or_moment(moment, zone))
    before = await read_versions(connection, "newest_published", name=draft.name)
    if before:
        found += await asyncio.to_thread(_losses, before[0], draft)
    return in_order(found)


def require_accepted(draft: Version, findings: Sequence[Finding], accepted: Sequence[str]) -> None:
    """Makes sure that every error was accepted.

    Raises:
        RefusedPublication: one was not.
    """
    refused = [each for each in findings if each.level == "error" and each.code not in accepted]
    if refused:
        raise RefusedPublication(f"{draft.name} v{draft.version}", findings, refused)


def day_or_moment(moment: datetime, zone: ZoneInfo) -> str:
    """A moment for people: the day alone where it begins the day."""
    local = moment.astimezone(zone)
    return local.date().isoformat() if local.time() == time.min else local.isoformat(timespec="minutes")


async def _plan(
    connection: Connection, draft: Version, *, make_default: bool, now: datetime, zone: ZoneInfo
) -> Plan:
    names = (await default_names(connection)).get(draft.book, [])
    spans = await connection.execute(QUERIES["published_spans"], {"book": draft.book})
    open_from: date | None = await _value(connection, "open_from")
    return Plan(
        book=draft.book,
        draft=Span(draft.name, draft.version, draft.valid_from, draft.valid_until),
        published=[Span(*row) for row in await spans.fetchall()],
        defaults=[*names, draft.name] if make_default or not names else names,
        is_assigned=bool(await _value(connection, "is_assigned", name=draft.name)),
        open_from=datetime.combine(open_from, time.min, tzinfo=zone) if open_from else None,
        jobs_since=await _jobs_since(connection, draft, zone) if draft.valid_from < now else 0,
        now=now,
    )


async def _jobs_since(connection: Connection, draft: Version, zone: ZoneInfo) -> int:
    first = draft.valid_from.astimezone(zone).date()
    end = draft.valid_until.astimezone(zone).date() if draft.valid_until else None
    return int(await _value(connection, "jobs_charged", first=first, end=end) or 0)


async def _value(connection: Connection, query: str, **parameters: Any) -> Any:
    row = await (await connection.execute(QUERIES[query], parameters)).fetchone()
    return row[0] if row else None


def _losses(before: Version, draft: Version) -> list[Finding]:
    return list(loss_findings(before.file(), draft.file(), f"{before.name} v{before.version}"))
