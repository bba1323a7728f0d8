"""Files of projects, customers, departments and budgets: their columns, and each row read or refused. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal, NamedTuple, get_args

from services.accounting.budgets.budget import (
    DEFAULT_THRESHOLDS,
    Length,
    OwnerKind,
    wrong_days,
    wrong_thresholds,
)
from services.accounting.codes import MAX_CODE, MAX_NAME, MAX_NOTES, wrong_code, wrong_new_code
from services.accounting.csvfile import (
    DecimalMark,
    Fault,
    Row,
    codes_of,
    codes_text,
    decimal_mark,
    flag_of,
    flag_text,
    number_of,
    plain_text,
    read_table,
)
from services.accounting.csvfile.writer import Cell, Number
from shared.events.projects import MAX_ALLOWED
from shared.money import format_micro, micro_of

FileKind = Literal["project", "customer", "department", "budget"]
MAX_THRESHOLDS: Final = 20
NO_THRESHOLDS: Final = "none"


class Column(NamedTuple):
    """One column of a file.

    Attributes:
        read: makes a value of a cell that is not empty; a ValueError says what is wrong.
        write: makes a cell of a value that is there.
        default: what an empty cell means.
        needed: whether an empty cell is refused.
        is_number: whether the file's decimal mark counts.
        example: for the template.
    """

    name: str
    read: Callable[[str], Any]
    write: Callable[[Any], Cell]
    default: Any = None
    needed: bool = False
    is_number: bool = False
    example: str = ""


class ReadFile(NamedTuple):
    """What a file says.

    Attributes:
        columns: those that the file has; what it does not mention stays as it is.
        rows: line, then a value for each column of its kind, in their order.
        faults: in the order of the lines.
        is_whole: whether all of it could be read; else nothing of it may be taken.
        lines: how many records it has, good and bad.
    """

    kind: FileKind
    encoding: str
    separator: str
    mark: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    faults: list[Fault]
    is_whole: bool
    lines: int


def text_of(limit: int) -> Callable[[str], str]:
    """Reads a text of at most so many characters."""

    def read(cell: str) -> str:
        text = plain_text(cell)
        if text != text.strip():
            raise ValueError("has a blank at one of its ends")
        if len(text) > limit:
            raise ValueError(f"has {len(text)} characters, at most {limit} can be kept")
        return text

    return read


def code_by(rule: Callable[[str], str | None]) -> Callable[[str], str]:
    """Reads a code; the rule says why it is none."""

    def read(cell: str) -> str:
        code = plain_text(cell)
        if why := rule(code):
            raise ValueError(why)
        return code

    return read


def codes_of_cell(cell: str) -> list[str]:
    """Reads several codes."""
    codes = codes_of(plain_text(cell))
    if len(codes) > MAX_ALLOWED:
        raise ValueError(f"names {len(codes)}, at most {MAX_ALLOWED} can be named")
    for code in codes:
        if why := wrong_code(code):
            raise ValueError(f"{code!r:.80} {why}")
    return list(codes)


def one_of(words: Sequence[str]) -> Callable[[str], str]:
    """Reads one of some words, in any case."""

    def read(cell: str) -> str:
        word = cell.casefold()
        if word not in words:
            raise ValueError(f"must be {', '.join(words)}, not {cell!r:.80}")
        return word

    return read


def _amount(cell: str) -> int:
    amount = micro_of(cell)
    if amount <= 0:
        raise ValueError("must be more than nothing")
    return amount


def _percents(cell: str) -> list[int]:
    if cell.casefold() == NO_THRESHOLDS:
        return []
    words = [word.strip().removesuffix("%").strip() for word in cell.split("|")]
    if not all(word.isascii() and word.isdecimal() and len(word) <= 4 for word in words):  # noqa: PLR2004
        raise ValueError(f"must be percents such as 50|80|100, not {cell!r:.80}")
    found = [int(word) for word in words]
    if why := wrong_thresholds(found):
        raise ValueError(why)
    if len(found) > MAX_THRESHOLDS:
        raise ValueError(f"are {len(found)}, at most {MAX_THRESHOLDS} can be kept")
    return found


def _percents_text(some: Sequence[int]) -> str:
    return "|".join(map(str, some)) or NO_THRESHOLDS


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"must be a day such as 2026-01-31, not {cell!r:.80}") from None


CODE: Final = Column("code", code_by(wrong_new_code), str, needed=True, example="P-100")
NAME: Final = Column("name", text_of(MAX_NAME), str, needed=True, example="Harbour bridge")
ACTIVE: Final = Column("active", flag_of, flag_text, default=True, example="yes")
NOTES: Final = Column("notes", text_of(MAX_NOTES), str, default="")
PRICE_LIST: Final = Column("price_list", text_of(MAX_CODE), str)
_OF_CUSTOMER: Final = (
    CODE._replace(example="KIEL"),
    NAME._replace(example="City of Kiel"),
    ACTIVE,
    NOTES,
    PRICE_LIST,
)

COLUMNS: Final[Mapping[FileKind, tuple[Column, ...]]] = {
    "project": (
        CODE,
        NAME,
        Column("customer", text_of(MAX_NAME), str, example="KIEL"),
        ACTIVE,
        Column("billable", flag_of, flag_text, default=True, example="yes"),
        Column("people", codes_of_cell, codes_text, default=[], example="alice|bob"),
        Column("departments", codes_of_cell, codes_text, default=[], example="ARCH"),
        NOTES,
        PRICE_LIST,
    ),
    "customer": _OF_CUSTOMER,
    "department": (CODE._replace(example="ARCH"), NAME._replace(example="Architecture"), *_OF_CUSTOMER[2:]),
    "budget": (
        Column("owner_kind", one_of(get_args(OwnerKind)), str, needed=True, example="project"),
        Column("owner", code_by(wrong_code), str, needed=True, example="P-100"),
        Column("period", one_of(get_args(Length)), str, needed=True, example="month"),
        Column("amount", _amount, lambda micro: Number(format_micro(micro, digits=2)), needed=True, is_number=True,
               example="1250.00"),
        Column("hard", flag_of, flag_text, default=False, example="no"),
        Column("thresholds", _percents, _percents_text, default=list(DEFAULT_THRESHOLDS), example="50|80|100"),
        Column("valid_from", _day, date.isoformat, example="2026-01-01"),
        Column("valid_until", _day, date.isoformat),
        ACTIVE,
    ),
}  # fmt: skip
KEYS: Final[Mapping[FileKind, tuple[str, ...]]] = {
    "project": ("code",),
    "customer": ("code",),
    "department": ("code",),
    "budget": ("owner_kind", "owner", "period", "valid_from"),
}
"""By what a row is found again. A file needs these columns, but for those that may be empty."""


def read_file(kind: FileKind, raw: bytes) -> ReadFile:
    """Reads a file and checks every row by itself, and that no two of them mean the same.

    Raises:
        Reject: it is not text.
    """
    columns = COLUMNS[kind]
    needs = [each.name for each in columns if each.needed and (kind == "budget" or each.name in KEYS[kind])]
    table = read_table(raw, [each.name for each in columns], needs=needs)
    numbers = [each.name for each in columns if each.is_number and each.name in table.columns]
    mark = decimal_mark((row.cells[name] for row in table.rows for name in numbers), table.separator)
    faults = list(table.faults)
    rows = []
    seen: dict[tuple[Any, ...], int] = {}
    key = [at for at, each in enumerate(columns) if each.name in KEYS[kind]]
    for row in table.rows:
        values, wrong = _values(row, columns, mark)
        if not wrong and (why := _wrong_together(kind, columns, values)):
            wrong = [Fault(row.line, *why)]
        if not wrong and (first := seen.setdefault(tuple(values[at] for at in key), row.line)) != row.line:
            wrong = [Fault(row.line, KEYS[kind][-1 if kind != "budget" else 1], f"is on line {first} already")]
        if wrong:
            faults += wrong
        else:
            rows.append((row.line, *values))
    shown = mark.mark if numbers else ""
    return ReadFile(
        kind,
        table.encoding,
        table.separator,
        shown,
        table.columns,
        rows,
        sorted(faults),
        table.is_whole,
        table.lines,
    )


def _values(row: Row, columns: Sequence[Column], mark: DecimalMark) -> tuple[list[Any], list[Fault]]:
    """A value for each column; of one that the file does not have, its default."""
    values, faults = [], []
    for column in columns:
        cell = row.cells.get(column.name)
        if not cell:
            values.append(column.default)
            if column.needed and cell is not None:
                faults.append(Fault(row.line, column.name, "is empty"))
            continue
        try:
            values.append(column.read(number_of(cell, mark) if column.is_number else cell))
        except ValueError as error:
            faults.append(Fault(row.line, column.name, str(error)))
    return values, faults


def _wrong_together(kind: FileKind, columns: Sequence[Column], values: Sequence[Any]) -> tuple[str, str] | None:
    """The column and the reason where values that are right by themselves do not fit together."""
    if kind != "budget":
        return None
    told = dict(zip((each.name for each in columns), values, strict=True))
    why = wrong_days(told["valid_from"], told["valid_until"])
    return ("valid_until", why) if why else None


def cells_of(kind: FileKind, thing: Any) -> list[Cell]:
    """The cells of one row for an export: what read_file reads back."""
    cells: list[Cell] = []
    for column in COLUMNS[kind]:
        value = getattr(thing, "amount_micro" if column.name == "amount" else column.name)
        cells.append("" if value is None else column.write(value))
    return cells


def template(kind: FileKind) -> tuple[list[str], list[str]]:
    """The names of all columns, and one row as an example."""
    return [each.name for each in COLUMNS[kind]], [each.example for each in COLUMNS[kind]]
