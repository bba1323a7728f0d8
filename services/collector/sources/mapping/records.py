"""One record of a file, before it is a job; and the state between two parts of a file that is read in parts."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from services.collector.sources.mapping.nodes import Node

MAX_RECORD_BYTES = 1_000_000
MAX_DOCUMENT_BYTES = 32_000_000
"""Of a JSON or XML file, which is read whole and takes ten times as much memory; lines may be of any number."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        number: from 1, of all records of the file.
        line: on which it begins; 0 where that is not known.
        start: the byte at which it begins, within the part that was read.
        end: the byte after it.
        raw: its text, to be shown to a person or put into a file of refused records.
        node: its values; None where `fault` says why it can't be read.
        fault: what is wrong with it as a whole.
    """

    number: int
    line: int
    start: int
    end: int
    raw: str
    node: Node | None
    fault: str = ""


class Progress(Struct, frozen=True, omit_defaults=True):
    """How far a file is read; of a new one nothing.

    Attributes:
        lines: that were read.
        records: that were read.
        encoding: that the file's first bytes have told.
        columns: names of a CSV's columns, once its header was read.
        group: of the last job, the values that its records have in common.
    """

    lines: int = 0
    records: int = 0
    encoding: str = ""
    columns: list[str] | None = None
    group: list[str] | None = None
