"""The values of records that are spelled alike in groups: for all groups at once, by path.

Lines are rows of their own, whatever job they are of, so that a value of a line has one path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.accounting.ledger.fast.alike.groups import Alike
from services.accounting.ledger.fast.alike.limits import TextLimits, number_limits, text_limits
from services.accounting.ledger.fast.alike.readable import IN_LINE, LINES, MOMENTS, below, lines_in
from services.accounting.ledger.fast.alike.spelling import Path, Spelling
from services.accounting.ledger.fast.layout import NULL64
from services.accounting.ledger.fast.raw import ABSENT, MAX_TEXT, WORD, Flags, Places, Whole
from shared.events.jobs import JOB_COMPLETED

_WORDS: Final[Mapping[Path, frozenset[str]]] = {("type",): frozenset({JOB_COMPLETED})}


class LineOfEach(NamedTuple):
    """One line of each job of a group, such as all the second ones.

    Attributes:
        rows: among all lines.
        colours: in the order in which they are told.
        finishing: how many codes.
    """

    rows: slice
    colours: tuple[str, ...]
    finishing: int


class Values:
    """Where the texts of all records stand, and what their numbers are.

    Attributes:
        count: how many records.
        are_sure: the records in which nothing was found that the plain reader has to judge. None of their texts is
            longer than MAX_TEXT: what is looked at from where a text starts stays within the bytes.
        texts, numbers: by path; in paths of lines the number of the line is 0, and there is a row for each line.
        of_each: how many lines each record has.
        groups: the rows of each group with its spelling, and its lines.
    """

    def __init__(self, alike: Sequence[Alike]) -> None:
        """Takes readable groups, and checks all values against what the contract allows."""
        self.raw = alike[0].raw
        sizes = [len(group.at) for group in alike]
        lines = [lines_in(group.spelling) for group in alike]
        self.count = sum(sizes)
        self.of_each = np.repeat(lines, sizes)
        self.job_of_line = np.repeat(np.arange(self.count), self.of_each)
        self.are_sure: Flags = np.ones(self.count, np.bool_)
        self.groups: list[tuple[slice, Spelling, list[LineOfEach]]] = []
        self.texts: dict[Path, Places] = {}
        self.numbers: dict[Path, Whole] = {}
        start = first_line = 0
        numbers: list[tuple[Path, slice, slice, Places]] = []
        for group, size, count in zip(alike, sizes, lines, strict=True):
            jobs, end = slice(start, start + size), first_line + size * count
            of_lines = [slice(first_line + line, end, count) for line in range(count)]
            for path in group.spelling.texts:
                column, rows = self._column(path, jobs, of_lines)
                places = self.texts.get(column) or self.texts.setdefault(column, self._absent(column))
                places.starts[rows], places.sizes[rows] = group.text(path)
            paths = group.spelling.numbers
            numbers += [(*self._column(path, jobs, of_lines), jobs, group.number(path)) for path in paths]
            named = [_line(group.spelling, line, rows) for line, rows in enumerate(of_lines)]
            self.groups.append((jobs, group.spelling, named))
            start, first_line = start + size, end
        self._read(numbers)
        for path, places in self.texts.items():
            self._check_texts(path, places)
        for path, found in self.numbers.items():
            self._check_numbers(path, found)

    def _column(self, path: Path, jobs: slice, of_lines: Sequence[slice]) -> tuple[Path, slice]:
        """Where the values of a path of one spelling belong: in which column, and in which rows of it."""
        if path[:2] != LINES or len(path) == len(LINES):
            return path, jobs
        return (*LINES, 0, *path[IN_LINE:]), of_lines[int(path[2])]

    def _absent(self, path: Path) -> Places:
        count = self.rows(path)
        return Places(np.zeros(count, np.int64), np.full(count, ABSENT))

    def rows(self, path: Path) -> int:
        """How many rows the column of a path has."""
        return self.count if path[:2] != LINES else len(self.job_of_line)

    def _read(self, numbers: Sequence[tuple[Path, slice, slice, Places]]) -> None:
        short = [each for each in numbers if int(each[3].sizes.max()) <= WORD]
        for some in (short, [each for each in numbers if int(each[3].sizes.max()) > WORD]):
            if not some:
                continue
            stacked = (np.concatenate(column) for column in zip(*(each[3] for each in some), strict=True))
            found, are_numbers = self.raw.numbers(Places(*stacked))
            start = 0
            for path, rows, jobs, places in some:
                here = slice(start, start + len(places.starts))
                if path not in self.numbers:
                    self.numbers[path] = np.full(self.rows(path), NULL64)
                self.numbers[path][rows] = found[here]
                self.are_sure[jobs] &= are_numbers[here]
                start = here.stop

    def _check_texts(self, path: Path, places: Places) -> None:
        limits = TextLimits() if path in MOMENTS else text_limits(path)
        words = _WORDS.get(path, limits.words)
        least = max(limits.min_size, 1 if words else 0)
        most = MAX_TEXT if limits.max_size is None else min(MAX_TEXT, limits.max_size)
        sizes = places.sizes
        if int(sizes.max()) > most or int(sizes.min()) < least:
            fits = (sizes == ABSENT) | ((sizes >= least) & (sizes <= most))
            if not fits.all():
                self._doubt(path, ~fits)
                return
        if words:
            found, group = self.raw.distinct(places)
            if not words | {""} >= set(found):
                self._doubt(path, np.array([each not in words for each in found], np.bool_)[group])

    def _check_numbers(self, path: Path, found: Whole) -> None:
        limits = number_limits(path)
        if limits.most is not None and int(found.max()) > limits.most:
            self._doubt(path, found > limits.most)
        if limits.least:
            self._doubt(path, (found < limits.least) & (found != NULL64))

    def _doubt(self, path: Path, rows: Flags) -> None:
        self.are_sure[rows if path[:2] != LINES else self.job_of_line[rows]] = False

    def names(self, path: Path, number: Callable[[str], int]) -> npt.NDArray[np.int32]:
        """A column of texts by their numbers; an absent one counts as ''."""
        if path not in self.texts:
            return np.full(self.rows(path), number(""), np.int32)
        found, group = self.raw.distinct(self.texts[path])
        return np.array([number(each) for each in found], np.int32)[group]

    def whole(self, path: Path) -> Whole:
        """A column of whole numbers, NULL64 where there is none."""
        found = self.numbers.get(path)
        return np.full(self.rows(path), NULL64) if found is None else found

    def place(self, path: Path) -> Places:
        """Where the texts of a path stand."""
        return self.texts.get(path) or self._absent(path)

    def words(self, path: Path, code: Callable[[Any], int]) -> npt.NDArray[np.int8]:
        """A column of true, false and null by codes; null where there is nothing."""
        found = np.empty(self.count, np.int8)
        for jobs, spelling, _ in self.groups:
            found[jobs] = code(spelling.words.get(path))
        return found


def _line(spelling: Spelling, line: int, rows: slice) -> LineOfEach:
    colours = below(spelling.numbers, (*LINES, line, "ink_ul"))
    return LineOfEach(rows, tuple(colours), len(below(spelling.texts, (*LINES, line, "finishing"))))
