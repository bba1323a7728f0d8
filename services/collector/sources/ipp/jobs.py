"""IPP job attributes to the record of a completed job: pure, and silent about what the printer does not say."""

from __future__ import annotations

from typing import Final

from services.collector.sources.ipp.counts import Attempt, Counts, counts, sides
from services.collector.sources.ipp.media import (
    Roll,
    Size,
    fed_length_um,
    short_name,
    size_from_collection,
    size_from_name,
    standard_name,
)
from services.collector.sources.ipp.tags import JobState
from services.collector.sources.ipp.times import DeviceClock
from services.collector.sources.ipp.traits import ONE_SIDED, Traits
from services.collector.sources.ipp.view import View
from shared.errors import Reject
from shared.events.jobs import ColourMode, JobCompleted, JobLine, JobRef, Outcome, PersonRef, PrinterRef
from shared.units import area_mm2

ENDED: Final = frozenset({JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED})
BY_PEOPLE: Final = frozenset({"job-canceled-by-user", "job-canceled-by-operator", "job-canceled-at-device"})
BY_MACHINES: Final = frozenset(
    {
        "aborted-by-system",
        "job-canceled-after-timeout",
        "document-format-error",
        "document-access-error",
        "errors-detected",
        "conflicting-attributes",
        "unsupported-document-format",
        "job-password-wait",
    }
)
CANCELED_AT_PRINTER: Final = "canceled at printer."
"""What CUPS 2.4 says of a job that its device aborted; its job-state-reasons are the same for every end."""
_MONO: Final = frozenset({"monochrome", "process-monochrome", "auto-monochrome", "bi-level", "process-bi-level"})
_COLOUR: Final = frozenset({"color", "highlight"})
_QUALITIES: Final = {3: "draft", 4: "normal", 5: "high"}
_FINISHINGS: Final = {4: "staple", 5: "punch", 6: "cover", 7: "bind", 8: "saddle-stitch", 10: "fold", 11: "trim"}
_NO_FINISHING: Final = 3
_MAX_TEXT: Final = 1_000
_MAX_CODE: Final = 200
_NOBODY: Final = frozenset({"anonymous", "unknown", "none"})


def ended(job: View) -> bool:
    """Whether the job is in one of its last states."""
    return job.integer("job-state") in ENDED


def completed_job(
    job: View,
    printer: PrinterRef,
    about: Traits,
    clock: DeviceClock,
    *,
    earlier: Attempt | None = None,
    counted: Counts | None = None,
) -> JobCompleted:
    """The record of an ended job.

    `counted` is what the device behind a queue says, where the queue itself can't know.
    Areas come from the page size times the sides that were printed; the used area is what was fed of the roll
    where the roll is known, else sheets times the page.

    Raises:
        Reject: the job has no id, has not ended, or can't be dated.
    """
    number, state = job.integer("job-id"), job.integer("job-state")
    if number is None or state not in ENDED:
        raise Reject(f"job {number} has not ended (job-state {state})")
    completed_at = clock.moment(job, "completed")
    if completed_at is None:
        raise Reject(f"job {number} has no completion time, neither a date nor one of the present up-time")
    copies = next((told for name in ("copies-actual", "copies") if (told := job.integer(name) or 0) > 0), None)
    counted = counted or counts(job, about, state=state, copies=copies or 1, earlier=earlier or Attempt())
    return JobCompleted(
        job=JobRef(device_job_id=str(number), source="cups" if about.is_cups else "ipp"),
        printer=printer,
        person=_person(job),
        project=_named(job, "job-account-id", "job-billing"),
        outcome=outcome(job, counted),
        title=_clip(job.text("job-name")),
        copies=copies,
        submitted_at=clock.moment(job, "creation"),
        started_at=clock.moment(job, "processing"),
        completed_at=completed_at,
        measured=counted.measured,
        correlation_id=_uuid(job),
        raw_reference=_clip(job.text("job-uri") or job.text("job-uuid")),
        lines=[_line(job, about, counted)],
    )


def outcome(job: View, counted: Counts) -> Outcome:
    """How the job ended, and who ended it."""
    state = job.integer("job-state")
    if state == JobState.COMPLETED:
        return "completed"
    if state == JobState.ABORTED:
        return "aborted"
    if counted.impressions and counted.expected and counted.impressions < counted.expected:
        return "partial"
    reasons = set(job.texts("job-state-reasons"))
    if (job.text("job-printer-state-message") or "").endswith(CANCELED_AT_PRINTER):
        return "cancelled_by_device"
    return "cancelled_by_device" if reasons & BY_MACHINES and not reasons & BY_PEOPLE else "cancelled_by_user"


def colour_mode(job: View, about: Traits) -> ColourMode | None:
    """Mono or colour as said of the job; a device without colour prints mono whatever was asked for."""
    if about.colour is False:
        return "mono"
    said = job.text("print-color-mode-actual") or job.text("print-color-mode")
    if said in _MONO:
        return "mono"
    return "colour" if said in _COLOUR or (said or "").startswith("process-") else None


def _line(job: View, about: Traits, counted: Counts) -> JobLine:
    size, name = _size(job, about)
    roll = _roll(job, about) if size else None
    kind = _media_text(job, "media-type") or (roll.media_type if roll else None) or _default_type(about)
    sheets, impressions = counted.sheets, counted.impressions
    printed = None
    if size is not None and impressions is not None:
        printed = area_mm2(size.width_um, size.length_um, impressions)
    if sheets is None and sides(job, about) == ONE_SIDED:
        sheets = impressions
    finishings = [number for number in job.integers("finishings") if number != _NO_FINISHING][:20]
    return JobLine(
        media=(kind or name or "")[:_MAX_CODE] or None,
        media_name=_clip(_media_text(job, "media-info") or _label(name, kind)),
        roll_width_um=roll.width_um if roll else None,
        width_um=size.width_um if size else None,
        length_um=size.length_um if size else None,
        printed_area_mm2=printed,
        used_area_mm2=_used_area(size, roll, sheets),
        colour_mode=colour_mode(job, about),
        quality=_QUALITIES.get(job.integer("print-quality-actual") or job.integer("print-quality") or 0),
        impressions=impressions,
        sheets=sheets,
        finishing=[_FINISHINGS.get(number, f"finishing-{number}") for number in finishings] or None,
    )


def _label(name: str | None, kind: str | None) -> str | None:
    """What people call the medium: `A1 stationery coated`."""
    parts = (short_name(name) if name else None, kind.replace("-", " ") if kind else None)
    return " ".join(part for part in parts if part) or name


def _default_type(about: Traits) -> str | None:
    """The media type of jobs that ask for none (RFC 8011, section 5.2: the printer's default is applied)."""
    default = about.default_media.view("media-col-default")
    return default.text("media-type") if default else None


def _used_area(size: Size | None, roll: Roll | None, sheets: int | None) -> int | None:
    if size is None or sheets is None:
        return None
    fed = fed_length_um(size, roll) if roll else None
    if roll and fed:
        return area_mm2(roll.width_um, fed, sheets)
    return area_mm2(size.width_um, size.length_um, sheets)


def _size(job: View, about: Traits) -> tuple[Size | None, str | None]:
    """The page's size and, where one was given, its name: of the job, else the printer's default."""
    for attributes, suffixes in ((job, ("-actual", "")), (about.default_media, ("-default",))):
        for suffix in suffixes:
            media = attributes.view(f"media-col{suffix}")
            name = attributes.text(f"media{suffix}")
            if media is not None and (size := size_from_collection(media)):
                return size, media.text("media-size-name") or standard_name(size)
            if name and (size := size_from_name(name)):
                return size, name.split(",")[0]
    return None, job.text("media")


def _roll(job: View, about: Traits) -> Roll | None:
    """The roll that the job was printed on: of the source it names, else the only one that is loaded."""
    source = _media_text(job, "media-source")
    if source is None or source == "auto":
        default = about.default_media.view("media-col-default")
        source = (default.text("media-source") if default and source is None else None) or source
    if source in about.rolls:
        return about.rolls[source]
    return next(iter(about.rolls.values())) if source in (None, "auto") and len(about.rolls) == 1 else None


def _media_text(job: View, member: str) -> str | None:
    """A member of the job's media collection, as used, else as asked for."""
    for name in ("media-col-actual", "media-col"):
        media = job.view(name)
        if media is not None and (text := media.text(member)):
            return text
    return None


def _person(job: View) -> PersonRef | None:
    """Whom the job is to be charged to (PWG 5100.7: job-accounting-user-id) where told, else who sent it."""
    name = _named(job, "job-accounting-user-id", "job-originating-user-name")
    return PersonRef(claimed=name) if name else None


def _named(job: View, *names: str) -> str | None:
    """The first of these attributes that names somebody or something."""
    told = (job.text(name) for name in names)
    return _clip(next((text for text in told if text and text.lower() not in _NOBODY), None))


def _uuid(job: View) -> str | None:
    """The job's own UUID: of the queue's job or of the device's, which are two, as CUPS passes none on."""
    return (job.text("job-uuid") or "").lower().removeprefix("urn:uuid:")[:_MAX_CODE] or None


def _clip(text: str | None) -> str | None:
    return text[:_MAX_TEXT] if text else None
