"""Reads a mapping file and says all that is wrong with it, so that no file is refused later for its sake."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UNSET, Struct, UnsetType

from services.collector.sources.mapping.document import InkEach, LineFields, Mapping, Source, Spec, source_of
from services.collector.sources.mapping.moments import ISO, UNIX
from services.collector.sources.mapping.nodes import parse_path
from services.collector.sources.mapping.targets import CHOICES, DIMENSIONS, MOMENTS
from services.collector.sources.mapping.values import TOLD, UNITS, Dimension, unit_named
from shared.errors import Reject

MAX_MAPPING_BYTES: Final = 256_000


def load_mapping(text: str | bytes) -> Mapping:
    """Reads a mapping file.

    Raises:
        Reject: it is no TOML, or something in it can't be; each fault on a line of its own.
    """
    if len(text) > MAX_MAPPING_BYTES:
        raise Reject(f"A mapping file has at most {MAX_MAPPING_BYTES} bytes.")
    try:
        document: dict[str, Any] = tomllib.loads(text if isinstance(text, str) else text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Reject(f"The mapping is no TOML: {error}") from error
    try:
        mapping = msgspec.convert(document, Mapping)
    except msgspec.ValidationError as error:
        what, _, place = str(error).rpartition(" - at `$")
        where = place.strip("`.") or "its top"
        raise Reject(f"The mapping is wrong at {where}: {what or error}.") from error
    if faults := list(_faults(mapping)):
        raise Reject("The mapping is wrong:" + "".join(f"\n  {each}" for each in faults))
    return mapping


def _faults(mapping: Mapping) -> Iterator[str]:
    yield from _faults_of_format(mapping)
    yield from _faults_of_dates(mapping)
    if mapping.numbers.decimal == mapping.numbers.group:
        yield "numbers: the decimal sign and the grouping sign must differ"
    job = mapping.job
    if (job.device_job_id is None) == (not job.identity):
        yield "job: name either a device_job_id or, where the file has none, an identity"
    for name, spec in specs_of(mapping):
        yield from _faults_of_spec(name, source_of(spec), mapping)
    for index, line in enumerate(mapping.lines, start=1):
        if line.each is not None and mapping.format == "csv":
            yield f"lines/{index}/each: a CSV has no lists in its records; group records instead"


def specs_of(mapping: Mapping) -> Iterator[tuple[str, Spec]]:
    """Every field that the mapping fills, with where it comes from."""
    for prefix, table in (("job", mapping.job), ("printer", mapping.printer)):
        yield from _specs_of_table(prefix, table)
    for index, line in enumerate(mapping.lines, start=1):
        yield from _specs_of_table(f"lines/{index}", line)


def _specs_of_table(prefix: str, table: Struct) -> Iterator[tuple[str, Spec]]:
    for name in table.__struct_fields__:
        told = getattr(table, name)
        if name in ("identity", "each", "only_if", "per_copy", "area_from_size") or told is None:
            continue
        if isinstance(told, InkEach):
            yield f"{prefix}/ink_each/colour", told.colour
            yield f"{prefix}/ink_each/amount", told.amount
        elif name == "ink" and isinstance(table, LineFields):
            for colour, spec in table.ink.items():
                yield f"{prefix}/ink/{colour}", spec
        else:
            yield f"{prefix}/{name}", told


def _faults_of_format(mapping: Mapping) -> Iterator[str]:
    options = mapping.csv
    try:
        codecs.lookup(options.encoding)
        "".encode(options.encoding)
    except (LookupError, UnicodeError, AttributeError):
        yield f"csv/encoding: {options.encoding!r} is no encoding of text"
    if mapping.format != "csv" and options != type(options)():
        yield f"csv: the format is {mapping.format}"
    if options.separator == options.quote:
        yield "csv: separator and quote must differ"
    if mapping.format in ("csv", "jsonl") and mapping.records.path:
        yield f"records/path: each line of a {mapping.format} file is a record"
    if mapping.format == "xml" and not mapping.records.path:
        yield "records/path: name the elements that are records, such as Jobs/Job or //Job"


def _faults_of_dates(mapping: Mapping) -> Iterator[str]:
    dates = mapping.dates
    if dates.timezone is not None:
        try:
            ZoneInfo(dates.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"dates/timezone: {dates.timezone!r} is no time zone of the IANA database, such as Europe/Berlin"
    for form in dates.formats:
        yield from _faults_of_date_format("dates/formats", form)


def _faults_of_date_format(name: str, form: str) -> Iterator[str]:
    if form == ISO or form in UNIX:
        return
    sample = datetime(2026, 11, 2, 15, 4, 5)  # noqa: DTZ001 - only its day and hour are compared
    try:
        read = datetime.strptime(sample.strftime(form), form)  # noqa: DTZ007
    except ValueError as error:
        yield f"{name}: {form!r} is no format of times: {error}"
        return
    if read.date() != sample.date():
        yield f"{name}: {form!r} does not tell the day: use %Y, %m and %d"
    elif "%I" in form and "%p" not in form:
        yield f"{name}: {form!r} has hours of 12 without %p"


def _faults_of_spec(name: str, source: Source, mapping: Mapping) -> Iterator[str]:
    if isinstance(source.from_, UnsetType) == isinstance(source.value, UnsetType) or source.from_ == []:
        yield f"{name}: name either a place, as from, or a constant, as value"
    if source.value is not UNSET and (source.default is not UNSET or source.values is not None):
        yield f"{name}: a constant needs neither a default nor values"
    field = name.rpartition("/")[2]
    dimension = DIMENSIONS.get("ink" if "/ink" in name and field != "colour" else field)
    if dimension is not None:
        yield from _faults_of_unit(name, source, dimension, mapping)
    elif source.unit is not None or source.unit_from is not None:
        yield f"{name}: has no unit"
    if source.formats is not None and field not in MOMENTS:
        yield f"{name}: is no time, so it has no formats"
    for form in source.formats or ():
        yield from _faults_of_date_format(name, form)
    yield from _faults_of_words(name, source)
    for place in (*source.places, *([source.unit_from] if source.unit_from is not None else ())):
        yield from _faults_of_place(name, place, mapping)


def _faults_of_words(name: str, source: Source) -> Iterator[str]:
    choices = CHOICES.get(name.rpartition("/")[2], ())
    for told in (*(source.values or {}).values(), source.value, source.default):
        if choices and told is not UNSET and told != "" and told not in choices:
            yield f"{name}: {told!r} must be one of {', '.join(choices)}"


def _faults_of_unit(name: str, source: Source, dimension: Dimension, mapping: Mapping) -> Iterator[str]:
    if source.unit_from is not None:
        return
    unit = source.unit or getattr(mapping.units, dimension)
    known = ", ".join(UNITS[dimension])
    if unit is None:
        yield f"{name}: has no unit: set unit, or {dimension} in [units], to one of {known}"
    elif unit != TOLD and unit_named(unit) not in UNITS[dimension]:
        yield f"{name}: {unit!r} is no unit of {dimension}: must be one of {known}, or {TOLD!r}"


def _faults_of_place(name: str, place: str | int, mapping: Mapping) -> Iterator[str]:
    if mapping.format == "csv":
        if isinstance(place, str) and not mapping.csv.header:
            yield f"{name}: {place!r} is a name, and the file has no header: give the column's number"
        return
    if isinstance(place, int):
        yield f"{name}: {place} is a column's number, and the format is {mapping.format}"
        return
    try:
        parse_path(place)
    except ValueError as error:
        yield f"{name}: {error}"
