"""The narrow rollups: which there are, what they sum, and the statements that move them on. Pure."""

from __future__ import annotations

from typing import Final, Literal, LiteralString, NamedTuple

SUMS: Final[tuple[tuple[LiteralString, LiteralString], ...]] = (
    ("printed_area_mm2", "printed_area_mm2"),
    ("used_area_mm2", "used_area_mm2"),
    ("ink_ul", "ink_total_ul"),
    ("impressions", "impressions"),
    ("sheets", "sheets"),
    ("cost_micro", "cost_micro"),
    ("price_micro", "price_micro"),
    ("unpriced_lines", "unpriced_lines"),
)
"""Rollup column, and the column of the charge that it sums; `jobs` comes before them."""


class Rollup(NamedTuple):
    """One rollup table.

    Attributes:
        keys: its key columns beside the one of time, which are columns of the charge as well.
        counts: the column of the charge that counts a job once per cell.
        grain: its column of time: the business day, or the first day of that day's month.
    """

    table: LiteralString
    keys: tuple[LiteralString, ...]
    counts: LiteralString
    grain: Literal["day", "month"] = "day"

    @property
    def columns(self) -> tuple[LiteralString, ...]:
        """All key columns, that of time first."""
        return (self.grain, *self.keys)


ROLLUPS: Final = (
    Rollup("accounting.rollup_printer", ("printer_no", "kind"), "jobs"),
    Rollup("accounting.rollup_person", ("person_no",), "jobs"),
    Rollup("accounting.rollup_project", ("project_no",), "jobs"),
    Rollup("accounting.rollup_department", ("department_no",), "jobs"),
    Rollup("accounting.rollup_media", ("media_no",), "media_jobs"),
    Rollup("accounting.rollup_category", ("category_no",), "category_jobs"),
    Rollup("accounting.rollup_printer_month", ("printer_no", "kind"), "jobs", "month"),
    Rollup("accounting.rollup_person_month", ("person_no",), "jobs", "month"),
    Rollup("accounting.rollup_project_month", ("project_no",), "jobs", "month"),
    Rollup("accounting.rollup_department_month", ("department_no",), "jobs", "month"),
)
"""In the order in which every writer locks them. Only what has many keys a day is kept by month as well."""

VALUES: Final[tuple[LiteralString, ...]] = ("jobs", *(column for column, _ in SUMS))
_TIMES: Final[dict[str, LiteralString]] = {"day": "day", "month": "date_trunc('month', day)::date AS month"}


def summed(
    rollup: Rollup, source: LiteralString, *, only: tuple[LiteralString, ...] | None = None
) -> LiteralString:
    """A query for the cells of a rollup, from ledger lines; `only` names the sums that may be other than 0."""
    keys = ", ".join((_TIMES[rollup.grain], *rollup.keys))
    places = ", ".join(("1", *rollup.keys))
    counted: list[LiteralString] = []
    for column, of in (("jobs", rollup.counts), *SUMS):
        value: LiteralString = f"coalesce(sum({of}), 0)" if only is None or column in only else "0"
        counted.append(f"{value}::bigint AS {column}")
    sums: LiteralString = ", ".join(counted)
    return f"SELECT {keys}, {sums} FROM {source} GROUP BY {places}"  # noqa: S608


def moved_on(rollup: Rollup, cells: LiteralString) -> LiteralString:
    """A statement that adds cells (a query of the shape of `summed`) to a rollup.

    In key order, so that writers never wait for each other in a circle.
    """
    keys = ", ".join(rollup.columns)
    columns = ", ".join(VALUES)
    adds = ", ".join(f"{column} = r.{column} + EXCLUDED.{column}" for column in VALUES)
    return (
        f"INSERT INTO {rollup.table} AS r ({keys}, {columns}) SELECT {keys}, {columns} FROM ({cells}) AS cell "  # noqa: S608
        f"ORDER BY {keys} ON CONFLICT ({keys}) DO UPDATE SET {adds}"
    )


_KEYS: Final[tuple[LiteralString, ...]] = tuple(dict.fromkeys(key for each in ROLLUPS for key in each.keys))


def by_sets(statement: LiteralString) -> LiteralString:
    """A statement that serves all rollups by one pass over ledger lines: it groups by the day and each one's keys.

    `{keys}` in it becomes all keys and `{sets}` the sets of them; `GROUPING({keys}) AS set_no` tells them apart.
    """
    sets: LiteralString = ", ".join(f"(day, {', '.join(keys)})" for keys in dict.fromkeys(r.keys for r in ROLLUPS))
    return statement.replace("{keys}", ", ".join(_KEYS)).replace("{sets}", sets)


def part_of(rollup: Rollup, table: LiteralString) -> LiteralString:
    """The rows of a rollup's set, from what a statement of `by_sets` made; for `summed`.

    GROUPING has a bit for each key that a set lacks, the first key's on top.
    """
    set_no = sum(1 << at for at, key in enumerate(reversed(_KEYS)) if key not in rollup.keys)
    return f"(SELECT * FROM {table} WHERE set_no = {set_no}) AS part"  # noqa: S608
