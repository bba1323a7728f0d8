"""Moments from their texts by column: RFC 3339 in UTC, as our own producers write it, without a datetime each.

What is written in another way, or is no moment, is not judged here: the plain reader has to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from services.accounting.ledger.fast.distinct import distinct
from services.accounting.ledger.fast.raw import PADDING, Bytes, Flags, Places, Raw, Whole
from services.accounting.ledger.read import microseconds
from shared.events.jobs import LATEST

_TO_SECONDS: Final = len("2026-11-24T12:00:00Z")
_LONGEST: Final = len("2026-11-24T12:00:00.123456Z")
_SEPARATORS: Final = ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"))
_DIGITS: Final = [at for at in range(_TO_SECONDS - 1) if at not in {place for place, _ in _SEPARATORS}]
END_US: Final = microseconds(LATEST)
"""Moments from here on are refused."""
_DAY_US: Final = 86_400 * 1_000_000
_1970_US: Final = microseconds(datetime(1970, 1, 1, tzinfo=UTC))
_LENGTHS_OF_MONTHS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, *([0] * 87)])
_FEBRUARY: Final = 2


def moments_of_texts(texts: Sequence[str]) -> tuple[Whole, Flags]:
    """The moments in microseconds since 2000, and which of them could be read."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    raw = Raw(b"".join([PADDING, "".join(texts).encode("latin-1", "replace"), PADDING]))
    return moments_at(raw, Places(np.cumsum(sizes) - sizes + len(PADDING), sizes))


def moments_at(raw: Raw, places: Places) -> tuple[Whole, Flags]:
    """The same of texts at some places."""
    sizes = places.sizes
    moments, is_read = np.zeros(len(sizes), np.int64), np.zeros(len(sizes), np.bool_)
    for size in sizes[distinct([sizes])[0]].tolist():
        if size == _TO_SECONDS or _TO_SECONDS + 1 < size <= _LONGEST:
            which = np.flatnonzero(sizes == size)
            moments[which], is_read[which] = _of_one_length(raw.blocks(places.starts[which], size), size)
    return moments, is_read


def _of_one_length(raw: Bytes, length: int) -> tuple[Whole, Flags]:
    fraction = list(range(_TO_SECONDS, length - 1))
    digits = raw[:, _DIGITS + fraction] - np.uint8(ord("0"))
    is_read = (digits <= 9).all(axis=1) & (raw[:, length - 1] == ord("Z"))  # noqa: PLR2004 - a digit
    separators = (*_SEPARATORS, (_TO_SECONDS - 1, ".")) if fraction else _SEPARATORS
    for place, separator in separators:
        is_read &= raw[:, place] == ord(separator)
    columns = digits.T.astype(np.int64)
    century, year, month, day, hour, minute, second = columns[0:14:2] * 10 + columns[1:14:2]
    year += century * 100
    is_read &= (year > 0) & (day > 0) & (day <= _days_in(year, month))
    is_read &= (hour < 24) & (minute < 60) & (second < 60)  # noqa: PLR2004 - a clock
    microsecond = np.zeros(len(raw), np.int64)
    for place, column in enumerate(columns[14:]):
        microsecond += column * 10 ** (5 - place)
    seconds = (hour * 60 + minute) * 60 + second
    return _days_since_1970(year, month, day) * _DAY_US + seconds * 1_000_000 + microsecond + _1970_US, is_read


def _days_in(year: Whole, month: Whole) -> Whole:
    """How many days a month has; none where there is no such month."""
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days: Whole = _LENGTHS_OF_MONTHS[np.minimum(month, len(_LENGTHS_OF_MONTHS) - 1)]
    days += is_leap & (month == _FEBRUARY)
    return days


def _days_since_1970(year: Whole, month: Whole, day: Whole) -> Whole:
    """Days in the proleptic Gregorian calendar, counted in years that end in February, with its leap day."""
    shifted = year - (month <= _FEBRUARY)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + of_year - 719_468
