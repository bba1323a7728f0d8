"""The lines of jobs that are told in records spelled alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from services.accounting.event_codes import CATEGORY_BY, COLOUR_MODE
from services.accounting.ledger.fast.alike.readable import LINES
from services.accounting.ledger.fast.alike.spelling import Path
from services.accounting.ledger.fast.alike.values import Values
from services.accounting.ledger.fast.distinct import distinct
from services.accounting.ledger.fast.facts import AREAS_AND_LENGTHS
from services.accounting.ledger.fast.ink import inks_used, no_inks
from services.accounting.ledger.fast.layout import NULL16, NULL32, NULL64, Columns
from services.accounting.ledger.fast.names import Keys
from services.accounting.ledger.fast.raw import Places, Whole
from services.accounting.ledger.read import codes_key


def lines_of(values: Values, keys: Keys) -> tuple[Columns, Whole]:
    """The columns of all lines, see facts.Facts, and their amounts of ink."""
    job = values.job_of_line
    first = np.cumsum(values.of_each) - values.of_each
    columns: Columns = {
        "job": job,
        "line": np.arange(len(job)) - first[job],
        **{name: values.whole(_in_line(name)) for name in AREAS_AND_LENGTHS},
        "media": values.names(_in_line("media"), keys.media.add),
        "category": values.names(_in_line("category"), keys.categories.add),
        "quality": values.names(_in_line("quality"), keys.qualities.add),
        "category_by": values.names(_in_line("category_by"), _coded(CATEGORY_BY)).astype(np.int16),
        "colour_mode": values.names(_in_line("colour_mode"), _coded(COLOUR_MODE)).astype(np.int16),
        "finishing": _finishings(values, keys),
    }
    for name in ("impressions", "sheets"):
        found = values.whole(_in_line(name))
        columns[name] = np.where(found == NULL64, NULL32, found).astype(np.int32)
    inks, ink_ul = _inks(values, keys)
    return columns | inks, ink_ul


def _in_line(name: str, *more: str | int) -> Path:
    return (*LINES, 0, name, *more)


def _coded(codes: dict[str, int]) -> Any:
    return {**codes, "": NULL16}.__getitem__


def _finishings(values: Values, keys: Keys) -> npt.NDArray[np.int32]:
    """A column of lists of codes by their keys."""
    found = np.zeros(len(values.job_of_line), np.int32)
    for _, _, lines in values.groups:
        for line in lines:
            if not line.finishing:
                continue
            texts = [values.texts[_in_line("finishing", at)] for at in range(line.finishing)]
            columns = [
                values.raw.distinct(Places(each.starts[line.rows], each.sizes[line.rows])) for each in texts
            ]
            first, group = distinct([which for _, which in columns])
            lists = [[codes[which[at]] for codes, which in columns] for at in first.tolist()]
            found[line.rows] = np.array([keys.finishings.add(codes_key(each)) for each in lists])[group]
    return found


def _inks(values: Values, keys: Keys) -> tuple[Columns, Whole]:
    """The columns of ink, and the amounts of all lines."""
    columns = no_inks(len(values.job_of_line))
    amounts: list[Whole] = []
    start = 0
    for _, _, lines in values.groups:
        for rows, colours, _ in lines:
            if not colours:
                continue
            of_line = np.column_stack([values.numbers[_in_line("ink_ul", colour)][rows] for colour in colours])
            first, group = distinct((of_line > 0).T)
            used = [keys.used_inks[inks_used(colours, of_line[at] > 0)] for at in first.tolist()]
            columns["ink_total_ul"][rows] = of_line.sum(axis=1)
            columns["inks"][rows] = len(colours)
            columns["ink_at"][rows] = start + np.arange(len(of_line)) * len(colours)
            columns["ink_set"][rows] = keys.ink_sets.add(codes_key(list(colours)))
            columns["used"][rows] = np.array(used)[group]
            amounts.append(of_line.ravel())
            start += of_line.size
    return columns, np.concatenate([np.empty(0, np.int64), *amounts])
