"""Reads an HP large-format printer by PIWS: who it is, what it does, and which jobs have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aiohttp.abc import AbstractResolver

from services.collector.access import Access
from services.collector.sources.inks import colour_of
from services.collector.sources.piws.areas import found_unit
from services.collector.sources.piws.cursor import Cursor
from services.collector.sources.piws.jobs import Units, ended_job, has_ended, unit_samples
from services.collector.sources.piws.models import Models, known_models
from services.collector.sources.piws.queue import ROOT, Queues, Sleep
from services.collector.sources.piws.snapshot import QueueJob, Snapshot
from services.collector.sources.source import Activity, PrinterFacts, PrinterState, Reading
from services.collector.sources.tree import Node
from services.collector.sources.web import WebClient
from shared.clock import Clock, SystemClock
from shared.errors import NotFound
from shared.events.jobs import PrinterRef

IDENTIFICATION: Final = (f"{ROOT}/Identification", "/DevMgmt/ProductConfigDyn.xml")
"""Where the device may say who it is; the second is of LEDM, which the same devices speak."""
PRINTING: Final = frozenset({"printing", "processing", "rendering", "preparing", "drying", "curing"})


class PiwsSource:
    """A PrinterSource over PIWS; `printer` is put into each record as it is."""

    def __init__(
        self, queues: Queues, printer: PrinterRef, *, clock: Clock | None = None, models: Models | None = None
    ) -> None:
        self._queues = queues
        self._printer = printer
        self._clock = clock or SystemClock()
        self._models = models or known_models()

    @classmethod
    def at(
        cls,
        address: str,
        printer: PrinterRef | None = None,
        access: Access | None = None,
        *,
        resolver: AbstractResolver | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> PiwsSource:
        """A source at an address such as piws://plotter.example:443.

        Raises:
            Reject: that is no such address.
        """
        client = WebClient(address, access, resolver=resolver)
        return cls(Queues(client, sleep), printer or PrinterRef(), clock=clock)

    async def probe(self) -> PrinterFacts:
        """Who the printer is; Reject when its jobs can't be listed, for then nothing could be charged."""
        about = await self._identification()
        snapshots = await self._queues.read()
        return PrinterFacts(
            kind="piws",
            make_and_model=_first(about, "ModelName", "ProductName", "MakeAndModel"),
            serial=_first(about, "SerialNumber"),
            uuid=_first(about, "UUID"),
            name=_first(about, "HostName", "DeviceName"),
            state=_state(snapshots),
            current_time=next((each.device_time for each in snapshots if each.device_time), None),
        )

    async def completed_jobs(self, cursor: str = "") -> Reading:
        """Reads the whole queue and tells the ended jobs that the cursor does not know."""
        before, now = Cursor.parse(cursor), self._clock.now()
        snapshots = await self._queues.read()
        listed = tuple(job for snapshot in snapshots for job in snapshot.jobs)
        fresh, refused = self._fresh(listed, before, now)
        units = self._units(listed, before) if fresh else None
        found = [
            (job.uuid, ended)
            for job, at in fresh
            if units and (ended := ended_job(job, self._printer, units, at, before.told.get(job.uuid)))
        ]
        told = {uuid: ended.told for uuid, ended in found}
        after = before.after(told, {job.uuid for job in listed}, units.square if units else before.unit, now)
        return Reading(
            tuple(sorted((ended.record for _, ended in found), key=lambda record: record.completed_at)),
            after.text(),
            _state(snapshots),
            tuple(refused),
            tuple(ended.doubt for _, ended in found if ended.doubt),
        )

    async def close(self) -> None:
        """Closes the connection."""
        await self._queues.close()

    def _fresh(
        self, listed: Sequence[QueueJob], before: Cursor, now: datetime
    ) -> tuple[list[tuple[QueueJob, datetime]], list[str]]:
        """The jobs that have ended and may be new, each with when it ended; and why others can't be told."""
        fresh: list[tuple[QueueJob, datetime]] = []
        refused: list[str] = []
        for job in listed:
            is_over = has_ended(job)
            if is_over is None:
                refused.append(f"job {job.uuid} is {job.status or 'without a status'} and has no completion time")
            if not is_over:
                continue
            earlier = before.told.get(job.uuid)
            at = job.completed_at or (earlier.at if earlier else job.started_at or job.submitted_at or now)
            if earlier is None or earlier.at != at:
                fresh.append((job, at))
        return fresh, refused

    def _units(self, listed: Sequence[QueueJob], before: Cursor) -> Units:
        """How this printer counts: as its model is known to, else as its pages show, now or before."""
        model = self._models.of(self._printer.model)
        square = model.square_unit or found_unit(unit_samples(listed)) or before.unit
        return Units(square, model.linear_unit or _length_of(square), colour_of)

    async def _identification(self) -> list[Node]:
        """What the device says of itself, as far as it says so."""
        found: list[Node] = []
        for path in IDENTIFICATION:
            try:
                found.append(await self._queues.page(path))
            except NotFound:
                continue
            if _first(found, "SerialNumber"):
                break
        return found


def _first(nodes: list[Node], *names: str) -> str | None:
    """The first text under one of these names, wherever it stands."""
    for node in nodes:
        for name in names:
            said = next((text for each in node.within(name) if (text := each.text.strip())), None)
            if said:
                return said[:200]
    return None


def _length_of(square_unit: str | None) -> str | None:
    """The unit of lengths that goes with a unit of areas."""
    return square_unit[:-1] if square_unit in ("mm2", "cm2", "m2", "in2", "ft2") else None


def _state(snapshots: list[Snapshot]) -> PrinterState:
    waiting: list[QueueJob] = [job for each in snapshots for job in each.jobs if has_ended(job) is False]
    paused = any((each.status or "").lower() == "paused" for each in snapshots)
    activity: Activity = "idle"
    if any(job.status.lower() in PRINTING for job in waiting):
        activity = "processing"
    elif paused:
        activity = "stopped"
    return PrinterState(activity, ("paused",) if paused else (), None, len(waiting))
