"""Lines of the ledger as columns of 64 bit integers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.accounting.event_codes import OUTCOME

Whole = npt.NDArray[np.int64]
ABSENT: Final = -1
"""A quantity that no source told; none is negative."""
_COMPLETED: Final = OUTCOME["completed"]


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


def unpacked(
    told: Mapping[str, Whole], inks: Sequence[Whole | None] = (), *, since: int = 0, occurred_us: int = 0
) -> Lines:
    """Lines in order from the columns that were read; the others are as if no line told anything.

    Args:
        told: by name, as columns.columns_of has them.
        since: the entry from which `offset` counts.
        inks: a column for each colour, of the lines that have an ink set; None where none has.
        occurred_us: stands for the times of completion where they are not among the columns.
    """
    count = len(told["line"])
    absent, none, one = (np.full(count, value, np.int64) for value in (ABSENT, 0, 1))
    has_ink = np.flatnonzero(told["ink_set_no"]) if inks else np.empty(0, np.int64)
    told, by_colour = _in_order(told, [_spread(ink, has_ink, count) for ink in inks])
    found: dict[str, Any] = {each.name: none for each in fields(Lines) if each.init} | dict.fromkeys(_TOLD, absent)
    entry_id = told["offset"] + since
    found |= {"entry_id": entry_id, "last_entry_id": entry_id, "occurred_us": none + occurred_us}
    found |= {"outcome": none + _COMPLETED, "wanted": one - told["voided"] if "voided" in told else one}
    found |= {name: column for name, column in told.items() if name != "offset"}
    return Lines(**found | {"inks": by_colour, "has_more": "scan_area_mm2" in told})


def _in_order(told: Mapping[str, Whole], inks: Sequence[Whole]) -> tuple[Mapping[str, Whole], tuple[Whole, ...]]:
    """Jobs, and the lines of each, in order, which the database does not promise: nearly all of them are."""
    order = told["offset"] << _LINE_BITS | told["line"]
    if bool((order[1:] > order[:-1]).all()):
        return told, tuple(inks)
    places = np.argsort(order, kind="stable")
    return {name: column[places] for name, column in told.items()}, tuple(ink[places] for ink in inks)


_TOLD: Final = (
    *("cost_rule_no", "price_rule_no", "printed_area_mm2", "used_area_mm2", "scan_area_mm2", "roll_width_um"),
    *("width_um", "length_um", "impressions", "sheets"),
)
"""What is absent where it is not read."""
_LINE_BITS: Final = 15


def _spread(ink: Whole | None, places: npt.NDArray[np.intp], count: int) -> Whole:
    """Amounts of ink at the places of their lines, 0 elsewhere."""
    spread = np.zeros(count, np.int64)
    if ink is not None:
        spread[places] = ink
    return spread
