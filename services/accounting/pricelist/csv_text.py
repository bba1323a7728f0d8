"""Price lists as CSV for spreadsheets, both ways: one row says what the list is, the others one rate each.

The columns are the keys of the TOML file, and `table` tells which table a row belongs to; `list` is the one row
with name, book, currency and the rest. An empty cell is an absent key.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Any, Final

from services.accounting.pricelist.check import TABLES, read_document
from services.accounting.pricelist.document import to_document
from services.accounting.pricelist.reader import Fault, WrongPriceList
from services.accounting.pricing.entries import PriceListFile

LIST_COLUMNS: Final = (
    "name", "book", "currency", "valid_from", "area", "precision", "minimum_per_job", "markup",
)  # fmt: skip
RATE_COLUMNS: Final = (
    "printer", "group", "model", "category", "code", "colour", "colour_mode", "size", "kind", "per_m2", "per_m",
    "per_sheet", "per_ml", "cartridge_price", "cartridge_ml", "per_impression", "per_page", "per_job",
)  # fmt: skip
COLUMNS: Final = ("table", *LIST_COLUMNS, *RATE_COLUMNS)


def from_csv(text: str, *, currency: str) -> PriceListFile:
    """Reads and checks a price list; separator comma, semicolon or tab, by the first line.

    Raises:
        WrongPriceList: each fault with its line and column.
    """
    document, lines = _read(text.removeprefix("\ufeff"))
    try:
        return read_document(document, currency=currency)
    except WrongPriceList as wrong:
        raise WrongPriceList(
            [Fault(_place(fault.pointer, lines), fault.detail) for fault in wrong.faults]
        ) from None


def to_csv(prices: PriceListFile) -> str:
    """Writes a price list so that from_csv reads the very same."""
    document = to_document(prices)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerow({"table": "list", **{key: document.get(key, "") for key in LIST_COLUMNS}})
    for table in TABLES:
        writer.writerows({"table": table, **entry} for entry in document.get(table, ()))
    return out.getvalue()


def _read(text: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The document, and the line number of each of its tables and entries by pointer."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    document: dict[str, Any] = {}
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    try:
        header = [cell.strip() for cell in next(rows, [])]
        faults += [Fault("line 1", f"unknown column {name!r:.80}") for name in header if name not in COLUMNS]
        if "table" not in header or len(set(header)) != len(header):
            faults.append(Fault("line 1", "needs a column `table`, and each column once"))
        for row in rows:
            if any(cell.strip() for cell in row[len(header) :]):
                # A decimal comma, say: cut off, 0,10 would read as 0.
                faults.append(Fault(f"line {rows.line_num}", f"has more than the {len(header)} cells of line 1"))
            if not faults and any(cell.strip() for cell in row):
                faults += _take(dict(zip(header, row, strict=False)), rows.line_num, document, lines)
    except csv.Error as error:
        faults.append(Fault(f"line {rows.line_num}", f"is not CSV: {error}"))
    if faults:
        raise WrongPriceList(faults)
    return document, lines


def _take(row: dict[str, str], line: int, document: dict[str, Any], lines: dict[str, int]) -> list[Fault]:
    """Puts one row into the document."""
    cells: dict[str, Any] = {key: cell.strip() for key, cell in row.items() if cell.strip()}
    table = cells.pop("table", "")
    if table in TABLES:
        entries = document.setdefault(table, [])
        lines[f"/{table}/{len(entries)}"] = line
        entries.append(cells)
        return []
    if table != "list":
        return [Fault(f"line {line}", f"table must be list, {', '.join(TABLES)}, not {table!r:.80}")]
    if "" in lines:
        return [Fault(f"line {line}", "a file holds one list, and this is a second row `list`")]
    lines[""] = line
    if "precision" in cells and re.fullmatch(r"\d{1,3}", cells["precision"]):
        cells["precision"] = int(cells["precision"])
    document.update(cells)
    return []


def _place(pointer: str, lines: dict[str, int]) -> str:
    """A pointer into the document as line and column of the file."""
    for base, column in ((pointer, ""), pointer.rpartition("/")[::2]):
        if base in lines:
            return f"line {lines[base]}" + (f", column {column}" if column else "")
    return pointer
