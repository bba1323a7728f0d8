"""How lines travel from the database: small numbers of a line share a bigint, so that few values are sent. Pure.

What a line costs to read is mostly how many values it is sent as: each is made, copied and taken apart again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from services.accounting.rerate.lines import Whole

WORD_BITS: Final = 63
"""Of a bigint that is never negative."""


class Small(NamedTuple):
    """A number of `bits` bits: SQL that is never NULL nor negative, and what is taken from it afterwards."""

    sql: str
    bits: int
    less: int = 0


class Large(NamedTuple):
    """A number of its own: SQL of its bytes, never NULL, and what numpy calls them."""

    sql: str
    wire: str = ">i8"


Column = Small | Large


class _Part(NamedTuple):
    """A number's place in a word."""

    name: str
    column: Small
    shift: int


class Layout:
    """Some columns of lines as they are sent.

    Attributes:
        aggregates: SQL that sends each of them for all lines of a query, as one string of bytes.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._large = {name: each for name, each in columns.items() if isinstance(each, Large)}
        self._words = _words((name, each) for name, each in columns.items() if isinstance(each, Small))
        bytes_of = [*(each.sql for each in self._large.values()), *map(_sent, self._words)]
        self.aggregates = [f"string_agg({sql}, '')" for sql in bytes_of]

    def unpacked(self, raw: Sequence[bytes]) -> dict[str, Whole]:
        """The columns by name, from what `aggregates` told of any lines."""
        found = {name: whole(of, each.wire) for of, (name, each) in zip(raw, self._large.items(), strict=False)}
        for of, word in zip(raw[len(self._large) :], self._words, strict=False):
            packed = whole(of)
            for name, column, shift in word:
                number = packed >> shift & ((1 << column.bits) - 1)
                found[name] = number - column.less if column.less else number
        return found


def _words(columns: Iterable[tuple[str, Small]]) -> list[list[_Part]]:
    """Puts each number where there is room first, the widest first."""
    words: list[list[_Part]] = []
    for name, column in sorted(columns, key=lambda each: -each[1].bits):
        for word in words:
            end = word[-1].shift + word[-1].column.bits
            if end + column.bits <= WORD_BITS:
                word.append(_Part(name, column, end))
                break
        else:
            words.append([_Part(name, column, 0)])
    return words


def _sent(word: Sequence[_Part]) -> str:
    parts = [f"({each.column.sql})::bigint" + f" << {each.shift}" * bool(each.shift) for each in word]
    return f"int8send({' | '.join(f'({part})' for part in parts)})"


def whole(raw: bytes, wire: str = ">i8") -> Whole:
    """Numbers from the bytes that the database sends them as, one after the other."""
    values: Whole = np.frombuffer(raw, wire).astype(np.int64)
    return values
