"""The questions: as `inkmeter.summary` answers them, and as GROUP BY on the ledger does, column for column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

YEAR: Final = 2026
FIRST_MONTH: Final = date(YEAR, 1, 1)
_COLUMNS: Final = "jobs, printed_area_mm2, used_area_mm2, ink_ul, impressions, sheets, cost, price, unpriced_lines"
_COUNTED: Final = (
    "sum({counts})::bigint AS jobs, coalesce(sum(printed_area_mm2), 0) AS printed_area_mm2, "
    "coalesce(sum(used_area_mm2), 0) AS used_area_mm2, coalesce(sum(ink_total_ul), 0) AS ink_ul, "
    "coalesce(sum(impressions), 0)::bigint AS impressions, coalesce(sum(sheets), 0)::bigint AS sheets, "
    "coalesce(sum(cost_micro), 0) * 0.000001 AS cost, coalesce(sum(price_micro), 0) * 0.000001 AS price, "
    "sum(unpriced_lines)::bigint AS unpriced_lines"
)


@dataclass(frozen=True, slots=True)
class Report:
    """One question in both forms, and how many times quicker the sums must answer it."""

    name: str
    sums: str
    lines: str
    at_least: float


@dataclass(frozen=True, slots=True)
class _By:
    """What the ledger's own answer groups by, and where the names of those numbers stand."""

    number: str
    names: str
    counts: str = "jobs"


_NAMED: Final = "SELECT {0}_no AS no, key, coalesce(nullif(name, ''), key) AS name FROM accounting.{0}"
_KEYED: Final = (
    "SELECT k.{0}_no AS no, k.key, coalesce(nullif(n.name, ''), k.key) AS name FROM accounting.{0}_key AS k "
    "LEFT JOIN accounting.project AS n ON n.kind = '{0}' AND n.code = k.key"
)
_BY: Final = {
    "printer": _By("printer_no", _NAMED.format("printer")),
    "person": _By("person_no", _NAMED.format("person")),
    "project": _By("project_no", _KEYED.format("project")),
    "department": _By("department_no", _KEYED.format("department")),
    "kind": _By("kind", "SELECT no, code AS key, code AS name FROM accounting.code WHERE what = 'kind'"),
    "media": _By("media_no", _NAMED.format("media"), "media_jobs"),
    "category": _By(
        "category_no", "SELECT category_no AS no, key, key AS name FROM accounting.category", "category_jobs"
    ),
}


def _lines(by: str, first: str, last: str, tail: str = "") -> str:
    """Only the partitions of the period are read, sums are of integers, names are joined to the groups."""
    counted = f"FROM accounting.charge WHERE {_within(first, last)}"
    if by in {"day", "month"}:
        form, key = {"day": ("YYYY-MM-DD", "day"), "month": ("YYYY-MM", "date_trunc('month', day)::date")}[by]
        sums = _COUNTED.format(counts="jobs")
        return (
            f"SELECT to_char(no, '{form}'), '', {_COLUMNS} FROM (SELECT {key} AS no, {sums} {counted} GROUP BY 1)"
        )
    grouped = f"SELECT {_BY[by].number} AS no, {_COUNTED.format(counts=_BY[by].counts)} {counted} GROUP BY 1"
    return f"SELECT n.key, n.name, {_COLUMNS} FROM ({grouped}) JOIN ({_BY[by].names}) AS n USING (no){tail}"


def _within(first: str, last: str) -> str:
    return (
        f"day BETWEEN '{first}' AND '{last}' "
        f"AND occurred_at >= date '{first}' - 1 AND occurred_at < date '{last}' + 2"
    )


def _sums(by: str, first: str, last: str, tail: str = "") -> str:
    return f"SELECT key, name, {_COLUMNS} FROM inkmeter.summary('{by}', '{first}', '{last}'){tail}"


def _report(name: str, by: str, days: tuple[str, str], *, at_least: float = 15.0, tail: str = "") -> Report:
    return Report(name, _sums(by, *days, tail), _lines(by, *days, tail), at_least)


def _project_by_month(first: str, last: str) -> Report:
    grouped = (
        f"SELECT project_no AS no, date_trunc('month', day)::date AS month, {_COUNTED.format(counts='jobs')} "
        f"FROM accounting.charge WHERE {_within(first, last)} GROUP BY 1, 2"
    )
    return Report(
        "a year, projects x months",
        "SELECT key, month, name, jobs, printed_area_m2, used_area_m2, ink_ml, impressions, sheets, cost, price, "
        "unpriced_lines FROM inkmeter.summary_monthly "
        f"WHERE by = 'project' AND month BETWEEN '{first}' AND '{last}'",
        "SELECT n.key, month, n.name, jobs, printed_area_mm2 * 0.000001, used_area_mm2 * 0.000001, "
        "ink_ul * 0.001, impressions, sheets, cost, price, unpriced_lines "
        f"FROM ({grouped}) JOIN ({_BY['project'].names}) AS n USING (no)",
        100,
    )


_TOP_20: Final = " ORDER BY price DESC, key LIMIT 20"
_MONTH: Final = (f"{YEAR}-05-01", f"{YEAR}-05-31")
_QUARTER: Final = (f"{YEAR}-04-01", f"{YEAR}-06-30")
_WHOLE_YEAR: Final = (f"{YEAR}-01-01", f"{YEAR}-12-31")
_CUT: Final = (f"{YEAR}-04-11", f"{YEAR}-06-19")

REPORTS: Final = (
    _report("a month by printer", "printer", _MONTH, at_least=100),
    _report("a quarter, the 20 people of the highest price", "person", _QUARTER, at_least=100, tail=_TOP_20),
    _project_by_month(*_WHOLE_YEAR),
    *(
        _report(f"a month by {by}", by, _MONTH)
        for by in ("person", "project", "department", "kind", "media", "category", "day")
    ),
    *(_report(f"a year by {by}", by, _WHOLE_YEAR) for by in ("printer", "person", "project", "month")),
    *(_report(f"70 days across months by {by}", by, _CUT) for by in ("printer", "person", "project")),
)
