"""The columns of the ledger's tables with their types, in the order in which both paths send them."""

from __future__ import annotations

from typing import Final

JOB_COLUMNS: Final = (
    ("entry_id", "int8"),
    ("payload_hash", "int8"),
    ("completed_at", "timestamptz"),
    ("posted_at", "timestamptz"),
    ("submitted_at", "timestamptz"),
    ("started_at", "timestamptz"),
    ("job_id", "uuid"),
    ("printer_no", "int4"),
    ("person_no", "int4"),
    ("source_no", "int4"),
    ("copies", "int4"),
    ("lines", "int2"),
    ("measured", "int2"),
    ("authenticated", "bool"),
    ("job_key", "text"),
    ("device_job_id", "text"),
    ("title", "text"),
    ("correlation_id", "text"),
)

CHARGE_COLUMNS: Final = (
    ("entry_id", "int8"),
    ("occurred_at", "timestamptz"),
    ("posted_at", "timestamptz"),
    ("job_id", "uuid"),
    ("printed_area_mm2", "int8"),
    ("used_area_mm2", "int8"),
    ("scan_area_mm2", "int8"),
    ("roll_width_um", "int8"),
    ("width_um", "int8"),
    ("length_um", "int8"),
    ("ink_total_ul", "int8"),
    ("cost_micro", "int8"),
    ("price_micro", "int8"),
    ("day", "date"),
    ("printer_no", "int4"),
    ("person_no", "int4"),
    ("project_no", "int4"),
    ("department_no", "int4"),
    ("media_no", "int4"),
    ("category_no", "int4"),
    ("quality_no", "int4"),
    ("finishing_no", "int4"),
    ("ink_set_no", "int4"),
    ("cost_rule_no", "int4"),
    ("price_rule_no", "int4"),
    ("impressions", "int4"),
    ("sheets", "int4"),
    ("line", "int2"),
    ("entry_kind", "int2"),
    ("kind", "int2"),
    ("outcome", "int2"),
    ("category_by", "int2"),
    ("colour_mode", "int2"),
    ("jobs", "int2"),
    ("media_jobs", "int2"),
    ("category_jobs", "int2"),
    ("unpriced_lines", "int2"),
    ("billable", "bool"),
    ("ink_ul", "int8[]"),
)
"""Without follows_entry_id and follows_line, which only corrections have."""

NULLABLE: Final = frozenset(
    {
        *("submitted_at", "started_at", "copies", "measured"),
        *("printed_area_mm2", "used_area_mm2", "scan_area_mm2", "roll_width_um", "width_um", "length_um"),
        *("ink_total_ul", "cost_micro", "price_micro", "impressions", "sheets", "category_by", "colour_mode"),
    }
)
"""Columns of fixed width that may be absent."""

JOB_NAMES: Final = ", ".join(name for name, _ in JOB_COLUMNS)
CHARGE_NAMES: Final = ", ".join(name for name, _ in CHARGE_COLUMNS)
