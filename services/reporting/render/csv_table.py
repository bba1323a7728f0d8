"""A summary as CSV (RFC 4180): exact values in plain units, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from typing import Final

from services.reporting.summary import MONEY_DIGITS, Summary, plain

COLUMNS: Final = (
    "key",
    "name",
    "jobs",
    "printed_area_mm2",
    "used_area_mm2",
    "ink_ul",
    "impressions",
    "sheets",
    "cost",
    "price",
    "currency",
    "unpriced_lines",
    "as_of",
)
BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def to_csv(summary: Summary, *, bom: bool = False) -> str:
    """The rows as CSV with a heading; there is no total row, so that a column can be summed.

    `as_of` is the moment whose state of the ledger the rows show.

    Args:
        summary: what to write.
        bom: begin with a byte order mark, which some spreadsheets need to see that this is UTF-8.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    moment = summary.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z")
    for row in summary.rows:
        sums = row.sums
        writer.writerow(
            (
                harmless(row.key),
                harmless(row.name),
                sums.jobs,
                plain(sums.printed_area_mm2),
                plain(sums.used_area_mm2),
                plain(sums.ink_ul),
                sums.impressions,
                sums.sheets,
                plain(sums.cost, MONEY_DIGITS),
                plain(sums.price, MONEY_DIGITS),
                summary.currency,
                sums.unpriced_lines,
                moment,
            )
        )
    return (BOM if bom else "") + out.getvalue()


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: such a start gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
