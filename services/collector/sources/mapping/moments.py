"""Texts to moments: by formats, with the zone they are in, and what daylight saving makes of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from services.collector.sources.mapping.document import DateOptions, NumberOptions
from services.collector.sources.mapping.faults import WrongValue
from services.collector.sources.mapping.values import Said, number

ISO: Final = "iso"
UNIX: Final = {"unix": 1_000_000, "unix-ms": 1_000}
"""Microseconds of one unit."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_SECONDS: Final = 10**11
_PLAIN: Final = NumberOptions()


class Moment(NamedTuple):
    """A moment with its zone, and what a person should know of how it was understood; "" for nothing."""

    at: datetime
    note: str = ""


def moment(said: Said, options: DateOptions, formats: Sequence[str] | None = None) -> Moment:
    """The moment that a text names.

    Raises:
        WrongValue: no format fits, it has no zone and the mapping names none, or daylight saving passes it over.
    """
    text = _with_numbers_for_months(said.text.strip(), options.months)
    wanted = formats or options.formats
    for each in wanted:
        if (found := _read(text, each)) is not None:
            return _with_zone(found, options)
    raise WrongValue(f"must be a time such as {' or '.join(_example(each) for each in wanted)}")


def _read(text: str, form: str) -> datetime | None:
    try:
        if form == ISO:
            return datetime.fromisoformat(text)
        if form in UNIX:
            return _since_epoch(number(Said(text, plain=True), _PLAIN) * UNIX[form])
        return datetime.strptime(text, form)  # noqa: DTZ007 - its zone is given to it after this
    except (ValueError, OverflowError, WrongValue):
        return None


def _since_epoch(microseconds: Fraction) -> datetime | None:
    if abs(microseconds) > _MAX_SECONDS * 1_000_000:
        return None
    return _EPOCH + timedelta(microseconds=int(microseconds))


def _with_zone(found: datetime, options: DateOptions) -> Moment:
    if found.utcoffset() is not None:
        return Moment(found)
    if options.timezone is None:
        raise WrongValue("has no time zone: name that of the file as `timezone` in [dates]")
    zone = ZoneInfo(options.timezone)
    first, second = found.replace(tzinfo=zone, fold=0), found.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return Moment(first)
    if _exists(first):
        return _twice(first, second, options)
    if options.never == "refuse":
        raise WrongValue(
            f"there was no such time in {options.timezone}, the clocks went forward: is that the right zone? "
            'Else set never = "later"'
        )
    later = first.astimezone(UTC).astimezone(zone)
    return Moment(
        later, f"no such time in {options.timezone} as the clocks went forward; taken as {later.isoformat()}"
    )


def _twice(first: datetime, second: datetime, options: DateOptions) -> Moment:
    if options.twice == "refuse":
        raise WrongValue(
            f"was there twice in {options.timezone} as the clocks went back: write its offset from UTC"
        )
    taken = first if options.twice == "first" else second
    return Moment(
        taken, f"there twice in {options.timezone} as the clocks went back; taken as {taken.isoformat()}"
    )


def _exists(moment: datetime) -> bool:
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return back.replace(tzinfo=None) == moment.replace(tzinfo=None)


def _with_numbers_for_months(text: str, months: Sequence[str] | None) -> str:
    if months is None:
        return text
    numbers = {name.casefold(): f"{index:02d}" for index, name in enumerate(months, start=1)}
    names = "|".join(re.escape(name) for name in sorted(months, key=len, reverse=True))
    return re.sub(rf"(?i)(?<!\w)(?:{names})(?!\w)", lambda found: numbers[found[0].casefold()], text)


def _example(form: str) -> str:
    moment = datetime(2026, 11, 2, 15, 4, 5, tzinfo=UTC)
    if form == ISO:
        return moment.isoformat()
    if form in UNIX:
        return str(int(moment.timestamp()) * 1_000_000 // UNIX[form])
    return moment.strftime(form)
