"""Which spellings can be read all at once, and those that were met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from services.accounting.ledger.fast.alike.limits import number_limits, text_limits
from services.accounting.ledger.fast.alike.spelling import Path, Spelling
from services.accounting.ledger.fast.told import decode
from services.accounting.ledger.read import MAX_KEY_BYTES, codes_key

LINES: Final[Path] = ("data", "lines")
IN_LINE: Final = len(LINES) + 1
"""How long the path of a line is, at least."""
MOMENTS: Final[frozenset[Path]] = frozenset(
    {("time",), *(("data", name) for name in ("completed_at", "submitted_at", "started_at"))}
)
"""Texts that are looked at where they are read."""
_MUST_HAVE: Final[tuple[Path, ...]] = (
    *(("type",), ("time",), ("data", "completed_at")),
    *(("data", "job", "id"), ("data", "job", "key"), ("data", "printer", "id")),
)
_FEW: Final = 15
"""More lines, or colours in one, are left to the plain reader: they are counted in one byte here."""
_FEW_CODES: Final = 9
"""The key of so many codes is never longer than the ledger can hold."""
_MAX_KNOWN: Final = 8
_MAX_COUNTS: Final = 256


class Spellings:
    """The readable spellings that were met, by how many marks they have."""

    def __init__(self) -> None:
        self._known: dict[int, list[Spelling]] = {}

    def of(self, marks: int) -> Sequence[Spelling]:
        """Those with so many marks."""
        return tuple(self._known.get(marks, ()))

    def learn(self, raw: bytes) -> tuple[Spelling, bool]:
        """The spelling of a record, and whether it can be read; it is kept if so.

        Raises:
            ValueError: see Spelling.
        """
        spelling = Spelling(raw)
        if not _has_the_types(raw) or not _is_readable(spelling):
            return spelling, False
        if len(self._known) >= _MAX_COUNTS:
            self._known.clear()
        known = self._known.setdefault(spelling.marks, [])
        known.insert(0, spelling)
        del known[_MAX_KNOWN:]
        return spelling, True


def _has_the_types(raw: bytes) -> bool:
    """Whether a record, and so all that are spelled like it, has the types that the contract asks for."""
    try:
        decode(raw)
    except msgspec.DecodeError:
        return False
    return True


def _is_readable(spelling: Spelling) -> bool:
    """Whether records that are spelled so are such that they can be read here at all."""
    if any(path not in spelling.texts for path in _MUST_HAVE):
        return False
    try:
        for path in spelling.texts.keys() - MOMENTS:
            text_limits(path)
        for path in spelling.numbers:
            number_limits(path)
    except LookupError:
        return False
    count = lines_in(spelling)
    for line in range(count):
        colours = below(spelling.numbers, (*LINES, line, "ink_ul"))
        if len(colours) > _FEW or len(codes_key(colours).encode()) > MAX_KEY_BYTES:
            return False
        if len(below(spelling.texts, (*LINES, line, "finishing"))) > _FEW_CODES:
            return False
    return count <= _FEW


def lines_in(spelling: Spelling) -> int:
    """How many lines the job has."""
    paths = (*spelling.texts, *spelling.numbers, *spelling.words)
    return 1 + max(int(path[2]) for path in paths if path[:2] == LINES and len(path) >= IN_LINE)


def below(values: Mapping[Path, Any], path: Path) -> list[Any]:
    """The names or positions that stand directly below a path, in the order in which they are told."""
    return [each[-1] for each in values if each[:-1] == path]
