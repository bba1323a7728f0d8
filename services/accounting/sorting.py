"""The orders that jobs and ledger lines are listed in: a minus before the name turns one round.

Each order is total, since the job id (of a ledger line: with its line and entry) settles what the key leaves open:
a page begins exactly where the one before it ended. What has no value comes last, whichever way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, LiteralString, NamedTuple
from uuid import UUID

from msgspec import Struct

Sort = Literal[
    "-completed_at", "completed_at", "-cost", "cost", "-price", "price", "-printed_area_m2", "printed_area_m2",
    "-used_area_m2", "used_area_m2", "-ink_ml", "ink_ml", "-impressions", "impressions", "-person", "person",
    "-project", "project", "-department", "department", "-printer", "printer",
]  # fmt: skip
NEWEST_FIRST: Final = "-completed_at"

_LOWEST: Final = "-9223372036854775808"
_HIGHEST: Final = "9223372036854775807"
_AMOUNTS: Final[Mapping[str, LiteralString]] = {
    "cost": "cost_micro",
    "price": "price_micro",
    "printed_area_m2": "printed_area_mm2",
    "used_area_m2": "used_area_mm2",
    "ink_ml": "ink_total_ul",
    "impressions": "impressions",
}
_NAMES: Final[Mapping[str, tuple[LiteralString, LiteralString]]] = {
    "person": ("accounting.person", "person_no"),
    "project": ("accounting.project_key", "project_no"),
    "department": ("accounting.department_key", "department_no"),
    "printer": ("accounting.printer", "printer_no"),
}


class Order(NamedTuple):
    """An order as the pieces of a statement.

    Attributes:
        by_time: whether it is that of completion, which the index on job ids has.
        direction: ASC or DESC, of the key and of what settles ties.
        beyond: how a key compares with the one before it.
        key: what is sorted by, never NULL.
        type: cast of a key that comes from a cursor.
        names: the join that the key needs.
    """

    by_time: bool
    direction: LiteralString
    beyond: LiteralString
    key: LiteralString
    type: LiteralString
    names: LiteralString


class Cursor(Struct, frozen=True, array_like=True, omit_defaults=True):
    """Where a page ended: its order, its last key (as text; null by time) and what settles ties."""

    sort: Sort
    key: str | None
    job_id: UUID
    line: int = 0
    entry_id: int = 0


def order_of(sort: Sort, alias: LiteralString) -> Order:
    """The pieces for an order over rows under an alias."""
    name = sort.removeprefix("-")
    downwards = sort.startswith("-")
    direction, beyond = ("DESC", "<") if downwards else ("ASC", ">")
    if name == "completed_at":
        return Order(by_time=True, direction=direction, beyond=beyond, key="NULL", type="::text", names="")
    if name in _AMOUNTS:
        last = _LOWEST if downwards else _HIGHEST
        key = f"coalesce({alias}.{_AMOUNTS[name]}, {last})::numeric"
        return Order(by_time=False, direction=direction, beyond=beyond, key=key, type="::numeric", names="")
    table, number = _NAMES[name]
    names = f"JOIN {table} AS named ON named.{number} = {alias}.{number}"
    return Order(by_time=False, direction=direction, beyond=beyond, key="named.key", type="::text", names=names)
