"""Writes tables that spreadsheets open, that no formula hides in, and that read_table reads back unchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.accounting.csvfile.cells import harmless

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Put first, it tells spreadsheets that the file is UTF-8."""
BLOCK: Final = 1_000
Cell = str | int | None


def lines_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, heading: bool = True) -> Iterator[str]:
    """The file in blocks of BLOCK rows.

    Args:
        columns: names for the first line.
        rows: texts are made harmless; a number is an int, or a `Number`.
        heading: whether to begin with the names.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    if heading:
        writer.writerow(columns)
    for count, row in enumerate(rows, start=1):
        writer.writerow([_written(cell) for cell in row])
        if count % BLOCK == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    if rest := out.getvalue():
        yield rest


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = True) -> str:
    """The whole file; see lines_of."""
    return (BOM if bom else "") + "".join(lines_of(columns, rows))


class Number(str):
    """A number in plain notation, such as -12.50: it is written as it is."""

    __slots__ = ()


def _written(cell: Cell) -> Cell:
    return harmless(cell) if isinstance(cell, str) and not isinstance(cell, Number) else cell
