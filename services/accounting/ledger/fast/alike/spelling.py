"""How a record is spelled: which of its bytes all records like it have, and where those stand that differ.

Producers spell the events of one kind alike: the same fields in the same order, without blanks. What such records
have between two quotation marks at the same place has the same meaning, so that one of them, read byte by byte,
tells where to look in all the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

Path = tuple[str | int, ...]
"""The names and positions that lead to a value."""

_TOKEN: Final = re.compile(rb"[{}\[\]:,]|[^{}\[\]:,\s]+")
_WHOLE: Final = re.compile(rb"0|[1-9][0-9]{0,15}")
_WORDS: Final = {b"true": True, b"false": False, b"null": None}


class Run(NamedTuple):
    """Bytes that are the same in all records, at an offset from a mark."""

    mark: int
    offset: int
    text: bytes


class Number(NamedTuple):
    """Where a number stands: in a piece, after and before so many other bytes of it."""

    piece: int
    before: int
    after: int


class Spelling:
    """A record's pieces: piece `i` lies between the marks `i` and `i + 1`.

    The marks are the quotation marks, with one before the record and one at its end.

    Attributes:
        marks: how many there are.
        texts: the piece of each value that is a text.
        numbers: the place of each value that is a whole number.
        words: the values that are the same in all records: true, false, null, and empty objects and lists.
        fixed: the pieces that are the same in all records, and their sizes.
        runs: the bytes of those, and of what stands around numbers.
    """

    def __init__(self, raw: bytes) -> None:
        """Takes a record that is JSON, without escapes.

        Raises:
            ValueError: it is spelled in a way that is not looked at here, such as with fractions.
        """
        pieces = raw.split(b'"')
        self.marks = len(pieces) + 1
        self.texts: dict[Path, int] = {}
        self.numbers: dict[Path, Number] = {}
        self.words: dict[Path, Any] = {}
        walk = _Walk()
        for at, piece in enumerate(pieces):
            if at % 2:
                if walk.takes_key:
                    walk.key(piece.decode())
                else:
                    self._keep(self.texts, walk.value(), at)
            else:
                self._structure(walk, at, piece)
        varying: dict[int, Number | None] = dict.fromkeys(self.texts.values())
        varying.update((number.piece, number) for number in self.numbers.values())
        self.fixed = [at for at in range(len(pieces)) if at not in varying]
        self.sizes = [len(pieces[at]) for at in self.fixed]
        self.runs = _runs(pieces, varying)

    def _structure(self, walk: _Walk, at: int, piece: bytes) -> None:
        """What stands outside of texts."""
        numbers = 0
        for found in _TOKEN.finditer(piece):
            token = found.group()
            if token in b"{[":
                walk.open(is_object=token == b"{")
            elif token == b",":
                walk.next()
            elif token in b"}]":
                path, is_empty, is_object = walk.close()
                if is_empty:
                    self._keep(self.words, path, {} if is_object else [])
            elif token in _WORDS:
                self._keep(self.words, walk.value(), _WORDS[token])
            elif token != b":":
                numbers += 1
                if numbers > 1 or not _WHOLE.fullmatch(token):
                    raise ValueError(token)
                place = Number(at, found.start(), len(piece) - found.end())
                self._keep(self.numbers, walk.value(), place)

    def _keep(self, values: dict[Path, Any], path: Path, value: Any) -> None:
        if path in self.texts or path in self.numbers or path in self.words:
            raise ValueError(path)
        values[path] = value


def _runs(pieces: Sequence[bytes], varying: Mapping[int, Number | None]) -> list[Run]:
    """The bytes that must be as they are, in as few runs as may be."""
    runs: list[Run] = []
    mark, offset, text = 0, 1, b""
    for at, piece in enumerate(pieces):
        quote = b'"' if at < len(pieces) - 1 else b""
        if at not in varying:
            text += piece + quote
            continue
        number = varying[at]
        if number:
            text += piece[: number.before]
        runs.append(Run(mark, offset, text))
        after = piece[len(piece) - number.after :] if number else b""
        mark, offset, text = at + 1, -len(after), after + quote
    return [each for each in [*runs, Run(mark, offset, text)] if each.text]


class _Walk:
    """Keeps track of where in a record one is."""

    def __init__(self) -> None:
        self._path: list[str | int | None] = []
        self._is_empty: list[bool] = []

    @property
    def takes_key(self) -> bool:
        return bool(self._path) and self._path[-1] is None

    def open(self, *, is_object: bool) -> None:
        if self._is_empty:
            self._is_empty[-1] = False
        self._path.append(None if is_object else 0)
        self._is_empty.append(True)

    def close(self) -> tuple[Path, bool, bool]:
        """Where that was which ends, whether it was empty, and whether it was an object."""
        last = self._top()
        self._path.pop()
        return tuple(self._path), self._is_empty.pop(), not isinstance(last, int)  # type: ignore[arg-type]

    def key(self, key: str) -> None:
        self._path[-1] = key

    def next(self) -> None:
        last = self._top()
        self._path[-1] = last + 1 if isinstance(last, int) else None

    def _top(self) -> str | int | None:
        if not self._path:
            raise ValueError("nothing is open")
        return self._path[-1]

    def value(self) -> Path:
        """Where the value stands that comes now."""
        if self._is_empty:
            self._is_empty[-1] = False
        return tuple(self._path)  # type: ignore[arg-type]
