"""Price lists as CSV for spreadsheets, both ways: one row says what the list is, the others one rate each.

The columns are the keys of the TOML file, and `table` tells which table a row belongs to; `list` is the one row
with name, book, currency and the rest. An empty cell is an absent key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.accounting.csvfile import DecimalMark, Row, decimal_mark, number_of, plain_text, read_table
from services.accounting.csvfile.writer import Number, write_table
from services.accounting.pricelist.check import read_document
from services.accounting.pricelist.document import to_document
from services.accounting.pricelist.reader import Fault, WrongPriceList
from services.accounting.pricing.entries import TABLES, PriceListFile
from shared.errors import Reject

LIST_COLUMNS: Final = (
    "name", "book", "currency", "valid_from", "valid_until", "area", "precision", "rounding_step",
    "minimum_per_job", "markup", "overhead", "cancelled_by_user", "cancelled_by_device", "aborted",
)  # fmt: skip
RATE_COLUMNS: Final = (
    "printer", "group", "model", "device", "category", "code", "colour", "colour_mode", "size", "kind", "from",
    "per_m2", "per_m", "per_sheet", "per_ml", "cartridge_price", "cartridge_ml", "per_impression", "per_page",
    "per_job",
)  # fmt: skip
COLUMNS: Final = ("table", *LIST_COLUMNS, *RATE_COLUMNS)
_PLACES: Final = {column: place for place, column in enumerate(COLUMNS)}
_RATES: Final = ("per_", "cartridge_")
_NUMBERS: Final = frozenset({"minimum_per_job", "markup", "rounding_step", "overhead", "from"})
_MOMENTS: Final = frozenset({"valid_from", "valid_until"})
_DAY_FIRST: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII)


def from_csv(data: bytes | str, *, currency: str) -> PriceListFile:
    """Reads and checks a price list as any spreadsheet writes it: encoding, separator and decimal mark are found.

    Raises:
        WrongPriceList: each fault, with its line and column.
    """
    reading = _Reading()
    document = reading.document(data.encode() if isinstance(data, str) else data)
    try:
        prices = read_document(document, currency=currency)
    except WrongPriceList as wrong:
        reading.take(wrong.faults)
    else:
        if not reading.faults:
            return prices
    raise WrongPriceList([fault for _, fault in sorted(reading.faults, key=lambda told: told[0])])


def to_csv(prices: PriceListFile) -> str:
    """Writes a price list so that from_csv reads the very same, and no spreadsheet runs any of its texts."""
    document = to_document(prices)
    rows: list[dict[str, Any]] = [
        {"table": "list", **{key: document[key] for key in LIST_COLUMNS if key in document}}
    ]
    for table in TABLES:
        rows += [{"table": table, **entry} for entry in document.get(table, ())]
    return write_table(COLUMNS, [_cells(row) for row in rows])


def _cells(row: Mapping[str, Any]) -> list[str | int | None]:
    """A row of the file; all but its few keys are empty."""
    cells: list[str | int | None] = [None] * len(COLUMNS)
    for column, value in row.items():
        cells[_PLACES[column]] = Number(value) if _is_number(column) else value
    return cells


def _is_number(column: str) -> bool:
    return column.startswith(_RATES) or column in _NUMBERS


class _Reading:
    """One file on its way into a document; every fault is kept with the line it stands on, for their order."""

    def __init__(self) -> None:
        self.faults: list[tuple[int, Fault]] = []
        self._lines: dict[str, int] = {}
        self._unread: set[str] = set()

    def document(self, raw: bytes) -> dict[str, Any]:
        """What the file says, as far as it can be read.

        Raises:
            WrongPriceList: it is no table at all.
        """
        try:
            table = read_table(raw, COLUMNS, needs=("table",))
        except Reject as error:
            raise WrongPriceList([Fault("", str(error))]) from error
        self.faults += [(fault.line, Fault(fault.place, fault.detail)) for fault in table.faults]
        if not table.rows:
            self.faults += (
                [] if table.faults else [(1, Fault("line 1", "no row follows the names of the columns"))]
            )
            raise WrongPriceList([fault for _, fault in self.faults])
        mark = decimal_mark(_numbers(table.rows), table.separator)
        document: dict[str, Any] = {}
        for row in table.rows:
            self._take_row(row, mark, document)
        if "" not in self._lines:
            self.faults.append((1, Fault("line 1", "no row has `list` as its table, so the list has no name")))
            self._unread |= {f"/{column}" for column in LIST_COLUMNS}
        if self.faults:  # Whether the list as a whole makes sense can't be said of a part of it.
            self._unread.add("")
        return document

    def take(self, faults: Iterable[Fault]) -> None:
        """Notes what is wrong with what was read, unless its cell could not be read in the first place."""
        for fault in faults:
            if fault.pointer not in self._unread:
                line, place = self._place(fault.pointer)
                self.faults.append((line, Fault(place, fault.detail)))

    def _take_row(self, row: Row, mark: DecimalMark, document: dict[str, Any]) -> None:
        """Puts one row into the document."""
        cells: dict[str, Any] = {key: plain_text(cell) for key, cell in row.cells.items() if cell}
        table = cells.pop("table", "")
        if table in TABLES:
            entries = document.setdefault(table, [])
            pointer = f"/{table}/{len(entries)}"
            entries.append(cells)
        elif table != "list":
            known = f"table must be list, {', '.join(TABLES)}, not {table!r:.80}"
            self.faults.append((row.line, Fault(f"line {row.line}", known)))
            return
        elif "" in self._lines:
            second = "a file holds one list, and this is a second row `list`"
            self.faults.append((row.line, Fault(f"line {row.line}", second)))
            return
        else:
            pointer = ""
            if re.fullmatch(r"\d{1,3}", cells.get("precision", "")):
                cells["precision"] = int(cells["precision"])
        self._lines[pointer] = row.line
        self._read_cells(cells, pointer, mark)
        if not pointer:
            document.update(cells)

    def _read_cells(self, cells: dict[str, Any], pointer: str, mark: DecimalMark) -> None:
        """Turns a row's numbers and days into the ways that documents have them."""
        for column, cell in cells.items():
            if column in _MOMENTS:
                cells[column] = _iso_day(cell)
            elif _is_number(column):
                try:
                    cells[column] = number_of(cell, mark)
                except ValueError as error:
                    line, place = self._place(f"{pointer}/{column}")
                    self.faults.append((line, Fault(place, str(error))))
                    self._unread.add(f"{pointer}/{column}")

    def _place(self, pointer: str) -> tuple[int, str]:
        """A pointer into the document as line and column of the file."""
        for base, column in ((pointer, ""), pointer.rpartition("/")[::2]):
            if base in self._lines:
                line = self._lines[base]
                return line, f"line {line}" + (f", column {column}" if column else "")
        return 0, pointer


def _numbers(rows: Iterable[Row]) -> list[str]:
    return [plain_text(cell) for row in rows for column, cell in row.cells.items() if _is_number(column)]


def _iso_day(cell: str) -> str:
    """Days as spreadsheets rewrite them (31.12.2026, 2026/12/31); 1/2/2026 may be either, so it is left alone."""
    if found := _DAY_FIRST.fullmatch(cell):
        day, month, year = found.groups()
    elif found := _YEAR_FIRST.fullmatch(cell):
        year, month, day = found.groups()
    else:
        return cell
    return f"{year}-{month:0>2}-{day:0>2}"
