"""Numbers as people write them, with point or comma, read exactly; what could be read in two ways is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Mark = Literal[".", ","]
_GROUPS: Final = "[ '\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{RIGHT SINGLE QUOTATION MARK}]"
_BLANK_GROUPS: Final = re.compile(rf"(?<=\d){_GROUPS}(?=\d{{3}}(?!\d))")
_SHAPE: Final = re.compile(r"[+-]?\d[\d.,]*", re.ASCII)
_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+", re.ASCII)
_PLAIN: Final = re.compile(r"\d+", re.ASCII)
_GROUP: Final = 3


class DecimalMark(NamedTuple):
    """What a file's numbers have before their decimals.

    Attributes:
        mark: point or comma.
        is_certain: whether a number of the file shows it; else it follows from the file's separator, and "" as
            mark says that not even that tells.
    """

    mark: Literal[".", ",", ""]
    is_certain: bool


def decimal_mark(cells: Iterable[str], separator: str) -> DecimalMark:
    """Finds the mark of a file from all its cells that hold numbers.

    0.5, 12.3456 and 1,234.56 show a point; 1.234 alone shows nothing, for it may be a thousand and more. Without
    any that shows it, a file separated by commas has points, and one separated by semicolons has commas.
    """
    for cell in cells:
        if (shown := _shown(_ungrouped(cell))) is not None:
            return DecimalMark(shown, is_certain=True)
    natural: dict[str, Literal[".", ",", ""]] = {",": ".", ";": ","}
    return DecimalMark(natural.get(separator, ""), is_certain=False)


def number_of(cell: str, mark: DecimalMark) -> str:
    """A number in plain notation: -1234.56.

    Raises:
        ValueError: it is no number, or not surely one; the message says why.
    """
    text = _ungrouped(cell)
    if not _SHAPE.fullmatch(text):
        raise ValueError(f"must be a number such as 1250.00, not {cell!r:.80}")
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.lstrip("+"))
    if _PLAIN.fullmatch(digits):
        return sign + digits
    shown = _shown(text)
    if shown is None:
        used: Mark = "." if "." in digits else ","
        if mark.is_certain:
            shown = mark.mark or used
        elif used == mark.mark:
            shown = used
        else:
            whole, _, part = digits.partition(used)
            raise ValueError(
                f"{cell} may be {whole}.{part} or {whole}{part}: write it with two decimals, or without a mark"
            )
    elif mark.is_certain and shown != mark.mark:
        raise ValueError(
            f"{cell} has {_name(shown)} before its decimals, other numbers of the file have {_name(mark.mark)}"
        )
    whole, _, part = digits.partition(shown) if shown in digits else (digits, "", "")
    other = "," if shown == "." else "."
    if other in part or shown in part or (other in whole and not _GROUPED.fullmatch(whole)):
        raise ValueError(f"must be a number such as 1250.00, not {cell!r:.80}")
    whole = whole.replace(other, "")
    return f"{sign}{whole}.{part}" if part else sign + whole


def _ungrouped(cell: str) -> str:
    """Without blanks or apostrophes between groups of three digits."""
    return _BLANK_GROUPS.sub("", cell.strip())


def _shown(text: str) -> Mark | None:
    """The decimal mark that a number shows beyond doubt."""
    if not _SHAPE.fullmatch(text):
        return None
    digits = text.lstrip("+-")
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    if points + commas == 0:
        return None
    used: Mark = "." if points else ","
    other: Mark = "," if points else "."
    if points + commas > 1:
        return other
    whole, _, part = digits.partition(used)
    may_be_group = len(part) == _GROUP and whole != "0" and len(whole) <= _GROUP
    return None if may_be_group else used


def _name(mark: str) -> str:
    return "a point" if mark == "." else "a comma"
