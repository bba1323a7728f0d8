"""PIWS jobs to the records of completed jobs: what has ended, how, and what of it was not told before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.collector.sources.piws.amounts import amounts_of, impressions_of, sample_of
from services.collector.sources.piws.areas import Sample
from services.collector.sources.piws.cursor import Counted, Told
from services.collector.sources.piws.lines import Colour, lines_of
from services.collector.sources.piws.snapshot import QueueJob
from shared.events.jobs import JobCompleted, JobLine, JobRef, Kind, Measured, Outcome, PersonRef, PrinterRef

SOURCE: Final = "piws"
MAX_TEXT: Final = 1_000
PRINTED: Final = frozenset({"printed", "completed", "complete", "finished", "done"})
DELETED: Final = frozenset({"deleted", "removed"})
CANCELLED: Final = frozenset({"cancelled", "canceled"})
ABORTED: Final = frozenset({"aborted", "failed", "error"})
GOING_ON: Final = frozenset(
    {
        "waitingtoprint",
        "waiting",
        "pending",
        "ready",
        "receiving",
        "processing",
        "rendering",
        "preparing",
        "printing",
        "drying",
        "curing",
        "paused",
        "held",
        "onhold",
        "hold",
        "cancelling",
        "canceling",
        "stored",
    }
)
"""WaitingToPrint, Processing, Paused and Deleted were seen on a DesignJet Z9; the others are guessed, and a status
that is in none of these sets counts as an end only together with a time of completion."""
_KINDS: Final[Mapping[str, Kind]] = {"copy": "copy", "scan": "scan", "reprint": "reprint"}


@dataclass(frozen=True, slots=True)
class Units:
    """How this printer counts, as far as that is known."""

    square: str | None
    linear: str | None
    colour_of: Colour


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that has ended: its record, what of it is to be remembered, and what is doubtful in it."""

    record: JobCompleted
    told: Told
    doubt: str | None = None


def has_ended(job: QueueJob) -> bool | None:
    """Whether the job is over; None where its status is unknown and it has no time of completion."""
    status = job.status.lower()
    if status in GOING_ON:
        return False
    if status in PRINTED | DELETED | CANCELLED | ABORTED or job.completed_at is not None:
        return True
    return None


def unit_samples(jobs: Sequence[QueueJob]) -> list[Sample]:
    """Amounts to find the unit of areas by: of jobs that were printed whole."""
    found = []
    for job in jobs:
        counts = impressions_of(job)
        if (sample := sample_of(job, counts)) and outcome(job, sum(counts)) == "completed":
            found.append(sample)
    return found


def ended_job(job: QueueJob, printer: PrinterRef, units: Units, at: datetime, before: Told | None) -> Ended | None:
    """The record of a job that has ended at `at`; None when all of it was told before.

    A job that is printed again keeps its UUID, and its counts may go on from where they were: then only what came
    on top is told, as a reprint. Counts that began anew are told whole, if printing began after the last end. A
    job that was told and is then deleted, or dated anew, brings nothing new. `before` ended at another moment.
    """
    counts = impressions_of(job)
    amounts, wrong = amounts_of(
        job,
        counts,
        square_unit=units.square,
        linear_unit=units.linear,
        whole=outcome(job, sum(counts)) == "completed",
    )
    lines = lines_of(job, counts, amounts, units.colour_of)
    counted = tuple(_counted(line) for line in lines)
    told = Told(at, counted)
    if before is not None:
        if grown(before.lines, counted):
            lines = [_rest(line, was) for line, was in zip(lines, before.lines, strict=True)]
        elif job.status.lower() not in PRINTED or not _printed_since(job, before):
            return None
    impressions = sum(line.impressions or 0 for line in lines)
    ended = outcome(job, impressions)
    record = JobCompleted(
        job=JobRef(device_job_id=job.uuid, source=SOURCE),
        printer=printer,
        person=PersonRef(claimed=job.user[:MAX_TEXT]) if job.user else None,
        project=_clip(job.account),
        kind="reprint" if before else _kind(job),
        outcome=ended,
        title=_clip(job.name),
        copies=_copies(job, impressions, again=before is not None),
        submitted_at=job.submitted_at,
        started_at=job.started_at,
        completed_at=at,
        measured=_measured(lines, ended),
        raw_reference=_clip(job.uri),
        lines=lines,
    )
    return Ended(record, told, f"job {job.uuid}: {wrong}" if wrong else None)


def outcome(job: QueueJob, impressions: int) -> Outcome:
    """How a job ended; what was cancelled after a part of it had come out is partial."""
    status, completion = job.status.lower(), job.completion.lower()
    said = f"{status} {completion}"
    expected = (job.requested_copies or 1) * max(1, len(job.pages))
    if status in ABORTED or any(word in completion for word in ("abort", "error", "fail")):
        return "aborted"
    if any(word in said for word in ("cancel", "deleted", "removed")):
        if impressions >= expected and "cancel" not in said:
            return "completed"
        if impressions:
            return "partial"
        machine = any(word in completion for word in ("device", "system", "printer"))
        return "cancelled_by_device" if machine else "cancelled_by_user"
    return "completed"


def grown(before: tuple[Counted, ...], now: tuple[Counted, ...]) -> bool:
    """Whether counts went on from where they were: none fell, and more impressions came out."""
    if len(before) != len(now):
        return False
    rises = all(
        new.impressions >= old.impressions
        and new.used_mm2 >= old.used_mm2
        and all(new.ink_ul.get(name, 0) >= amount for name, amount in old.ink_ul.items())
        for old, new in zip(before, now, strict=True)
    )
    return rises and sum(each.impressions for each in now) > sum(each.impressions for each in before)


def _measured(lines: list[JobLine], ended: Outcome) -> Measured:
    """A device that accounts tells an area or ink of what it printed; else it only repeats what was sent."""
    accounted = any(line.used_area_mm2 or line.ink_ul for line in lines)
    nothing = not any(line.impressions for line in lines) and ended != "completed"
    return "by_device" if accounted or nothing else "as_submitted"


def _kind(job: QueueJob) -> Kind:
    return _KINDS.get(job.kind.lower(), "print")


def _copies(job: QueueJob, impressions: int, *, again: bool) -> int | None:
    """Copies asked for; of a reprint those that came on top, as the device's own number has grown with it."""
    if not again:
        return job.requested_copies or job.printed_copies
    pages = max(1, len(job.pages))
    return max(1, impressions // pages)


def _printed_since(job: QueueJob, before: Told) -> bool:
    return job.started_at is not None and job.started_at > before.at


def _counted(line: JobLine) -> Counted:
    return Counted(
        line.impressions or 0, line.printed_area_mm2 or 0, line.used_area_mm2 or 0, dict(line.ink_ul or {})
    )


def _rest(line: JobLine, was: Counted) -> JobLine:
    """What of a line came on top of what was told of it."""
    ink = {name: amount - was.ink_ul.get(name, 0) for name, amount in (line.ink_ul or {}).items()}
    return JobLine(
        media=line.media,
        page_range=line.page_range,
        roll_width_um=line.roll_width_um,
        width_um=line.width_um,
        length_um=line.length_um,
        printed_area_mm2=_less(line.printed_area_mm2, was.printed_mm2),
        used_area_mm2=_less(line.used_area_mm2, was.used_mm2),
        colour_mode=line.colour_mode,
        quality=line.quality,
        ink_ul={name: amount for name, amount in ink.items() if amount > 0} or None,
        impressions=_less(line.impressions, was.impressions),
    )


def _less(now: int | None, before: int) -> int | None:
    return None if now is None else max(0, now - before)


def _clip(text: str | None) -> str | None:
    return text[:MAX_TEXT] if text else None
