"""The fields that a mapping can fill: which are times, counts, quantities or one of a few words."""

from __future__ import annotations

from typing import Final, get_args

from services.collector.sources.mapping.values import Dimension
from shared.events.jobs import CategoryBy, ColourMode, Kind, Measured, Outcome

MOMENTS: Final = ("submitted_at", "started_at", "completed_at")
COUNTS: Final = ("copies", "impressions", "sheets")
DIMENSIONS: Final[dict[str, Dimension]] = {
    "roll_width": "length",
    "width": "length",
    "length": "length",
    "printed_area": "area",
    "used_area": "area",
    "scan_area": "area",
    "ink": "ink",
    "amount": "ink",
}
SUFFIXES: Final[dict[Dimension, str]] = {"length": "_um", "area": "_mm2", "ink": "_ul"}
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "kind": get_args(Kind),
    "outcome": get_args(Outcome),
    "measured": get_args(Measured),
    "colour_mode": get_args(ColourMode),
    "category_by": get_args(CategoryBy),
}
