"""The fixed-width rows that a batch is gathered in: `struct` packs them, numpy reads them as columns."""

from __future__ import annotations

from struct import Struct
from typing import Final

import numpy as np

NULL64: Final = -(1 << 63)
NULL32: Final = -(1 << 31)
NULL16: Final = -(1 << 15)
"""Absent, by width; no quantity, count, code or moment has these values."""

_JOB_FIELDS: Final = (
    ("entry_id", "q"),
    ("payload_hash", "q"),
    ("completed_at", "q"),
    ("submitted_at", "q"),
    ("started_at", "q"),
    ("job_id", "16s"),
    ("printer", "i"),
    ("person", "i"),
    ("source", "i"),
    ("project", "i"),
    ("department", "i"),
    ("copies", "i"),
    ("day", "i"),
    ("lines", "h"),
    ("measured", "h"),
    ("kind", "h"),
    ("outcome", "h"),
    ("authenticated", "b"),
    ("billable", "b"),
)
_LINE_FIELDS: Final = (
    ("job", "i"),
    ("rate", "i"),
    ("printed_area_mm2", "q"),
    ("used_area_mm2", "q"),
    ("scan_area_mm2", "q"),
    ("roll_width_um", "q"),
    ("width_um", "q"),
    ("length_um", "q"),
    ("ink_total_ul", "q"),
    ("fed_um", "q"),
    ("cost_micro", "q"),
    ("price_micro", "q"),
    ("impressions", "i"),
    ("sheets", "i"),
    ("quality", "i"),
    ("finishing", "i"),
    ("ink_set", "i"),
    ("inks", "i"),
    ("line", "h"),
    ("entry_kind", "h"),
    ("category_by", "h"),
    ("colour_mode", "h"),
    ("jobs", "h"),
    ("media_jobs", "h"),
    ("category_jobs", "h"),
    ("unpriced_lines", "h"),
    ("is_priced", "h"),
)
"""`job`, `rate`, `quality`, ... are positions within the batch; `inks` counts the colours that the line names.
A line that `is_priced` has its amounts; those of the others follow from its rate, all at once."""

_NUMPY: Final = {"q": "<i8", "i": "<i4", "h": "<i2", "b": "i1", "16s": "V16"}

JOB: Final = Struct("<" + "".join(code for _, code in _JOB_FIELDS))
LINE: Final = Struct("<" + "".join(code for _, code in _LINE_FIELDS))
JOB_DTYPE: Final = np.dtype([(name, _NUMPY[code]) for name, code in _JOB_FIELDS])
LINE_DTYPE: Final = np.dtype([(name, _NUMPY[code]) for name, code in _LINE_FIELDS])
assert (JOB.size, LINE.size) == (JOB_DTYPE.itemsize, LINE_DTYPE.itemsize)  # noqa: S101
