"""The rows of the tables in a page, whatever else is in it: cells as text, in order, and nothing concluded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from shared.errors import Reject
from shared.printable import without_controls

MAX_ROWS: Final = 60_000
MAX_CELLS: Final = 60
MAX_OPEN_ROWS: Final = 20
"""Tables within tables."""
MAX_TEXT: Final = 1_000
MAX_ELEMENTS: Final = 1_500_000
_CELLS: Final = frozenset({"td", "th"})
_UNSEEN: Final = frozenset({"script", "style"})


@dataclass(slots=True)
class Row:
    """One row: the text of each cell, blanks in one piece and none around."""

    cells: list[str] = field(default_factory=list)


def read_rows(body: bytes) -> list[Row]:
    """Every row with a cell in it, in the order in which the rows end.

    Raises:
        Reject: it is no page, or one that is too large.
    """
    parser = etree.HTMLParser(target=_Rows(), encoding=_encoding(body), huge_tree=False)
    try:
        found = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError) as error:
        raise Reject(f"it is not HTML: {without_controls(str(error))[:200]}") from error
    assert isinstance(found, list)  # noqa: S101 - what close() gives
    return found


def _encoding(body: bytes) -> str | None:
    """UTF-8 where it is that; else what the page says of itself."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return None
    return "utf-8"


class _Rows:
    """Collects rows while the page is read, so that what is too much is never held."""

    def __init__(self) -> None:
        self._done: list[Row] = []
        self._open: list[Row] = []
        self._in_cell: list[bool] = []
        self._unseen = 0
        self._count = 0

    def start(self, tag: str, _attributes: object) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._done) > MAX_ROWS:
            raise Reject(f"it has more than {MAX_ELEMENTS} elements or {MAX_ROWS} rows")
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "tr":
            if len(self._open) >= MAX_OPEN_ROWS:
                raise Reject(f"it has tables nested more than {MAX_OPEN_ROWS} deep")
            self._open.append(Row())
            self._in_cell.append(False)
        elif tag in _CELLS and self._open and len(self._open[-1].cells) < MAX_CELLS:
            self._open[-1].cells.append("")
            self._in_cell[-1] = True
        elif tag == "br":
            self.data(" ")

    def end(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen -= 1
        elif tag in _CELLS and self._open:
            self._in_cell[-1] = False
        elif tag == "tr" and self._open:
            self._in_cell.pop()
            self._finish(self._open.pop())

    def data(self, text: str) -> None:
        if self._open and self._in_cell[-1] and not self._unseen:
            cells = self._open[-1].cells
            if len(cells[-1]) < MAX_TEXT:
                cells[-1] += text

    def close(self) -> list[Row]:
        for row in reversed(self._open):
            self._finish(row)
        return self._done

    def _finish(self, row: Row) -> None:
        row.cells = [without_controls(" ".join(cell.split()))[:MAX_TEXT] for cell in row.cells]
        if row.cells:
            self._done.append(row)
