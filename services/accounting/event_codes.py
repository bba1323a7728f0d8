"""Numbers for the fixed words of the events; the table accounting.code holds the same ones."""

from __future__ import annotations

from typing import Final

KIND: Final = {"print": 1, "copy": 2, "scan": 3, "checkplot": 4, "reprint": 5, "internal": 6}
OUTCOME: Final = {"completed": 1, "cancelled_by_user": 2, "cancelled_by_device": 3, "aborted": 4, "partial": 5}
MEASURED: Final = {"by_device": 1, "from_counters": 2, "as_submitted": 3, "estimated": 4}
COLOUR_MODE: Final = {"mono": 1, "colour": 2}
CATEGORY_BY: Final = {"device": 1, "density": 2, "operator": 3}
ENTRY_KIND: Final = {"charge": 1, "minimum": 2, "correction": 3, "void": 4, "reprice": 5}

CODES: Final = {
    "kind": KIND,
    "outcome": OUTCOME,
    "measured": MEASURED,
    "colour_mode": COLOUR_MODE,
    "category_by": CATEGORY_BY,
    "entry_kind": ENTRY_KIND,
}
