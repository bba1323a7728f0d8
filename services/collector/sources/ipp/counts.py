"""How many sides and sheets a job really took: what each kind of printer counts differs, absent stays absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.collector.sources.ipp.cursor import End, Tried
from services.collector.sources.ipp.tags import JobState
from services.collector.sources.ipp.traits import ONE_SIDED, Traits
from services.collector.sources.ipp.view import View
from shared.events.jobs import Measured

MAX_ENDS: Final = 50
"""Jobs whose final counts are remembered: who has a job printed again mostly does it soon."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals over all copies; `expected` is what the whole job would have taken."""

    impressions: int | None = None
    sheets: int | None = None
    expected: int | None = None
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What CUPS had counted for a job when an earlier attempt at it ended; `sheets` is None where unknown."""

    impressions: int = 0
    sheets: int | None = 0


def counts(job: View, printer: Traits, *, state: int, copies: int, earlier: Attempt) -> Counts:
    """The counts of an ended job."""
    return _of_cups(job, state, earlier) if printer.is_cups else _of_device(job, printer, state, copies)


def sides(job: View, printer: Traits) -> str | None:
    """The sides that were used: said of the job, else the printer's default."""
    return job.text("sides-actual") or job.text("sides") or printer.default_sides


def _of_cups(job: View, state: int, earlier: Attempt) -> Counts:
    """CUPS counts what its filters emitted, copies included, and goes on counting when it tries again.

    Filters run ahead of the device, so for a job that did not complete the number says nothing of what came out;
    only of one that was never begun is it certain that nothing did.
    """
    if state != JobState.COMPLETED:
        begun = "time-at-processing" in job or "date-time-at-processing" in job
        return Counts() if begun else Counts(0, 0, measured="as_submitted")
    impressions = _positive(job, "job-impressions-completed", less=earlier.impressions)
    if earlier.sheets is not None:
        sheets = _positive(job, "job-media-sheets-completed", less=earlier.sheets)
    else:
        sheets = _share(job, impressions)
    return Counts(impressions, sheets, measured="as_submitted" if impressions or sheets else None)


def _share(job: View, impressions: int | None) -> int | None:
    """The sheets of the last attempt, where every attempt took as many sides to a sheet."""
    sides, sheets = _positive(job, "job-impressions-completed"), _positive(job, "job-media-sheets-completed")
    if not sides or not sheets or not impressions:
        return None
    share, rest = divmod(sheets * impressions, sides)
    return share if not rest else None


def _of_device(job: View, printer: Traits, state: int, copies: int) -> Counts:
    """A device's own counters, else (completed jobs only) the size it was told, times copies."""
    one_copy = _positive(job, "job-impressions")
    expected = one_copy * copies if one_copy else None
    done = _positive(job, "job-impressions-completed")
    sheets = _positive(job, "job-media-sheets-completed")
    used = sides(job, printer)
    if done is None and sheets is not None and used == ONE_SIDED:
        done = sheets
    if done is None and sheets is None and state != JobState.COMPLETED and "job-impressions-completed" in job:
        return Counts(0, 0, expected, "by_device")
    if done is None:
        if state != JobState.COMPLETED or expected is None:
            return Counts(sheets=sheets, expected=expected, measured="by_device" if sheets else None)
        return Counts(expected, sheets or _sheets(expected, one_copy, used), expected, "as_submitted")
    if _counts_one_copy(done, one_copy, sheets, state):
        done *= copies
    return Counts(done, sheets or _sheets(done, one_copy, used), expected, "by_device")


def _counts_one_copy(done: int, one_copy: int | None, sheets: int | None, state: int) -> bool:
    """Whether job-impressions-completed leaves copies out, as RFC 8011 allows a device that interprets once.

    `job-impressions` is always of one copy (RFC 8011, section 5.3.17.2); a completed job whose counter equals
    it was counted for one copy (ippeveprinter does so), unless the sheets, which always count, say otherwise.
    """
    return state == JobState.COMPLETED and done == one_copy and (sheets is None or sheets > done)


def _sheets(impressions: int, one_copy: int | None, used: str | None) -> int | None:
    """Sheets that so many sides take: certain when one-sided; when two-sided each copy begins a new sheet."""
    if used == ONE_SIDED:
        return impressions
    if used and one_copy and impressions % one_copy == 0:
        return impressions // one_copy * ((one_copy + 1) // 2)
    return None


def _positive(job: View, name: str, less: int = 0) -> int | None:
    """A counter above zero; a completed job's counter of zero is a counter that does not count."""
    number = job.integer(name)
    if number is None or number <= 0:
        return None
    # A counter that began anew (the server was restarted) is below what was seen earlier.
    return number - less if number > less else number


def ends(jobs: Sequence[View], before: Mapping[int, End]) -> dict[int, End]:
    """When the newest jobs of a queue ended, and what was counted by then; what is printing again stays."""
    found = dict(before)
    for job in jobs[:MAX_ENDS]:
        number, came_s, at_s = (job.integer(name) for name in ("job-id", "time-at-creation", "time-at-completed"))
        sides = _positive(job, "job-impressions-completed")
        if number is not None and came_s is not None and at_s is not None and sides:
            found[number] = (came_s, at_s, sides, _positive(job, "job-media-sheets-completed") or 0)
    newest = sorted(found.items(), key=lambda each: each[1][1], reverse=True)
    return dict(newest[:MAX_ENDS])


def begun_again(
    ended: Mapping[int, End], before: Mapping[int, End], tried: Mapping[int, Tried]
) -> dict[int, Tried]:
    """Where the counters stood of jobs that have ended once more since: somebody had them printed again.

    A job of the same number that came at another time is another job: the server's numbers began anew.
    """
    found: dict[int, Tried] = {}
    for number, (came_s, at_s, sides, _) in ended.items():
        last = before.get(number)
        known = tried.get(number, (0, 0))[0]
        if last is not None and last[0] == came_s and last[1] != at_s and known < last[2] < sides:
            found[number] = last[2:]
    return found
