"""Lines of the ledger as columns of 64 bit integers, as the database packs them. Pure.

The server packs small numbers together: what a line costs to read is mostly the number of its columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
ABSENT: Final = -1
"""A quantity that no source told; none is negative."""
_HEADER: Final = 20
_INT8: Final = np.dtype([("size", ">i4"), ("value", ">i8")])
_LOW: Final = (1 << 32) - 1

COLUMNS: Final = (
    *("entry_id", "printed_area_mm2", "used_area_mm2", "cost_micro", "price_micro"),
    *("printer_person", "project_department", "media_category", "small"),
)
"""What every read brings; `small` holds line, revision, codes and flags (see `_SMALL`)."""
STATE: Final = ("occurred_us", "last_entry_id", "day")
"""What is needed to post another state."""
RULES: Final = ("rule_nos",)
"""What is needed where amounts that are booked stay, and their rules with them."""
MORE: Final = ("scan_area_mm2", "roll_width_um", "width_um", "length_um", "impressions_sheets", "finishing_no")
"""What only some price lists ask for."""
INKS: Final = ("ink_set_no",)
"""What lists with ink rates ask for; after it comes a column for each colour, of the lines with an ink set."""
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
    "counted": (59, 4),
}
"""Where each stands in `small`: its lowest bit, and how many it has."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole jobs, the lines of each together and in order.

    Attributes:
        wanted: 1 for lines that a filter asks for; the others are there because their job is priced as a whole.
        counted: one more than what its state counts of its job, see accounting.amendment; 0 as its charge does.
        last_entry_id, day: of the state that is booked now, the day since 2000; read where states are posted.
        cost_micro, price_micro: what is booked now; NULL64 where there is no amount.
        cost_rule_no, price_rule_no: of what is booked now; absent where they are not read.
        inks: one column for each colour of a line's ink set, in its order; 0 where there is none.
        colour_mode: 0 where it is not known.
        has_more: whether other quantities than areas were read; else they are absent.
    """

    entry_id: Whole
    occurred_us: Whole
    line: Whole
    revision: Whole
    wanted: Whole
    voided: Whole
    is_minimum: Whole
    billable: Whole
    counted: Whole
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
    last_entry_id: Whole
    day: Whole
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
        return self.take(np.flatnonzero(self.voided == 0))

    def take(self, places: npt.NDArray[np.intp]) -> Lines:
        """Some of the lines, in this order."""
        columns = {
            each.name: getattr(self, each.name)[places]
            for each in fields(self)
            if each.init and each.name not in {"inks", "has_more"}
        }
        return Lines(**columns, inks=tuple(ink[places] for ink in self.inks), has_more=self.has_more)


def unpacked(columns: Mapping[str, bytes], inks: Sequence[bytes | None], *, occurred_us: int) -> Lines:
    """Lines from PostgreSQL's binary arrays of bigint.

    Args:
        columns: COLUMNS, and those of STATE, RULES, MORE and INKS that are needed.
        inks: a column for each colour, of the lines that have an ink set; None where none has.
        occurred_us: stands for the times of completion where they are not among the columns.
    """
    by = {name: whole(raw) for name, raw in columns.items()}
    small = by["small"]
    absent = np.full(len(small), ABSENT, np.int64)
    none = np.zeros(len(small), np.int64)
    found: dict[str, Any] = {name: small >> shift & ((1 << bits) - 1) for name, (shift, bits) in _SMALL.items()}
    for pair, high, low in (
        ("printer_person", "printer_no", "person_no"),
        ("project_department", "project_no", "department_no"),
        ("media_category", "media_no", "category_no"),
    ):
        packed = by[pair]
        found[high], found[low] = packed >> 32, packed & _LOW
    rules = by.get("rule_nos")
    found["cost_rule_no"] = absent if rules is None else rules >> 32
    found["price_rule_no"] = absent if rules is None else rules & _LOW
    counts = by.get("impressions_sheets", none)
    found["impressions"], found["sheets"] = (counts >> 32 & _LOW) - 1, (counts & _LOW) - 1
    for name in (*COLUMNS[:5], *MORE[:4]):
        found[name] = by.get(name, absent)
    for name in ("ink_set_no", "finishing_no", "last_entry_id", "day"):
        found[name] = by.get(name, none)
    found["occurred_us"] = by.get("occurred_us", none + occurred_us)
    has_ink = np.flatnonzero(found["ink_set_no"])
    by_colour = tuple(_spread(raw, has_ink, len(small)) for raw in inks)
    lines = Lines(**found, inks=by_colour, has_more=MORE[0] in columns)
    return lines if _in_order(lines) else lines.take(np.lexsort((lines.line, lines.entry_id)))


def _in_order(lines: Lines) -> bool:
    """Whether jobs, and the lines of each, come in order: the database promises neither."""
    jobs = np.diff(lines.entry_id)
    return bool(((jobs > 0) | ((jobs == 0) & (np.diff(lines.line) > 0))).all())


def _spread(raw: bytes | None, places: npt.NDArray[np.intp], count: int) -> Whole:
    """Amounts of ink at the places of their lines, 0 elsewhere."""
    spread = np.zeros(count, np.int64)
    if raw is not None:
        spread[places] = whole(raw)
    return spread


def whole(raw: bytes) -> Whole:
    """A binary array of bigint without NULL (array_send) as numbers."""
    values: Whole = np.frombuffer(raw, _INT8, offset=_HEADER)["value"].astype(np.int64)
    return values
