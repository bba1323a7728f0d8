"""Lines of the ledger as columns of 64 bit integers, as the database packs them. Pure.

The server packs small numbers together: what a line costs to read is mostly the number of its columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.layout import NULL64

Whole = npt.NDArray[np.int64]
ABSENT: Final = -1
"""A quantity that no source told; none is negative."""
_HEADER: Final = 20
_INT8: Final = np.dtype([("size", ">i4"), ("value", ">i8")])
_LOW: Final = (1 << 32) - 1

COLUMNS: Final = (
    *("entry_id", "occurred_us", "printed_area_mm2", "used_area_mm2", "cost_micro", "price_micro"),
    *("printer_person", "project_department", "media_category", "ink_finishing", "rules", "small"),
)
"""What every read brings; `small` holds line, revision, codes and flags (see `_SMALL`)."""
MORE: Final = ("scan_area_mm2", "roll_width_um", "width_um", "length_um", "impressions_sheets")
"""What only some price lists ask for."""
_SMALL: Final = {
    "line": (0, 15),
    "kind": (15, 3),
    "outcome": (18, 3),
    "colour_mode": (21, 2),
    "is_minimum": (23, 1),
    "billable": (24, 1),
    "wanted": (25, 1),
    "voided": (26, 1),
    "revision": (27, 32),
}
"""Where each stands in `small`: its lowest bit, and how many it has."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole jobs, the lines of each together and in order.

    Attributes:
        wanted: 1 for lines that a filter asks for; the others are there because their job is priced as a whole.
        cost_micro, price_micro: what is booked now; NULL64 where there is no amount.
        inks: one column for each colour of a line's ink set, in its order; 0 where there is none.
        colour_mode: 0 where it is not known.
        scan_area_mm2, ...: empty where nothing asks for them, see `has_more`.
    """

    entry_id: Whole
    occurred_us: Whole
    line: Whole
    revision: Whole
    wanted: Whole
    voided: Whole
    is_minimum: Whole
    billable: Whole
    printer_no: Whole
    person_no: Whole
    project_no: Whole
    department_no: Whole
    media_no: Whole
    category_no: Whole
    ink_set_no: Whole
    finishing_no: Whole
    kind: Whole
    outcome: Whole
    colour_mode: Whole
    cost_micro: Whole
    price_micro: Whole
    cost_rule_no: Whole
    price_rule_no: Whole
    printed_area_mm2: Whole
    used_area_mm2: Whole
    scan_area_mm2: Whole
    roll_width_um: Whole
    width_um: Whole
    length_um: Whole
    impressions: Whole
    sheets: Whole
    inks: tuple[Whole, ...] = ()
    has_more: bool = True
    jobs: Whole = field(init=False)
    """Where each job begins."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", np.flatnonzero(np.diff(self.entry_id, prepend=-1)))

    def __len__(self) -> int:
        return len(self.entry_id)

    def live(self) -> Lines:
        """Without the lines that are void."""
        if not self.voided.any():
            return self
        kept = np.flatnonzero(self.voided == 0)
        columns = {
            each.name: getattr(self, each.name)[kept]
            for each in fields(self)
            if each.init and each.name not in {"inks", "has_more"}
        }
        return Lines(**columns, inks=tuple(ink[kept] for ink in self.inks), has_more=self.has_more)


def unpacked(columns: Sequence[bytes], inks: int, *, has_more: bool) -> Lines:
    """Lines from PostgreSQL's binary arrays of bigint: COLUMNS, then MORE if `has_more`, then so many inks."""
    names = (*COLUMNS, *(MORE if has_more else ()))
    by = dict(zip(names, map(whole, columns), strict=False))
    small = by["small"]
    found: dict[str, Any] = {
        name: small >> shift & ((1 << bits) - 1) for name, (shift, bits) in _SMALL.items()
    }
    for pair, high, low in (
        ("printer_person", "printer_no", "person_no"),
        ("project_department", "project_no", "department_no"),
        ("media_category", "media_no", "category_no"),
        ("ink_finishing", "ink_set_no", "finishing_no"),
        ("rules", "cost_rule_no", "price_rule_no"),
    ):
        found[high], found[low] = by[pair] >> 32, by[pair] & _LOW
    for name in (*COLUMNS[:6], *MORE[:4]):
        found[name] = by.get(name, _nothing(len(small)))
    counts = by.get("impressions_sheets")
    found["impressions"] = _nothing(len(small)) if counts is None else (counts >> 32 & _LOW) - 1
    found["sheets"] = _nothing(len(small)) if counts is None else (counts & _LOW) - 1
    return Lines(**found, inks=tuple(map(whole, columns[len(names) : len(names) + inks])), has_more=has_more)


def whole(raw: bytes) -> Whole:
    """A binary array of bigint without NULL (array_send) as numbers."""
    values: Whole = np.frombuffer(raw, _INT8, offset=_HEADER)["value"].astype(np.int64)
    return values


def _nothing(count: int) -> Whole:
    return np.full(count, ABSENT, np.int64)


def amount_or_none(value: int) -> int | None:
    """An amount as the plain pricing has it."""
    return None if value == NULL64 else value
