"""A CSV text as a table: separator and columns found from its first line, each fault with line and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from services.accounting.csvfile.text import decode

SEPARATORS: Final = (",", ";", "\t", "|")
MAX_CELL: Final = 100_000
"""Characters; Python's own limit for a cell is a little above."""
_TOLD: Final = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')


class Fault(NamedTuple):
    """One wrong place; column "" is the whole line."""

    line: int
    column: str
    detail: str

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"line {self.line}" + (f", column {self.column}" if self.column else "")


class Row(NamedTuple):
    """One record: the line on which it begins, and its cells by column, without blanks around them."""

    line: int
    cells: dict[str, str]


class Table(NamedTuple):
    """A file that was read.

    Attributes:
        columns: those that the file has, by their proper names, in its order.
        rows: without the empty ones and those with a fault of their own.
        faults: of the header and of single lines.
        lines: how many records the file has, good and bad.
        is_whole: whether the header and all of the file could be read; else nothing of it is sure.
    """

    encoding: str
    separator: str
    columns: tuple[str, ...]
    rows: list[Row]
    faults: list[Fault]
    lines: int
    is_whole: bool = True


def read_table(raw: bytes, columns: Sequence[str], *, needs: Iterable[str] = ()) -> Table:
    """Reads a file whose columns are among the given ones, in any order.

    Names of columns are compared without regard to case, blanks, hyphens and underscores.

    Args:
        raw: the file.
        columns: their proper names.
        needs: those that the file must have.

    Raises:
        Reject: the file is not text.
    """
    decoded = decode(raw)
    separator, skipped = _separator(decoded.text)
    faults: list[Fault] = []
    broken: list[Fault] = []
    records = _records(decoded.text, separator, broken, skipped)
    line, cells = next(records, (1, []))
    header = _header(cells, columns, faults, line)
    faults += [Fault(line, name, f"the file has no column {name}") for name in needs if name not in header]
    rows: list[Row] = []
    count = 0
    found = tuple(filter(None, header))
    if faults or broken:  # Without a sound header every line would be wrong for the same reason.
        return Table(decoded.encoding, separator, found, rows, [*broken, *faults], count, is_whole=False)
    width = len(header)
    for line, cells in records:
        stripped = [cell.strip() for cell in cells]
        if not any(stripped):
            continue
        count += 1
        if any(stripped[width:]):
            # A decimal comma, say: cut off, 0,10 would read as 0.
            faults.append(
                Fault(line, "", f"has {len(cells)} cells and the first line {width}: is a text or a number with "
                      f"{_named(separator)} not in quotes?")
            )  # fmt: skip
            continue
        stripped += [""] * (width - len(stripped))
        rows.append(Row(line, {name: cell for name, cell in zip(header, stripped, strict=False) if name}))
    return Table(decoded.encoding, separator, found, rows, [*faults, *broken], count, is_whole=not broken)


def _records(text: str, separator: str, broken: list[Fault], skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins; what is no CSV ends them with a fault."""
    reader = csv.reader(islice(_lines(text), skipped, None), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + skipped + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            broken.append(Fault(line, "", f"is not CSV: {error} (is there a single quotation mark?)"))
            return
        if any(len(cell) > MAX_CELL for cell in cells):
            broken.append(Fault(line, "", f"has a cell of more than {MAX_CELL} characters"))
            return
        yield line, cells


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, only those that CSV knows: U+2028 within a cell is no line's end."""
    start = 0
    for found in re.finditer(r"\r\n|\n|\r", text):
        yield text[start : found.end()]
        start = found.end()
    if start < len(text):
        yield text[start:]


def _separator(text: str) -> tuple[str, int]:
    """The sign that the first line has most of outside quotation marks, and how many lines to pass over.

    A first line `sep=;` tells it, as it tells Excel.
    """
    head = next(_lines(text), "")
    if told := _TOLD.fullmatch(head):
        return told[1], 1
    bare = _QUOTED.sub("", head)
    return max(SEPARATORS, key=bare.count), 0


def _header(cells: Sequence[str], columns: Sequence[str], faults: list[Fault], line: int) -> list[str]:
    """The proper name of each cell of the first line, "" for an empty one."""
    proper = {_key(name): name for name in columns}
    header: list[str] = []
    for cell in cells:
        name = proper.get(_key(cell), "")
        if cell.strip() and not name:
            known = ", ".join(columns)
            faults.append(Fault(line, cell.strip()[:80], f"unknown column; those known are {known}"))
        elif name and name in header:
            faults.append(Fault(line, name, "the column is there twice"))
        header.append(name)
    if not any(header) and not faults:
        faults.append(Fault(line, "", f"names no column; those known are {', '.join(columns)}"))
    return header


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


def _named(separator: str) -> str:
    return {",": "a comma", ";": "a semicolon", "\t": "a tab"}.get(separator, f"a {separator}")
