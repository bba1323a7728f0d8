"""Whether two readings of different sources are of one job: by ids that pass, else by what they say. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.events.jobs import JobCompleted, JobLine

SURE: Final = 1_000
"""The likeness of readings that name the same id."""
MARK: Final = 16
"""Characters that cut titles must have in common; devices cut them at 30 or more."""
LONGEST_JOB: Final = timedelta(hours=24)
LONGEST_WAIT: Final = timedelta(hours=1)
"""Of the time before a job was printed that counts as its own, where only its submission is known."""
_PATH: Final = re.compile(r"(?:[a-z]:[\\/]|[\\/]|file:)", re.IGNORECASE)
_PROGRAM: Final = re.compile(r"microsoft \w+ - ")
_SIZE_TOLERANCE: Final = 50
"""Page sizes agree to one part in so many: devices round to whole millimetres or points."""
_AREA_TOLERANCE: Final = 10
_TITLE, _PERSON = 8, 4
_WRONG: Final = 2
"""So many quantities that contradict each other make two jobs."""


class Span(NamedTuple):
    """From when to when a job was printed, as one source tells."""

    began: datetime
    ended: datetime


def span_of(job: JobCompleted) -> Span:
    """When a job was printed; a start that makes no sense counts as none."""
    ended = job.completed_at
    if job.started_at is not None:
        began = job.started_at
        return Span(began if ended - LONGEST_JOB <= began <= ended else ended, ended)
    if job.submitted_at is not None:
        return Span(min(ended, max(job.submitted_at, ended - LONGEST_WAIT)), ended)
    return Span(ended, ended)


def plain_title(title: str | None) -> str:
    """A title as all sources would tell it: without folder and program, in one case; "" for none."""
    text = " ".join((title or "").split()).casefold()
    if _PATH.match(text):
        text = re.split(r"[\\/]", text.rstrip("\\/"))[-1]
    return _PROGRAM.sub("", text, count=1)


def plain_person(name: str | None) -> str:
    """A user name without its domain, in one case; "" for none."""
    return (name or "").strip().casefold().rpartition("\\")[2].partition("@")[0]


def mark_of(job: JobCompleted) -> str:
    """What titles that agree have in common: two readings of one job have the same mark, or one of them has ""."""
    return plain_title(job.title)[:MARK]


def likeness(one: JobCompleted, other: JobCompleted, *, window: timedelta) -> int | None:
    """How much speaks for one job, more being better; None where they are two.

    Title or person must agree, neither may contradict; the times that they tell may lie apart by the window at
    most; of copies, page size and amount not more than one may differ.
    """
    if one.job.id is not None and one.job.id == other.job.id:
        return SURE
    if one.correlation_id and one.correlation_id == other.correlation_id:
        return SURE
    if one.kind != other.kind or _apart(span_of(one), span_of(other)) > window:
        return None
    title, person = _same_title(one, other), _same_person(one, other)
    if title is False or person is False:
        return None
    said = [_same_copies(one, other), _same_size(one, other), _same_amount(one, other)]
    agreed, wrong = said.count(True), said.count(False)
    if wrong >= _WRONG or not (title or (person and agreed and not wrong)):
        return None
    return (_TITLE if title else 0) + (_PERSON if person else 0) + agreed - wrong


def _apart(one: Span, other: Span) -> timedelta:
    return max(one.began, other.began) - min(one.ended, other.ended)


def _same_title(one: JobCompleted, other: JobCompleted) -> bool | None:
    short, long = sorted((plain_title(one.title), plain_title(other.title)), key=len)
    if not short:
        return None
    return short == long or (len(short) >= MARK and long.startswith(short))


def _same_person(one: JobCompleted, other: JobCompleted) -> bool | None:
    names = [plain_person(each.person.claimed if each.person else None) for each in (one, other)]
    return names[0] == names[1] if all(names) else None


def _same_copies(one: JobCompleted, other: JobCompleted) -> bool | None:
    return one.copies == other.copies if one.copies and other.copies else None


def _same_size(one: JobCompleted, other: JobCompleted) -> bool | None:
    sizes = [_page(each.lines) for each in (one, other)]
    if sizes[0] is None or sizes[1] is None:
        return None
    return all(_near(a, b, _SIZE_TOLERANCE) for a, b in zip(sizes[0], sizes[1], strict=True))


def _page(lines: list[JobLine]) -> tuple[int, int] | None:
    line = lines[0]
    if len(lines) > 1 or not line.width_um or not line.length_um:
        return None
    return min(line.width_um, line.length_um), max(line.width_um, line.length_um)


def _same_amount(one: JobCompleted, other: JobCompleted) -> bool | None:
    """By impressions, else by area; of a job that was cut short sources tell differently."""
    if one.outcome != "completed" or other.outcome != "completed":
        return None
    counted = [_total(each, "impressions") for each in (one, other)]
    if counted[0] and counted[1]:
        return counted[0] == counted[1]
    areas = [_total(each, "printed_area_mm2") for each in (one, other)]
    return _near(areas[0], areas[1], _AREA_TOLERANCE) if areas[0] and areas[1] else None


def _total(job: JobCompleted, name: str) -> int:
    return sum(getattr(line, name) or 0 for line in job.lines)


def _near(one: int, other: int, parts: int) -> bool:
    return abs(one - other) * parts <= max(one, other)
