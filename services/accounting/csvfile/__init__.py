"""CSV files as spreadsheets of any language write them, and as none of them can be harmed by. Pure."""

from __future__ import annotations

from services.accounting.csvfile.cells import codes_of, codes_text, flag_of, flag_text, harmless, plain_text
from services.accounting.csvfile.numbers import DecimalMark, decimal_mark, number_of
from services.accounting.csvfile.reader import Fault, Row, Table, read_table
from services.accounting.csvfile.text import Decoded, decode
from services.accounting.csvfile.writer import BOM, lines_of, write_table

__all__ = [
    "BOM",
    "DecimalMark",
    "Decoded",
    "Fault",
    "Row",
    "Table",
    "codes_of",
    "codes_text",
    "decimal_mark",
    "decode",
    "flag_of",
    "flag_text",
    "harmless",
    "lines_of",
    "number_of",
    "plain_text",
    "read_table",
    "write_table",
]
