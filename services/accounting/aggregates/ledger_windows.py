"""The same windows counted by SQL from the ledger itself: what a rebuild begins with, and a check compares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString, NamedTuple
from zoneinfo import ZoneInfo

from psycopg import Connection

from services.accounting.aggregates.cells import BYS, WINDOWS, Cell, Keep, Name, Sums, key_of
from services.accounting.aggregates.counting import density_key
from services.accounting.aggregates.norms import LEAST_AREA_MM2, SAMPLES, Densities, density_of
from services.accounting.aggregates.store import QUERIES
from shared.events.aggregates import By, Window
from shared.postgres import connect

DENSITIES_OF: Final = timedelta(days=60)
"""Ink densities of longer ago say little about how a printer prints now."""
_ONE_DAY: Final = timedelta(days=1)

_STARTS: Final[dict[Window, LiteralString]] = {
    "minute": """to_char(l.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')""",
    "hour": """to_char(l.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"')""",
    "day": "to_char(l.day, 'YYYY-MM-DD')",
}
_KEYS: Final[dict[By, LiteralString]] = {
    "printer": "JOIN accounting.printer AS k ON k.printer_no = l.printer_no",
    "person": "JOIN accounting.person AS k ON k.person_no = l.person_no",
    "project": "JOIN accounting.project_key AS k ON k.project_no = l.project_no",
    "department": "JOIN accounting.department_key AS k ON k.department_no = l.department_no",
}


class Snapshot(NamedTuple):
    """What the ledger held at one moment.

    Attributes:
        base: up to which entry of each of its partitions (`stream << 8 | partition`) that is.
        cells: every window that is kept.
        densities: of each printer and medium the last ones.
    """

    base: dict[str, int]
    cells: list[Cell]
    densities: dict[bytes, Densities]


def snapshot(url: str, zone: ZoneInfo, keep: Keep, now: datetime) -> Snapshot:
    """Counts the windows of the ledger, all in one snapshot, while the writer may go on.

    Raises:
        ConfigError: the address is wrong.
        Unreachable: no database answers.
    """
    with connect(url, name="inkmeter-aggregates-snapshot") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        rows = connection.execute(QUERIES["base"]).fetchall()
        base = {str(partition): entry for partition, entry in rows}
        cells = [
            cell
            for window in WINDOWS
            for by in BYS
            for cell in _cells(connection, (window, by), zone=zone, keep=keep, now=now)
        ]
        return Snapshot(base, cells, _densities(connection, now))


def _cells(
    connection: Connection[Any], kind: tuple[Window, By], *, zone: ZoneInfo, keep: Keep, now: datetime
) -> Iterator[Cell]:
    """The cells of one kind of window."""
    window, by = kind
    bound: LiteralString = "l.day" if window == "day" else "l.occurred_at"
    query = QUERIES["windows"].format(start=_STARTS[window], key="k.key", join=_KEYS[by], bound=bound)
    since = now - getattr(keep, window) - _ONE_DAY
    parameter = since.astimezone(zone).date() if window == "day" else since
    for start, code, *sums in connection.execute(query, {"since": parameter}):
        name = Name(window, start, by, key_of(by, code))
        if not keep.is_over(name, zone, now):
            yield Cell(name, code, Sums(*sums), {})


def _densities(connection: Connection[Any], now: datetime) -> dict[bytes, Densities]:
    found: dict[bytes, Densities] = {}
    asked = {"since": now - DENSITIES_OF, "samples": SAMPLES, "least_area_mm2": LEAST_AREA_MM2}
    for printer, media, ink_ul, printed_area_mm2 in connection.execute(QUERIES["densities"], asked):
        density = density_of(ink_ul, printed_area_mm2)
        if density is not None:
            found.setdefault(density_key(printer, media), Densities([], {})).values.append(density)
    return found
