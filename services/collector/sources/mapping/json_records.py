"""The records of JSON: of a whole document, or one on each line. Fractions stay exact."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from services.collector.sources.mapping.lines import encoding_of, lines_of
from services.collector.sources.mapping.nodes import JsonNode
from services.collector.sources.mapping.records import MAX_RECORD_BYTES, Progress, Record
from shared.errors import Reject

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def decode(raw: bytes) -> Any:
    """A JSON text with Decimals for its fractions.

    Raises:
        ValueError: it is none.
    """
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise ValueError(f"is not JSON: {error}") from error


def document_records(raw: bytes, path: str) -> Iterator[Record]:
    """The records of a whole document.

    Raises:
        Reject: it is no JSON, or has no list there.
    """
    encoding, mark = encoding_of(raw, "utf-8")
    try:
        document = decode(raw[mark:] if encoding == "utf-8" else raw[mark:].decode(encoding).encode())
    except ValueError as error:
        raise Reject(f"The file {error}.") from error
    found = JsonNode(document, document).each(path) if path else [JsonNode(each, each) for each in _list(document)]
    if path and not found and not _is_there(document, path):
        raise Reject(f"The file has nothing at {path}.")
    for number, node in enumerate(found, start=1):
        value = node.value
        text = msgspec.json.encode(value).decode()
        is_object = isinstance(value, dict)
        fault = "" if is_object else "is no object"
        yield Record(number, 0, 0, len(raw), text, JsonNode(value, value) if is_object else None, fault)


def _list(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [document]


def _is_there(document: Any, path: str) -> bool:
    """Whether there is a list, be it empty: a file without a job is no wrong file."""
    for name in path.removeprefix("/").split("/"):
        if not isinstance(document, dict) or name not in document:
            return False
        document = document[name]
    return True


class JsonLinesReader:
    """Reads the parts of one file, one after the other; `used` is how many bytes of the last part were."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.used = 0

    def read(self, raw: bytes, *, is_last: bool) -> Iterator[Record]:
        """The records of a part that begins with a line; a line without its end is left unless it is the last."""
        self.used = 0
        if not self.progress.encoding:
            encoding, self.used = encoding_of(raw, "utf-8")
            self.progress = replace(self.progress, encoding=encoding)
        for line in lines_of(raw, self.progress.encoding, self.used):
            if not line.is_whole and not is_last:
                return
            self.used = line.end
            self.progress = replace(self.progress, lines=self.progress.lines + 1)
            if not line.raw.strip():
                continue
            number = self.progress.records + 1
            self.progress = replace(self.progress, records=number)
            value, fault = self._value(line.raw)
            text = line.raw[:MAX_RECORD_BYTES].decode(self.progress.encoding, errors="replace").rstrip("\r\n")
            node = None if fault else JsonNode(value, value)
            yield Record(number, self.progress.lines, line.start, line.end, text, node, fault)

    def _value(self, raw: bytes) -> tuple[Any, str]:
        if len(raw) > MAX_RECORD_BYTES:
            return None, f"has more than {MAX_RECORD_BYTES} bytes"
        try:
            plain = raw if self.progress.encoding == "utf-8" else raw.decode(self.progress.encoding).encode()
            value = decode(plain)
        except ValueError as error:
            return None, str(error)
        return value, "" if isinstance(value, dict) else "is no object"
