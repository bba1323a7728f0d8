"""What can be asked for: the query parameters of a summary, checked into a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from services.reporting.summary import By, Sort, Source
from shared.periods import Period, parse_period

Format = Literal["json", "csv", "html"]
FILTERS: Final = ("printer", "person", "project", "department", "kind", "media", "category", "outcome")
DEFAULT_PERIOD: Final = "this-month"
_KINDS: Final[Mapping[str, Format]] = {"application/json": "json", "text/csv": "csv", "text/html": "html"}


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


@dataclass(frozen=True, slots=True)
class Question:
    """A question that can be answered."""

    by: By
    period: Period
    sort: Sort | None = None
    filters: Mapping[str, str] = field(default_factory=dict)

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
        Reject: no such period or time zone.
    """
    zone = timezone if query.timezone is UNSET else query.timezone
    values = {name: getattr(query, name) for name in FILTERS}
    return Question(
        by=query.by,
        period=parse_period(query.period, now=now, timezone=zone),
        sort=None if query.sort is UNSET else query.sort,
        filters={name: value for name, value in values.items() if value is not UNSET},
    )


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
