"""Rows of an accounting table to records of completed jobs, told apart by document, date and person."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from services.collector.sources.ews.layouts import Chosen, Layout, ink_cell, layout_of
from services.collector.sources.ews.table import Row
from services.collector.sources.ews.words import Habits, amount, date_of, ending_of, kind_of
from services.collector.sources.inks import colour_of
from services.collector.sources.quantities import area_mm2, length_um, volume_ul, whole
from shared.errors import Reject
from shared.events.jobs import EARLIEST, LATEST, JobCompleted, JobLine, JobRef, Outcome, PersonRef, PrinterRef
from shared.money import round_half_even

SOURCE: Final = "ews"
MAX_CODE: Final = 200
MIN_ROLL_UM: Final = 100_000
MAX_ROLL_UM: Final = 5_500_000
ROLL_STEP_UM: Final = 1_000
TOTAL_INK: Final = "total"
"""The ink of a job whose colours are not told."""
MAX_INKS: Final = 24


@dataclass(slots=True)
class _Entry:
    """A row of a job, and the rows of its inks below it."""

    row: Row
    layout: Layout
    inks: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a table tells: jobs, oldest first, and why rows are none."""

    jobs: tuple[JobCompleted, ...]
    refused: tuple[str, ...]
    rows: int


def read_jobs(rows: Iterable[Row], chosen: Chosen, habits: Habits, zone: tzinfo, printer: PrinterRef) -> Told:
    """The records of all rows of jobs in a page."""
    jobs: list[JobCompleted] = []
    refused: list[str] = []
    number = 0
    for number, entry in enumerate(_entries(rows, chosen, habits), 1):
        try:
            if isinstance(entry, Reject):
                raise entry
            jobs.append(_job(entry, habits, zone, printer))
        except Reject as error:
            refused.append(f"row {number}: {error.reason}")
    ordered = sorted(jobs, key=lambda job: job.completed_at)
    return Told(tuple(_numbered(ordered)), tuple(refused), number)


def _entries(rows: Iterable[Row], chosen: Chosen, habits: Habits) -> list[_Entry | Reject]:
    found: list[_Entry | Reject] = []
    for row in rows:
        try:
            layout = layout_of(row, chosen)
        except Reject as error:
            found.append(error)
            continue
        last = found[-1] if found else None
        if layout is not None:
            found.append(_Entry(row, layout, []))
        elif isinstance(last, _Entry) and len(last.inks) < MAX_INKS and (ink := _ink_of(row, habits)):
            last.inks.append(ink)
    return found


def _ink_of(row: Row, habits: Habits) -> tuple[str, str] | None:
    try:
        return ink_cell(row, habits)
    except Reject:
        return None


def _job(entry: _Entry, habits: Habits, zone: tzinfo, printer: PrinterRef) -> JobCompleted:
    row, layout = entry.row, entry.layout
    local = date_of(_cell(row, layout.date), habits)
    completed_at = local.replace(tzinfo=zone).astimezone(UTC)
    if not EARLIEST <= completed_at < LATEST:
        raise Reject(f"its date {local:%Y-%m-%d} can't be right")
    person, title = _cell(row, layout.person), _cell(row, layout.document)
    copies = whole(_number(row, layout.copies, habits))
    line = _line(entry, habits)
    return JobCompleted(
        job=JobRef(device_job_id=_identity(title, local, person), source=SOURCE),
        printer=printer,
        person=PersonRef(claimed=person) if person else None,
        project=_cell(row, layout.account) or None,
        kind=kind_of(_cell(row, layout.kind)),
        outcome=_outcome(_cell(row, layout.status), line),
        title=title or None,
        copies=copies,
        completed_at=completed_at,
        measured="by_device",
        lines=[line],
    )


def _line(entry: _Entry, habits: Habits) -> JobLine:
    row, layout = entry.row, entry.layout
    area, length = _quantity(row, layout.area, habits), _quantity(row, layout.length, habits)
    used_mm2 = area_mm2(*area) if area else None
    fed_um = length_um(*length) if length else None
    return JobLine(
        media=_cell(row, layout.media)[:MAX_CODE] or None,
        roll_width_um=_roll_um(used_mm2, fed_um),
        used_area_mm2=used_mm2,
        quality=_cell(row, layout.quality)[:MAX_CODE] or None,
        ink_ul=_ink(entry, habits) or None,
    )


def _ink(entry: _Entry, habits: Habits) -> dict[str, int]:
    """By colour where the rows below tell it, else what the job's own row tells together."""
    found: dict[str, int] = {}
    for name, cell in entry.inks:
        told = amount(cell, habits)
        if told and (amount_ul := volume_ul(*told)):
            found[colour_of(name)] = found.get(colour_of(name), 0) + amount_ul
    total = _quantity(entry.row, entry.layout.ink, habits)
    total_ul = volume_ul(*total) if total else None
    return found or ({TOTAL_INK: total_ul} if total_ul else {})


def _outcome(word: str, line: JobLine) -> Outcome:
    """What was cancelled after something had come out is partial."""
    ending = ending_of(word)
    if ending.startswith("cancelled") and (line.used_area_mm2 or line.ink_ul):
        return "partial"
    return ending


def _roll_um(used_mm2: int | None, fed_um: int | None) -> int | None:
    """The area fed by the length fed, where that is the width of a roll."""
    if not used_mm2 or not fed_um:
        return None
    width = round_half_even(used_mm2 * 1_000_000, fed_um * ROLL_STEP_UM) * ROLL_STEP_UM
    return width if MIN_ROLL_UM <= width <= MAX_ROLL_UM else None


def _identity(title: str, local: datetime, person: str) -> str:
    """A name for a job that has no number: the same from every page, in whatever language it is."""
    told = "\0".join((title, local.isoformat(timespec="seconds"), person))
    return hashlib.blake2b(told.encode(errors="replace"), digest_size=9).hexdigest()


def _numbered(jobs: list[JobCompleted]) -> Iterable[JobCompleted]:
    """Several jobs of one document, person and second are told apart by their order."""
    seen: Counter[tuple[str | None, datetime]] = Counter()
    for job in jobs:
        key = (job.job.device_job_id, job.completed_at)
        seen[key] += 1
        if seen[key] == 1:
            yield job
        else:
            again = JobRef(device_job_id=f"{job.job.device_job_id}.{seen[key]}", source=SOURCE)
            yield replace(job, job=again)


def _cell(row: Row, column: int | None) -> str:
    return row.cells[column] if column is not None and column < len(row.cells) else ""


def _quantity(row: Row, column: int | None, habits: Habits) -> tuple[Decimal, str] | None:
    cell = _cell(row, column)
    return amount(cell, habits) if cell else None


def _number(row: Row, column: int | None, habits: Habits) -> Decimal | None:
    found = _quantity(row, column, habits)
    return found[0] if found else None
