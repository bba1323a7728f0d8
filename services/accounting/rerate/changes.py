"""Lines whose amounts change, gathered over the chunks of a month until they are posted together. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.layout import NULL64
from services.accounting.rerate.lines import ABSENT, Whole
from services.accounting.rerate.prices import Priced

Column = npt.NDArray[np.int64] | npt.NDArray[np.int32] | npt.NDArray[np.int16]
_STATE: Final = {
    "entry_id": np.int64,
    "last_entry_id": np.int64,
    "occurred_us": np.int64,
    "day": np.int32,
    "printer_no": np.int32,
    "person_no": np.int32,
    "project_no": np.int32,
    "department_no": np.int32,
    "media_no": np.int32,
    "category_no": np.int32,
    "revision": np.int32,
    "line": np.int16,
    "kind": np.int16,
    "billable": np.int16,
    "counted": np.int16,
}
"""What is kept of a line beside its amounts and rules, as narrow as it goes: about 100 bytes a line."""


class Changes:
    """The changed lines of some chunks.

    Attributes:
        is_whole: whether these are all changes: jobs may need minimum charges that are no lines yet.
    """

    def __init__(self) -> None:
        self._parts: list[dict[str, npt.NDArray[np.int64]]] = []
        self.is_whole = True

    def __len__(self) -> int:
        return sum(len(part["entry_id"]) for part in self._parts)

    def add(self, priced: Priced, rule_numbers: Whole) -> dict[str, npt.NDArray[np.int64]]:
        """Adds the lines of a chunk whose amounts differ from what is booked. The others keep their rules, too.

        Where the booked rules were read, an amount that stays keeps its rule as well: no other list made it.

        Args:
            priced: the chunk.
            rule_numbers: of cost and price, by place in the repricer's rules.

        Returns:
            These lines, as `columns` has all of them.
        """
        lines = priced.lines
        differs = (priced.cost_micro != lines.cost_micro) | (priced.price_micro != lines.price_micro)
        at = np.flatnonzero(differs)
        rules = rule_numbers[priced.rules[at]]
        part = {name: getattr(lines, name)[at].astype(kind) for name, kind in _STATE.items()}
        part |= {"old_cost_micro": lines.cost_micro[at], "old_price_micro": lines.price_micro[at]}
        part |= {"cost_micro": priced.cost_micro[at], "price_micro": priced.price_micro[at]}
        part |= {"cost_rule_no": rules[:, 0].astype(np.int32), "price_rule_no": rules[:, 1].astype(np.int32)}
        for book in ("cost", "price"):
            booked, old = getattr(lines, f"{book}_rule_no")[at], part[f"old_{book}_micro"]
            stays = (booked != ABSENT) & (old != NULL64) & (old == part[f"{book}_micro"])
            part[f"{book}_rule_no"] = np.where(stays, booked, part[f"{book}_rule_no"]).astype(np.int32)
        part["old_unpriced_lines"] = _lacks(part["old_cost_micro"], part["old_price_micro"])
        part["unpriced_lines"] = _lacks(part["cost_micro"], part["price_micro"])
        self._parts.append(part)
        self.is_whole &= not priced.missing
        return part

    def columns(self) -> dict[str, npt.NDArray[np.int64]]:
        """All of them, column by column, with 1 where a line lacks an amount before and after."""
        return {name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]}


def _lacks(cost: Whole, price: Whole) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = ((cost == NULL64) | (price == NULL64)).astype(np.int8)
    return found


def moved(columns: dict[str, npt.NDArray[np.int64]]) -> Whole:
    """What each line adds to cost, price and unpriced lines of the sums that it is in."""
    cost, price = (
        _amount(columns[f"{book}_micro"]) - _amount(columns[f"old_{book}_micro"]) for book in ("cost", "price")
    )
    unpriced = columns["unpriced_lines"] - columns["old_unpriced_lines"]
    found: Whole = np.column_stack([cost, price, unpriced])
    return found


def _amount(column: Whole) -> Whole:
    found: Whole = np.where(column == NULL64, 0, column)
    return found
