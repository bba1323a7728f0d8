"""Which lines of the ledger: the one set of filters of jobs, charges, corrections, unpriced and what-if.

Values of one filter are alternatives, different filters must all hold, and an empty value means those that name
none. `where` makes SQL of it for whatever has the columns of accounting.charge (also the views accounting.leg and
accounting.current_line), under the alias `c`:

    found = where(filters, period)
    statement = QUERIES["list_charges"].replace(PLACE, found.sql)
    await connection.execute(statement, {**found.parameters, "limit": 100})
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, LiteralString, NamedTuple
from uuid import UUID

from msgspec import Meta, Struct

from shared.events.jobs import EARLIEST, LATEST, Kind, Outcome
from shared.periods import Period, parse_period

MAX_VALUES: Final = 100
"""Most values of one filter."""
PLACE: Final = "/*filters*/ true"
"""Where a statement takes the condition that `where` makes; without filters it lets everything pass."""
_Text = Annotated[str, Meta(max_length=1_000)]
_Several = Meta(max_length=MAX_VALUES)
Texts = Annotated[tuple[_Text, ...], _Several]
EntryKind = Literal["charge", "minimum", "correction", "void", "reprice"]


class LineFilters(Struct, frozen=True, kw_only=True):
    """Which lines; a filter with several values (`?printer=a&printer=b`) wants any of them, "" those without one.

    Attributes:
        period: of the time of completion, in the installation's time zone.
        group: of printers.
        department: that the line counts for.
        customer: of the line's project.
        outcome: of the job; `status` is another name for it.
        unpriced: true leaves the lines that lack a cost or a price, false all others.
        job: job ids.
    """

    period: Annotated[str, Meta(max_length=100)] | None = None
    printer: Texts = ()
    group: Texts = ()
    person: Texts = ()
    project: Texts = ()
    department: Texts = ()
    customer: Texts = ()
    kind: Annotated[tuple[Kind, ...], _Several] = ()
    media: Texts = ()
    category: Texts = ()
    outcome: Annotated[tuple[Outcome, ...], _Several] = ()
    status: Annotated[tuple[Outcome, ...], _Several] = ()
    billable: bool | None = None
    unpriced: bool | None = None
    job: Annotated[tuple[UUID, ...], _Several] = ()
    entry_kind: Annotated[tuple[EntryKind, ...], _Several] = ()


class Where(NamedTuple):
    """A condition on lines under the alias `c`, and its parameters; their names begin with `f_`."""

    sql: LiteralString
    parameters: dict[str, Any]

    def into(self, statement: LiteralString) -> LiteralString:
        """The statement with the condition in its PLACE."""
        return statement.replace(PLACE, self.sql)


_ONE_OF: Final[dict[str, LiteralString]] = {
    "printer": "c.printer_no = ANY (ARRAY("
    "SELECT printer_no FROM accounting.printer WHERE key = ANY (%(f_printer)s)))",
    "group": "c.printer_no = ANY (ARRAY("
    "SELECT printer_no FROM accounting.printer WHERE printer_group = ANY (%(f_group)s)))",
    "person": "c.person_no = ANY (ARRAY(SELECT person_no FROM accounting.person WHERE key = ANY (%(f_person)s)))",
    "project": "c.project_no = ANY (ARRAY("
    "SELECT project_no FROM accounting.project_key WHERE key = ANY (%(f_project)s)))",
    "department": "c.department_no = ANY (ARRAY("
    "SELECT department_no FROM accounting.department_key WHERE key = ANY (%(f_department)s)))",
    "customer": "c.project_no = ANY (ARRAY(SELECT k.project_no FROM accounting.project_key AS k "
    "LEFT JOIN accounting.project AS n ON n.kind = 'project' AND n.code = k.key "
    "WHERE coalesce(n.customer, '') = ANY (%(f_customer)s)))",
    "kind": "c.kind = ANY (ARRAY(SELECT no FROM accounting.code WHERE what = 'kind' AND code = ANY (%(f_kind)s)))",
    "media": "c.media_no = ANY (ARRAY(SELECT media_no FROM accounting.media WHERE key = ANY (%(f_media)s)))",
    "category": "c.category_no = ANY (ARRAY("
    "SELECT category_no FROM accounting.category WHERE key = ANY (%(f_category)s)))",
    "outcome": "c.outcome = ANY (ARRAY("
    "SELECT no FROM accounting.code WHERE what = 'outcome' AND code = ANY (%(f_outcome)s)))",
    "job": "c.job_id = ANY (%(f_job)s)",
    "entry_kind": "c.entry_kind = ANY (ARRAY("
    "SELECT no FROM accounting.code WHERE what = 'entry_kind' AND code = ANY (%(f_entry_kind)s)))",
}
"""Arrays are made once for a statement, before its rows are looked at, and reach below views."""


def where(filters: LineFilters, period: Period | None = None) -> Where:
    """The condition that leaves the lines that the filters want.

    Args:
        filters: what is wanted.
        period: `filters.period`, read by `period_of`.
    """
    parts: list[LiteralString] = []
    parameters: dict[str, Any] = {}
    if period is not None:
        parts.append("c.occurred_at >= %(f_start)s AND c.occurred_at < %(f_end)s")
        parameters |= {"f_start": period.start, "f_end": period.end}
    for name, condition in _ONE_OF.items():
        values = filters.outcome + filters.status if name == "outcome" else getattr(filters, name)
        if values:
            parts.append(condition)
            parameters[f"f_{name}"] = list(values)
    if filters.billable is not None:
        parts.append("c.billable = %(f_billable)s")
        parameters["f_billable"] = filters.billable
    if filters.unpriced is not None:
        parts.append("c.unpriced_lines <> 0" if filters.unpriced else "c.unpriced_lines = 0")
    return Where(" AND ".join(parts) or "true", parameters)


def period_of(filters: LineFilters, *, now: datetime, timezone: str) -> Period | None:
    """The period that is wanted, None for all time.

    Raises:
        Reject: it is no period.
    """
    return parse_period(filters.period, now=now, timezone=timezone) if filters.period else None


def bounds(period: Period | None) -> tuple[datetime, datetime]:
    """The moments from which and before which lines are wanted; all of time without a period."""
    return (period.start, period.end) if period else (EARLIEST, LATEST)


def shown(filters: LineFilters) -> dict[str, list[str]]:
    """The filters that are set, as text by name, for whoever records or shows what was asked for."""
    values = {name: getattr(filters, name) for name in LineFilters.__struct_fields__}
    told = {name: value if isinstance(value, tuple) else (value,) for name, value in values.items()}
    return {name: [_text(each) for each in told[name]] for name in told if values[name] not in {None, ()}}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
