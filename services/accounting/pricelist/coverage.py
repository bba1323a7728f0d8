"""Whether there is a list for every time: gaps and overlaps that publishing a draft would leave. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

Code = Literal[
    "never-valid", "gap", "overlap", "ends", "falls-through", "past-start", "closed-month", "over", "replaces",
    "not-assigned", "lost-rates", "unpriced",
]  # fmt: skip
Severity = Literal["error", "warning", "note"]
_ORDER: Final[tuple[Severity, ...]] = ("error", "warning", "note")
Gap = tuple[datetime, datetime | None]


class Finding(Struct, frozen=True):
    """What a check found; an error stops the publication unless its code is accepted."""

    level: Severity
    code: Code
    text: str


class Span(Struct, frozen=True):
    """A version of a list as far as time goes: valid from `start` until `end`, or without end."""

    name: str
    version: int
    start: datetime
    end: datetime | None = None

    @property
    def label(self) -> str:
        """How bookkeepers call it."""
        return f"{self.name} v{self.version}"


class Plan(Struct, frozen=True, kw_only=True):
    """A publication to be, and all that says whether there is a list for every time.

    Attributes:
        published: every published version of the draft's book.
        defaults: the default lists of the book as they are after the publication, the last one named last.
        is_assigned: whether the list counts for anybody beside the defaults.
        open_from: months before it are closed; None where none is.
        jobs_since: how many jobs of the draft's time are charged already.
        now: the present moment.
    """

    book: str
    draft: Span
    published: Sequence[Span]
    defaults: Sequence[str]
    is_assigned: bool = False
    open_from: datetime | None = None
    jobs_since: int = 0
    now: datetime


def version_at(spans: Sequence[Span], name: str, moment: datetime) -> Span | None:
    """The version of a list that counts at a moment: the highest that has begun, if it has not ended."""
    begun = [each for each in spans if each.name == name and each.start <= moment]
    newest = max(begun, key=lambda each: each.version, default=None)
    return newest if newest and (newest.end is None or moment < newest.end) else None


def default_at(spans: Sequence[Span], defaults: Sequence[str], moment: datetime) -> Span | None:
    """The version that counts by default: of the last list named that has a valid one."""
    named = dict.fromkeys(reversed(defaults))
    return next((found for name in named if (found := version_at(spans, name, moment))), None)


def gaps(spans: Sequence[Span], defaults: Sequence[str]) -> list[Gap]:
    """The times after the first start in which no list counts; the last one may be without end."""
    named = [each for each in spans if each.name in set(defaults)]
    moments = sorted({each.start for each in named} | {each.end for each in named if each.end})
    found: list[Gap] = []
    begin: datetime | None = None
    has_begun = False
    for moment in moments:
        counts = default_at(named, defaults, moment) is not None
        if counts and begin:
            found.append((begin, moment))
            begin = None
        elif not counts and has_begun and begin is None:
            begin = moment
        has_begun = has_begun or counts
    return [*found, (begin, None)] if begin else found


def check_coverage(plan: Plan, when: Callable[[datetime], str]) -> list[Finding]:
    """All that is to be said of a draft's time, errors first; `when` writes a moment for people."""
    draft = plan.draft
    if draft.end is not None and draft.end <= draft.start:
        text = f"{draft.label} would end on {when(draft.end)} and start on {when(draft.start)}: it never counts."
        return [Finding("error", "never-valid", text)]
    found = [*_gap_findings(plan, when), *_overlaps(plan, when), *_past(plan, when)]
    if draft.name not in plan.defaults and not plan.is_assigned:
        text = f"{draft.name} counts for nobody in book {plan.book} until it is assigned or named the default."
        found.append(Finding("note", "not-assigned", text))
    return in_order(found)


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Errors first, then warnings, then notes."""
    return sorted(findings, key=lambda each: _ORDER.index(each.level))


def _gap_findings(plan: Plan, when: Callable[[datetime], str]) -> Iterator[Finding]:
    draft = plan.draft
    is_default = draft.name in plan.defaults
    names = plan.defaults if is_default else [draft.name]
    known = {gap for gap in gaps(plan.published, names) if gap[1] is not None}
    for start, end in gaps([*plan.published, draft], names):
        if not is_default:
            until = f" to {when(end)}" if end else " on"
            text = f"No version of {draft.name} is valid from {when(start)}{until}: other lists count then."
            yield Finding("warning", "falls-through", text)
        elif end is None:
            text = f"No list counts in book {plan.book} from {when(start)} on, unless another follows until then."
            yield Finding("warning", "ends", text)
        elif any(old[0] <= start and end <= (old[1] or end) for old in known):
            if end > plan.now:
                text = f"No list counts in book {plan.book} from {when(start)} to {when(end)}, as before."
                yield Finding("warning", "gap", text)
        else:
            text = (
                f"No list would count in book {plan.book} from {when(start)} to {when(end)}: jobs of that time "
                "would be UNPRICED."
            )
            yield Finding("error", "gap", text)


def _overlaps(plan: Plan, when: Callable[[datetime], str]) -> Iterator[Finding]:
    """Versions that counted, or were going to, and that the draft hides for good, as its number is higher."""
    draft = plan.draft
    for other in plan.published:
        if other.name != draft.name or version_at(plan.published, other.name, other.start) != other:
            continue
        if other.start > draft.start:
            text = (
                f"{draft.label} starts on {when(draft.start)} and has the higher number, so {other.label}, which "
                f"was to start on {when(other.start)}, would never count: import it again as a later version."
            )
            yield Finding("error", "overlap", text)
        elif other.start == draft.start:
            text = f"{draft.label} starts when {other.label} does, which then counts for no new job."
            yield Finding("note", "replaces", text)


def _past(plan: Plan, when: Callable[[datetime], str]) -> Iterator[Finding]:
    draft = plan.draft
    if draft.end is not None and draft.end <= plan.now:
        text = f"{draft.label} ends on {when(draft.end)}: it counts only for jobs of that time that come late."
        yield Finding("warning", "over", text)
    if plan.jobs_since:
        jobs = "1 job is" if plan.jobs_since == 1 else f"{plan.jobs_since:,} jobs are"
        text = (
            f"{draft.label} starts in the past, and {jobs} charged since {when(draft.start)}: they stay as they "
            "are until they are re-priced."
        )
        yield Finding("warning", "past-start", text)
    if plan.open_from is not None and draft.start < plan.open_from:
        text = f"{draft.label} starts on {when(draft.start)}, and all before {when(plan.open_from)} is closed."
        yield Finding("warning", "closed-month", text)
