"""What is hashed of jobs that are told in records spelled alike; see read.payload_hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import fields

from services.accounting.ledger.fast.alike.readable import LINES
from services.accounting.ledger.fast.alike.slots import Slots
from services.accounting.ledger.fast.alike.spelling import Path, Spelling
from services.accounting.ledger.fast.alike.values import Values
from services.accounting.ledger.fast.raw import Whole
from services.accounting.ledger.read import canonical
from shared.events.jobs import JobCompleted, JobLine, PersonRef, PrinterRef

_DEFAULTS: Final = {each.name: each.default for each in fields(JobCompleted)}
_BEFORE: Final = ("project", "department", "billable", "kind", "outcome", "title", "copies")
_AFTER: Final = ("measured", "correlation_id")
_COUNT: Final = len(("key", "device_job_id", "printer", "person", *_BEFORE, *range(3), *_AFTER, "lines"))
_PERSON: Final[Path] = ("data", "person")
_CLAIMED, _PROVEN = ((*_PERSON, name) for name in PersonRef.__struct_fields__)
_LINE: Final[Path] = (*LINES, 0)
_NIL, _ARRAY, _MAP = 0xC0, 0x90, 0x80
"""MessagePack specification, "Formats"; arrays and maps of up to 15 members have one byte before them."""
_WORDS: Final = np.array([_NIL, 0xC2, 0xC3], np.uint8)
_COUNT_HEAD, _HEAD, _TEXT, _NUMBER = 3, 1, 2, 9
"""Room for what stands before many members, before few, before a text, and for a whole number."""
Bytes = npt.NDArray[np.uint8]


def said_hashes(values: Values, moments: Iterable[Whole]) -> Whole:
    """The payload hash of all jobs, whose moments of completion, submission and start are given."""
    of_jobs, of_lines = _jobs(values, moments).rows(), _lines(values).rows()
    blake2b = hashlib.blake2b
    if len(of_lines) == len(of_jobs):
        said = list(map(bytes.__add__, of_jobs, of_lines))
    else:
        ends = np.cumsum(values.of_each)
        spans = zip((ends - values.of_each).tolist(), ends.tolist(), strict=True)
        said = [
            job + (of_lines[start] if end - start == 1 else b"".join(of_lines[start:end]))
            for job, (start, end) in zip(of_jobs, spans, strict=True)
        ]
    return np.frombuffer(b"".join([blake2b(each, digest_size=8).digest() for each in said]), ">i8").astype(
        np.int64
    )


def _jobs(values: Values, moments: Iterable[Whole]) -> Slots:
    """All that is hashed of each job before its lines."""
    printer: list[Path] = [("data", "printer", name) for name in PrinterRef.__struct_fields__]
    texts: list[Path] = [("data", "job", "key"), ("data", "job", "device_job_id"), *printer, _CLAIMED]
    texts += [("data", name) for name in (*_BEFORE, *_AFTER)]
    room = _COUNT_HEAD + 2 * _HEAD + sum(_room(values, path, _DEFAULTS.get(str(path[-1]))) for path in texts)
    room += sum(len(canonical(name)) for name in PersonRef.__struct_fields__) + 2 * _HEAD + 3 * _NUMBER
    slots = Slots(values.raw, values.count, room)
    slots.constant(bytes([0xDC, 0, _COUNT]))
    for path in texts[:2]:
        _value(slots, values, path)
    slots.constant(bytes([_ARRAY | len(printer)]))
    for path in printer:
        _value(slots, values, path)
    _person(slots, values)
    for name in _BEFORE:
        if name == "billable":
            slots.byte(_WORDS[values.words(("data", name), _word)])
        else:
            _value(slots, values, ("data", name), _DEFAULTS[name])
    for moment in moments:
        slots.numbers(moment)
    for name in _AFTER:
        _value(slots, values, ("data", name))
    slots.byte(values.of_each | _ARRAY)
    return slots


def _person(slots: Slots, values: Values) -> None:
    """An object with what is not as it is by default."""
    claimed, is_proven = values.place(_CLAIMED), values.words(_PROVEN, bool).astype(np.bool_)
    has_claimed = claimed.sizes >= 0
    is_told = np.empty(values.count, np.bool_)
    for jobs, spelling, _ in values.groups:
        is_told[jobs] = _is_told(spelling, _PERSON)
    slots.byte(np.where(is_told, _MAP + has_claimed + is_proven, _NIL))
    if has_claimed.any():
        slots.constant_where(canonical(_CLAIMED[-1]), has_claimed)
        slots.texts(claimed, b"")
    if is_proven.any():
        slots.constant_where(canonical(_PROVEN[-1]) + canonical(True), is_proven)


def _is_told(spelling: Spelling, path: Path) -> bool:
    """Whether an object or a list is told, and be it empty."""
    if path in spelling.words:
        return spelling.words[path] is not None
    return any(each[: len(path)] == path for each in (*spelling.texts, *spelling.numbers, *spelling.words))


def _lines(values: Values) -> Slots:
    """All that is hashed of each line."""
    told = {path for path in (*values.texts, *values.numbers) if path[:2] == LINES}
    told |= {(*_LINE, name) for name in JobLine.__struct_fields__}
    room = _COUNT_HEAD + sum(_room(values, path) for path in told)
    room += sum(len(canonical(path[-1])) for path in told if path[-2] == "ink_ul")
    slots = Slots(values.raw, len(values.job_of_line), room)
    slots.constant(bytes([0xDC, 0, len(JobLine.__struct_fields__)]))
    for name in JobLine.__struct_fields__:
        if name == "ink_ul":
            _inks(slots, values)
        elif name == "finishing":
            _finishing(slots, values)
        else:
            _value(slots, values, (*_LINE, name))
    return slots


def _inks(slots: Slots, values: Values) -> None:
    slots.byte(_heads(values, "ink_ul", _MAP))
    for _, _, lines in values.groups:
        for rows, colours, _ in lines:
            for colour in sorted(colours):
                slots.constant(canonical(colour), rows)
                slots.numbers(values.numbers[*_LINE, "ink_ul", colour][rows], rows)


def _finishing(slots: Slots, values: Values) -> None:
    slots.byte(_heads(values, "finishing", _ARRAY))
    for at in range(max((line.finishing for _, _, lines in values.groups for line in lines), default=0)):
        slots.texts(values.place((*_LINE, "finishing", at)), b"")


def _heads(values: Values, name: str, head: int) -> Bytes:
    """What stands before the members of an object or list of each line."""
    heads = np.full(len(values.job_of_line), _NIL, np.uint8)
    for _, spelling, lines in values.groups:
        for at, line in enumerate(lines):
            if _is_told(spelling, (*LINES, at, name)):
                heads[line.rows] = head | (len(line.colours) if head == _MAP else line.finishing)
    return heads


def _value(slots: Slots, values: Values, path: Path, default: object = None) -> None:
    if path in values.numbers:
        slots.numbers(values.numbers[path])
    elif path in values.texts:
        slots.texts(values.texts[path], canonical(default))
    else:
        slots.constant(canonical(default))


def _room(values: Values, path: Path, default: object = None) -> int:
    """How much room the values of a path take at most."""
    room = _NUMBER if path in values.numbers else len(canonical(default))
    return max(room, _TEXT + int(values.texts[path].sizes.max())) if path in values.texts else room


def _word(word: bool | None) -> int:
    return 0 if word is None else 1 + word
