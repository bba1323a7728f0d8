"""What can be asked for: the query parameters of a summary, checked into a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from services.reporting.summary import By, Sort, Source
from shared.errors import Reject
from shared.periods import Period, parse_period

Format = Literal["json", "csv", "html"]
FILTERS: Final = (
    "printer", "group", "person", "project", "customer", "department", "kind", "media", "category", "outcome",
)  # fmt: skip
FLAGS: Final = ("billable", "unpriced")
"""Filters that are true or false, of lines; with `unpriced`, those that lack a cost or a price."""
DEFAULT_PERIOD: Final = "this-month"
_KINDS: Final[Mapping[str, Format]] = {"application/json": "json", "text/csv": "csv", "text/html": "html"}


Moment = Annotated[
    str,
    Meta(
        description="A moment with its zone, such as 2026-11-24T10:00Z: the answer is as the ledger stood then.",
        max_length=40,
    ),
]


class SummaryQuery(Struct, frozen=True, kw_only=True):
    """The query parameters of `GET /v1/summary`; a filter that is empty wants the jobs that name none."""

    by: By = "project"
    period: str = DEFAULT_PERIOD
    timezone: str | UnsetType = UNSET
    sort: Sort | UnsetType = UNSET
    format: Format | UnsetType = UNSET
    bom: bool = False
    printer: str | UnsetType = UNSET
    person: str | UnsetType = UNSET
    project: str | UnsetType = UNSET
    department: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    media: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    group: str | UnsetType = UNSET
    customer: str | UnsetType = UNSET
    billable: bool | UnsetType = UNSET
    unpriced: bool | UnsetType = UNSET
    as_of: Moment | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Question:
    """A question that can be answered; `as_of` a moment that has passed, None for now."""

    by: By
    period: Period
    sort: Sort | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime | None = None

    def source(self, timezone: str) -> Source:
        """Where the answer lies, given the zone whose days the rollups count by.

        Rollups know neither the days of another zone nor what several filters have in common.
        """
        return "ledger" if self.filters or self.period.timezone != timezone else "rollup"


def read_question(query: SummaryQuery, *, now: datetime, timezone: str) -> Question:
    """Turns the parameters into a question.

    Args:
        query: the parameters.
        now: what words such as today are relative to.
        timezone: of the installation, where the question names none.

    Raises:
        Reject: no such period or time zone, or a moment that is still to come.
    """
    zone = timezone if query.timezone is UNSET else query.timezone
    values = {name: getattr(query, name) for name in (*FILTERS, *FLAGS)}
    return Question(
        by=query.by,
        period=parse_period(query.period, now=now, timezone=zone),
        sort=None if query.sort is UNSET else query.sort,
        filters={name: _text(value) for name, value in values.items() if value is not UNSET},
        as_of=None if query.as_of is UNSET else _passed(query.as_of, now),
    )


def _passed(text: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        detail = f"{text!r} is not a moment with its zone, such as 2026-11-24T10:00Z or 2026-11-24T11:00+01:00."
        raise Reject(detail, pointer="as_of")
    if moment > now:
        raise Reject(f"{text} is still to come: as_of must have passed.", pointer="as_of")
    return moment


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def format_of(query: SummaryQuery, accept: str) -> Format:
    """The form of the answer: `format`, else the Accept header's best known type (RFC 9110, 12.5.1), else JSON."""
    if query.format is not UNSET:
        return query.format
    best: tuple[int, Format] = (0, "json")
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        form = _KINDS.get(kind)
        if form is not None and (weight := _weight(parameters)) > best[0]:
            best = (weight, form)
    return best[1]


def _weight(parameters: list[str]) -> int:
    """The q parameter in thousandths; 1000 without one, 0 for one that makes no sense."""
    for parameter in parameters:
        if parameter.startswith("q="):
            whole, _, fraction = parameter.removeprefix("q=").partition(".")
            digits = whole + fraction[:3].ljust(3, "0")
            return int(digits) if digits.isascii() and digits.isdigit() else 0
    return 1_000
