"""The records of a CSV, part by part; a broken one is told and the next is read."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from services.collector.sources.mapping.document import CsvOptions
from services.collector.sources.mapping.lines import Line, encoding_of, lines_of
from services.collector.sources.mapping.nodes import CsvNode, column_key
from services.collector.sources.mapping.records import MAX_RECORD_BYTES, Progress, Record
from shared.errors import Reject

MAX_RECORD_LINES: Final = 50
"""Of one record, whose cells have line breaks in them: one lost quotation mark must not swallow the file."""
_OPEN: Final = "unexpected end of data"
"""How Python says that a quotation goes on at the end."""
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


class CsvReader:
    """Reads the parts of one file, one after the other; `used` is how many bytes of the last part were."""

    def __init__(self, options: CsvOptions, progress: Progress) -> None:
        self._options = options
        self.progress = progress
        self.used = 0

    def read(self, raw: bytes, *, is_last: bool) -> Iterator[Record]:
        """The records of a part that begins with a record or with the file; what is not whole yet is left.

        Raises:
            Reject: the header can't be read, so nothing of the file can.
        """
        self.used = 0
        if not self.progress.encoding:
            encoding, self.used = encoding_of(raw, self._options.encoding)
            self.progress = replace(self.progress, encoding=encoding)
        coming = lines_of(raw, self.progress.encoding, self.used)
        again: deque[Line] = deque()
        waiting = list[Line]()
        while (line := again.popleft() if again else next(coming, None)) is not None:
            if not line.is_whole and not is_last:
                return
            waiting.append(line)
            is_open = self._is_open(waiting)
            is_end = is_last and not again and line.end == len(raw)
            size = line.end - waiting[0].start
            if is_open and not is_end and len(waiting) < MAX_RECORD_LINES and size < MAX_RECORD_BYTES:
                continue
            if len(waiting) > 1 and (is_open or self._cells(waiting)[2]):
                # The first is broken; the others may well be records of their own.
                again.extendleft(reversed(waiting[1:]))
                waiting = waiting[:1]
            yield from self._record(waiting)
            waiting = []

    def _is_open(self, lines: list[Line]) -> bool:
        """Whether a quotation goes on at the end."""
        if len(lines) == 1 and self._options.quote.encode(self.progress.encoding) not in lines[0].raw:
            return False
        text = b"".join(line.raw for line in lines).decode(self.progress.encoding, errors="replace")
        try:
            self._rows(text)
        except csv.Error as error:
            return _OPEN in str(error)
        return False

    def _rows(self, text: str) -> list[list[str]]:
        options = self._options
        lines = io.StringIO(text, newline="")
        return list(csv.reader(lines, delimiter=options.separator, quotechar=options.quote, strict=True))

    def _record(self, lines: list[Line]) -> Iterator[Record]:
        before, self.used = self.progress.lines, lines[-1].end
        self.progress = replace(self.progress, lines=before + len(lines))
        if before < self._options.skip_lines:
            return
        text, cells, fault = self._cells(lines)
        if not fault and not any(cells):
            return
        if self._options.header and self.progress.columns is None:
            if fault:
                raise Reject(f"Its header, line {before + 1}, {fault}.")
            self.progress = replace(self.progress, columns=cells)
            return
        number = self.progress.records + 1
        self.progress = replace(self.progress, records=number)
        node = None if fault else CsvNode(cells, self._columns())
        yield Record(number, before + 1, lines[0].start, lines[-1].end, text.rstrip("\r\n"), node, fault)

    def _cells(self, lines: list[Line]) -> tuple[str, list[str], str]:
        """A record's text, its cells, and what is wrong with it."""
        raw, encoding = b"".join(line.raw for line in lines), self.progress.encoding
        try:
            text = raw.decode(encoding).removeprefix(_BOM)
        except UnicodeDecodeError:
            return raw.decode(encoding, errors="replace"), [], f"is not text in {encoding}"
        if "\0" in text:
            return text, [], "has the character U+0000, as no text has"
        try:
            rows = self._rows(text)
        except csv.Error as error:
            hint = " (is there a single quotation mark?)" if _OPEN in str(error) else ""
            return text, [], f"is not CSV: {error}{hint}"
        if len(rows) > 1:
            return (
                text,
                [],
                "has a line break that ends no line (CR alone): save it with the line ends of Windows or Unix",
            )
        cells = [cell.strip() for cell in rows[0]] if rows else []
        width = len(self.progress.columns or ())
        if width and any(cells[width:]):
            # A decimal comma, say: cut off, 0,10 would read as 0.
            return text, [], f"has {len(cells)} cells and the header {width}: the separator in a text needs quotes"
        return text, cells, ""

    def _columns(self) -> dict[str, int]:
        """Where each column is; one whose name is there twice can only be named by its number."""
        keys = [column_key(name) for name in self.progress.columns or ()]
        return {key: index for index, key in enumerate(keys) if key and keys.count(key) == 1}
