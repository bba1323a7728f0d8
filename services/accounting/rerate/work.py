"""Replays and repricings as tasks: what is asked for is written down, and done by whoever claims it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from services.accounting.books.store import PriceBooks
from services.accounting.books.versions import Version
from services.accounting.filters import LineFilters, period_of, shown
from services.accounting.rerate.lists import compiled, load_lists
from services.accounting.rerate.question import AsIf
from services.accounting.rerate.reprice import Repricing, reprice
from services.accounting.rerate.what_if import Replay, count_lines, replay
from services.accounting.tasks import Count, Task
from shared.clock import Clock
from shared.errors import Conflict, NotFound, Reject
from shared.periods import Period


class VersionRef(Struct, frozen=True, kw_only=True):
    """A version of a price list as it was when it was asked for."""

    name: str
    version: int
    sha256: str

    @classmethod
    def of(cls, version: Version) -> VersionRef:
        """Names a version with its contents."""
        return cls(name=version.name, version=version.version, sha256=version.sha256.hex())


class ReplayRequest(Struct, frozen=True, kw_only=True):
    """A replay as a task has it; the period in its filters is of days."""

    prices: VersionRef
    filters: LineFilters
    where: AsIf | None = None
    against: VersionRef | None = None


class RepriceRequest(Struct, frozen=True, kw_only=True):
    """A repricing as a task has it."""

    filters: LineFilters
    reason: str
    only_missing: bool = False
    dry_run: bool = False


class RerateWork:
    """Does the tasks of re-rating.

    Args:
        url: the database.
        price_books: where versions come from.
        timezone: of the installation.
    """

    def __init__(self, url: str, price_books: PriceBooks, clock: Clock, *, timezone: str) -> None:
        self.url = url
        self.timezone = timezone
        self._price_books = price_books
        self._clock = clock

    def dated(self, filters: LineFilters) -> LineFilters:
        """The filters with their period as days, which mean the same tomorrow.

        Raises:
            Reject: there is no period, or it is none.
        """
        period = self.period(filters)
        return msgspec.structs.replace(filters, period=f"{period.first_day}..{period.last_day}")

    def period(self, filters: LineFilters) -> Period:
        """The period that is asked for.

        Raises:
            Reject: there is none.
        """
        period = period_of(filters, now=self._clock.now(), timezone=self.timezone)
        if period is None:
            raise Reject("Name the period, such as 2026-10.", pointer="/filter/period")
        return period

    async def version(self, name: str) -> Version:
        """A version by NAME, the newest, or NAME@VERSION.

        Raises:
            NotFound: there is none.
        """
        plain, at, number = name.rpartition("@")
        if at and number.isdecimal():
            return await self._price_books.get(plain, int(number[:9]))
        return await self._price_books.get(name)

    async def asked(self, request: ReplayRequest) -> Replay:
        """What a task's request means now.

        Raises:
            Conflict: a draft says something else by now.
        """
        return Replay(
            filters=request.filters,
            period=self.period(request.filters),
            prices=compiled(await self._same(request.prices)),
            where=request.where,
            against=compiled(await self._same(request.against)) if request.against else None,
        )

    async def _same(self, wanted: VersionRef) -> Version:
        try:
            found = await self._price_books.get(wanted.name, wanted.version)
        except NotFound:
            found = None
        if found is None or found.sha256.hex() != wanted.sha256:
            raise Conflict(f"The draft {wanted.name} has changed since this what-if was asked for: ask again.")
        return found

    async def what_if(self, task: Task, count: Count) -> dict[str, Any]:
        """Does a replay."""
        asked = await self.asked(msgspec.convert(task.request, ReplayRequest))
        count.total = await count_lines(self.url, asked.period)
        lists = await load_lists(self.url)
        told = await replay(self.url, lists, asked, timezone=self.timezone, progress=count.add)
        result: dict[str, Any] = msgspec.to_builtins(told)
        return result

    async def reprice(self, task: Task, count: Count) -> dict[str, Any]:
        """Does a repricing, month by month."""
        request = msgspec.convert(task.request, RepriceRequest)
        asked = Repricing(
            filters=request.filters,
            actor=task.actor,
            reason=request.reason,
            only_missing=request.only_missing,
            dry_run=request.dry_run,
        )
        count.total = await count_lines(self.url, self.period(request.filters))
        lists = await load_lists(self.url)
        done = await reprice(
            self.url, lists, asked, now=self._clock.now(), timezone=self.timezone, progress=count.add
        )
        return {"months": msgspec.to_builtins(done)}


def written(request: ReplayRequest | RepriceRequest) -> dict[str, Any]:
    """A request as a task keeps it: only what was said."""
    found: dict[str, Any] = msgspec.to_builtins(request)
    said = shown(request.filters)
    found["filters"] = {name: value for name, value in found["filters"].items() if name in said}
    return found
