"""What several readings of one job come to: of each field the value that was measured best. Pure.

The result is a function of the set of readings, so that it does not matter which of them came first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from services.collector.correlation.match import plain_person, plain_title
from shared.events.jobs import JobCompleted, JobLine, JobRef, PersonRef, PrinterRef

T = TypeVar("T")

_RANK: Final = {"by_device": 0, "from_counters": 1, "as_submitted": 2, None: 3, "estimated": 4}
_FIRST_KNOWN: Final = (
    "project",
    "department",
    "billable",
    "copies",
    "started_at",
    "correlation_id",
)
_TOGETHER: Final = (("category", "category_by"), ("width_um", "length_um"), ("media", "media_name"))
"""Fields of a line that one reading tells together: half of them from another one would be nonsense."""
_AMOUNTS: Final = (
    *("printed_area_mm2", "used_area_mm2", "scan_area_mm2", "impressions", "sheets"),
    "ink_ul",
)
_SAID: Final = ("page_range", "roll_width_um", "colour_mode", "quality", "finishing")
MAX_EVIDENCE: Final = 40
_UNIT: Final = re.compile(r"_(?:mm2|um|ul)$")
_COUNTS: Final = (
    *("printer", "person", "project", "department", "billable", "kind", "outcome", "title", "copies"),
    *("measured", "lines"),
)


def merged(readings: Sequence[JobCompleted]) -> JobCompleted:
    """One job of readings of different sources; its identity is that of the reading that was measured best."""
    ranked = sorted(readings, key=_order)
    if len(ranked) == 1:
        return ranked[0]
    best = ranked[0]
    fields: dict[str, Any] = {name: _first(getattr(each, name) for each in ranked) for name in _FIRST_KNOWN}
    submitted = [each.submitted_at for each in ranked if each.submitted_at is not None]
    return replace(
        best,
        printer=_printer(ranked),
        person=_person(ranked),
        title=_title(ranked),
        submitted_at=min(submitted, default=None),
        lines=_lines(ranked),
        evidence=_evidence(ranked),
        **fields,
    )


def adds_to(told: JobCompleted, now: JobCompleted) -> bool:
    """Whether what is known now differs from what was told in something that counts: it is charged or reported."""
    return any(getattr(told, name) != getattr(now, name) for name in _COUNTS)


def fields_added(told: JobCompleted, now: JobCompleted) -> list[str]:
    """What differs, in words for people."""
    return [_UNIT.sub("", name).replace("_", " ") for name in _names_added(told, now)]


def _names_added(told: JobCompleted, now: JobCompleted) -> list[str]:
    names = [name for name in _COUNTS[:-1] if getattr(told, name) != getattr(now, name)]
    if len(told.lines) != len(now.lines):
        return [*names, "lines"]
    pairs = list(zip(told.lines, now.lines, strict=True))
    of_lines = [
        name
        for name in JobLine.__struct_fields__
        if any(getattr(one, name) != getattr(other, name) for one, other in pairs)
    ]
    return names + of_lines


def _order(job: JobCompleted) -> tuple[int, str, str]:
    return _RANK[job.measured], job.job.source or "", job.job.key or ""


def _first(values: Iterable[T | None]) -> T | None:
    return next((each for each in values if each is not None), None)


def _evidence(ranked: Sequence[JobCompleted]) -> dict[str, str]:
    """What each reading says that it is known by, and which readings there are."""
    said = {name: text for each in reversed(ranked) for name, text in (each.evidence or {}).items()}
    readings = {f"told by {each.job.source}": str(each.job.key) for each in ranked}
    return dict(list((readings | said).items())[:MAX_EVIDENCE])


def _printer(ranked: Sequence[JobCompleted]) -> PrinterRef:
    serial = _first(each.printer.serial for each in ranked)
    return PrinterRef(id=ranked[0].printer.id, serial=serial, model=_first(each.printer.model for each in ranked))


def _person(ranked: Sequence[JobCompleted]) -> PersonRef | None:
    """Who has proven it, else whoever the best reading names, by the user name alone if any source tells that."""
    people = [each.person for each in ranked if each.person is not None and each.person.claimed]
    if not people:
        return ranked[0].person
    best = next((each for each in people if each.authenticated), people[0])
    alone = plain_person(best.claimed)
    return replace(best, claimed=alone) if alone in [each.claimed for each in people] else best


def _title(ranked: Sequence[JobCompleted]) -> str | None:
    """The best reading's, or the whole of it where that one had to cut it."""
    title = _first(each.title or None for each in ranked)
    if title is None:
        return ranked[0].title
    plain = plain_title(title)
    whole = [each.title for each in ranked if each.title and plain_title(each.title).startswith(plain)]
    return max(whole, key=lambda each: (len(plain_title(each)), each == title))


def _lines(ranked: Sequence[JobCompleted]) -> list[JobLine]:
    """The best reading's lines, filled up by those of the others where that can be told apart."""
    lines = ranked[0].lines
    for other in ranked[1:]:
        if len(other.lines) == len(lines):
            lines = [_filled(line, more) for line, more in zip(lines, other.lines, strict=True)]
        elif len(lines) == 1:
            lines = [_filled(lines[0], _summed(other.lines))]
    return lines


def _filled(line: JobLine, more: JobLine) -> JobLine:
    changes: dict[str, Any] = {}
    for names in (*_TOGETHER, *((name,) for name in (*_SAID, *_AMOUNTS))):
        if all(getattr(line, name) is None for name in names):
            changes |= {name: getattr(more, name) for name in names if getattr(more, name) is not None}
    return replace(line, **changes) if changes else line


def _summed(lines: Sequence[JobLine]) -> JobLine:
    """What lines consumed in all; what not each of them tells is not known of all."""
    found: dict[str, Any] = {}
    for name in _AMOUNTS[:-1]:
        told = [getattr(line, name) for line in lines]
        if None not in told:
            found[name] = sum(told)
    inks = [line.ink_ul for line in lines]
    if None not in inks:
        colours = sorted({colour for ink in inks for colour in ink or ()})
        found["ink_ul"] = {each: sum((ink or {}).get(each, 0) for ink in inks) for each in colours}
    return JobLine(**found)


def renamed(job: JobCompleted, key: str) -> JobCompleted:
    """The job under another key; its id follows from that and is left out."""
    return replace(job, job=JobRef(key=key, device_job_id=job.job.device_job_id, source=job.job.source))
