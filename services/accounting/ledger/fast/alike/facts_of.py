"""The facts of jobs that are told in records spelled alike: taken from their bytes, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import fields

from services.accounting.event_codes import KIND, MEASURED, OUTCOME
from services.accounting.ledger.fast.alike.groups import Alike
from services.accounting.ledger.fast.alike.lines import lines_of
from services.accounting.ledger.fast.alike.said import said_hashes
from services.accounting.ledger.fast.alike.spelling import Path
from services.accounting.ledger.fast.alike.values import Values
from services.accounting.ledger.fast.distinct import distinct
from services.accounting.ledger.fast.facts import BILLABLE_UNTOLD, TEXTS, Facts
from services.accounting.ledger.fast.identity import Ids, equal_at, job_ids
from services.accounting.ledger.fast.layout import NULL16, NULL32, NULL64, Columns
from services.accounting.ledger.fast.moments import END_US, moments_at
from services.accounting.ledger.fast.names import Keys, Positions
from services.accounting.ledger.fast.raw import ABSENT, Whole
from services.accounting.ledger.fast.texts import WIDTH, Texts
from shared.events.jobs import JobCompleted

_ID: Final[Path] = ("data", "job", "id")
_KEY: Final[Path] = ("data", "job", "key")
_TIME: Final[Path] = ("time",)
_PERSON: Final[Path] = ("data", "person")
_COMPLETED: Final[Path] = ("data", "completed_at")
_PRINTER: Final[list[Path]] = [("data", "printer", name) for name in ("id", "serial", "model")]
_TEXTS: Final[list[Path]] = [_KEY, ("data", "job", "device_job_id"), ("data", "title"), ("data", "correlation_id")]
_BILLABLE: Final = {None: BILLABLE_UNTOLD, False: 0, True: 1}
_DEFAULTS: Final = {each.name: each.default for each in fields(JobCompleted)}
Records = npt.NDArray[np.intp]
assert [path[-1] for path in _TEXTS] == list(TEXTS)  # noqa: S101


def facts_of(alike: Sequence[Alike], keys: Keys) -> Facts | None:
    """The facts of those jobs that are surely as the contract has them; None if there are none.

    Takes readable groups (see readable.Spellings), of which any record is known to have the types that the
    contract asks for.
    """
    if not alike:
        return None
    values = Values(alike)
    identity = _Identity(values) if values.are_sure.all() else None
    if identity is None or not values.are_sure.all():
        ends = np.cumsum([len(group.at) for group in alike])[:-1]
        sure = [group.only(which) for group, which in zip(alike, np.split(values.are_sure, ends), strict=True)]
        return facts_of([group for group in sure if len(group.at)], keys)
    jobs = _jobs(values, identity, keys)
    jobs["payload_hash"] = said_hashes(values, [identity.completed, identity.submitted, identity.started])
    lines, ink_ul = lines_of(values, keys)
    texts = [_text(values, path) for path in _TEXTS]
    return Facts(np.concatenate([group.at for group in alike]), jobs, lines, texts, ink_ul)


class _Identity:
    """Moments and ids of jobs; records of which they are not plainly right are not sure."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self.completed = self._moments(_COMPLETED)
        self.submitted = self._moments(("data", "submitted_at"))
        self.started = self._moments(("data", "started_at"))
        told, time = values.texts[_COMPLETED], values.texts[_TIME]
        widest = int(told.sizes.max())
        blocks = [values.raw.blocks(each.starts, widest) for each in (told, time)]
        if (told.sizes != widest).any() or (time.sizes != widest).any() or (blocks[0] != blocks[1]).any():
            self._moments(_TIME)
        starts, sizes = values.texts[_KEY]
        raw = values.raw.bytes
        spans = zip(starts.tolist(), (starts + sizes).tolist(), strict=True)
        self.ids: Ids = job_ids(np.maximum(self.completed, 0), [raw[start:end] for start, end in spans])
        values.are_sure &= equal_at(self.ids, values.raw, values.texts[_ID])

    def _moments(self, path: Path) -> Whole:
        places = self._values.texts.get(path)
        if places is None:
            return np.full(self._values.count, NULL64)
        moments, are_read = moments_at(self._values.raw, places)
        absent = places.sizes == ABSENT
        moments[absent] = NULL64
        self._values.are_sure &= (are_read & (moments >= 0) & (moments < END_US)) | absent
        return moments


def _jobs(values: Values, identity: _Identity, keys: Keys) -> Columns:
    told_printer, printer = _printers(values, keys)
    copies = values.whole(("data", "copies"))
    return {
        "completed_at": identity.completed,
        "submitted_at": identity.submitted,
        "started_at": identity.started,
        "job_id": identity.ids,
        "told_printer": told_printer,
        "printer": printer,
        "person": values.names((*_PERSON, "claimed"), keys.people.add),
        "source": values.names(("data", "job", "source"), keys.sources.add),
        "project": values.names(("data", "project"), keys.projects.add),
        "department": values.names(("data", "department"), keys.departments.add),
        "copies": np.where(copies == NULL64, NULL32, copies).astype(np.int32),
        "lines": values.of_each,
        "measured": _codes(values, "measured", MEASURED),
        "kind": _codes(values, "kind", KIND),
        "outcome": _codes(values, "outcome", OUTCOME),
        "authenticated": values.words((*_PERSON, "authenticated"), bool).astype(np.bool_),
        "billable": values.words(("data", "billable"), _BILLABLE.__getitem__),
    }


def _printers(values: Values, keys: Keys) -> tuple[Positions, Positions]:
    """What is told of the printers in all, and their ids."""
    parts = [values.raw.distinct(values.place(path)) for path in _PRINTER]
    first, group = distinct([which for _, which in parts])
    told = [tuple(names[which[at]] or None for names, which in parts) for at in first.tolist()]
    numbers = np.array([(keys.told_printers[each], keys.printers.add(each[0] or "")) for each in told], np.int32)
    told_printer, printer = numbers[group].T
    return told_printer, printer


def _codes(values: Values, name: str, codes: Mapping[str, int]) -> npt.NDArray[np.int16]:
    """A column of fixed words by their codes."""
    by_word = {**codes, "": codes.get(_DEFAULTS[name] or "", NULL16)}
    return values.names(("data", name), by_word.__getitem__).astype(np.int16)


def _text(values: Values, path: Path) -> Texts:
    """A column of texts, taken out of the records so that these need not be kept."""
    starts, sizes = values.place(path)
    width = max(1, int(sizes.max()))
    blocks = values.raw.blocks(starts, width).ravel()
    raw = np.concatenate([blocks, np.zeros(WIDTH, np.uint8)])
    return Texts(raw, np.arange(values.count) * width, sizes.astype(np.int32))
