"""The narrow rollups: which there are, what they sum, and the statements that move them on. Pure."""

from __future__ import annotations

from typing import Final, LiteralString, NamedTuple

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
        keys: its key columns beside the day, which are columns of the charge as well.
        counts: the column of the charge that counts a job once per cell.
    """

    table: LiteralString
    keys: tuple[LiteralString, ...]
    counts: LiteralString


ROLLUPS: Final = (
    Rollup("accounting.rollup_printer", ("printer_no", "kind"), "jobs"),
    Rollup("accounting.rollup_person", ("person_no",), "jobs"),
    Rollup("accounting.rollup_project", ("project_no", "department_no"), "jobs"),
    Rollup("accounting.rollup_media", ("media_no",), "media_jobs"),
    Rollup("accounting.rollup_category", ("category_no",), "category_jobs"),
)
"""In the order in which every writer locks them."""

VALUES: Final[tuple[LiteralString, ...]] = ("jobs", *(column for column, _ in SUMS))


def summed(rollup: Rollup, source: LiteralString) -> LiteralString:
    """A query for the cells of a rollup, from charges."""
    keys = ", ".join(("day", *rollup.keys))
    sums = ", ".join(f"coalesce(sum({of}), 0)::bigint AS {column}" for column, of in SUMS)
    return f"SELECT {keys}, sum({rollup.counts})::bigint AS jobs, {sums} FROM {source} GROUP BY {keys}"  # noqa: S608


def moved_on(rollup: Rollup, cells: LiteralString) -> LiteralString:
    """A statement that adds cells (a query of the shape of `summed`) to a rollup.

    In key order, so that writers never wait for each other in a circle.
    """
    keys = ", ".join(("day", *rollup.keys))
    columns = ", ".join(VALUES)
    adds = ", ".join(f"{column} = r.{column} + EXCLUDED.{column}" for column in VALUES)
    return (
        f"INSERT INTO {rollup.table} AS r ({keys}, {columns}) SELECT {keys}, {columns} FROM ({cells}) AS cell "  # noqa: S608
        f"ORDER BY {keys} ON CONFLICT ({keys}) DO UPDATE SET {adds}"
    )
