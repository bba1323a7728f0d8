"""Runs a mapping over a file, whole or part by part: each record becomes a job, or says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from services.collector.sources.mapping import json_records, xml_records
from services.collector.sources.mapping.csv_records import CsvReader
from services.collector.sources.mapping.document import Mapping, Place, source_of
from services.collector.sources.mapping.faults import Fault
from services.collector.sources.mapping.fields import Fields
from services.collector.sources.mapping.jobs import job_of
from services.collector.sources.mapping.json_records import JsonLinesReader
from services.collector.sources.mapping.loading import specs_of
from services.collector.sources.mapping.nodes import column_key
from services.collector.sources.mapping.records import MAX_DOCUMENT_BYTES, Progress, Record
from shared.errors import Reject
from shared.events.jobs import JobCompleted

MAX_GROUP_RECORDS = 1_000


@dataclass(frozen=True, slots=True)
class Mapped:
    """What became of a record, or of several that are one job.

    Attributes:
        record: the number of the first, from 1.
        line: on which it begins; 0 where that is not known.
        raw: the text of all.
        job: None where there are faults.
        printer_name: as the record tells it; the job's own printer has its id, serial and model.
        notes: how something was understood that a person may see otherwise.
    """

    record: int
    line: int
    raw: str
    job: JobCompleted | None
    printer_name: str | None
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...] = ()

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"record {self.record}" + (f" (line {self.line})" if self.line else "")


@dataclass(frozen=True, slots=True)
class MappedPart:
    """What a part of a file gave.

    Attributes:
        mapped: in the order of the file, without those that are skipped.
        skipped: how many records are no jobs.
        used: how many bytes of the part are done with; the next part begins there.
        progress: to be handed to the next part.
    """

    mapped: list[Mapped]
    skipped: int
    used: int
    progress: Progress


def is_read_in_parts(mapping: Mapping) -> bool:
    """Whether a file may be of any size, and may go on growing."""
    return mapping.format in ("csv", "jsonl")


def map_whole(mapping: Mapping, raw: bytes) -> MappedPart:
    """Maps a whole file.

    Raises:
        Reject: nothing of it can be read: it is of another format, or lacks a column.
    """
    return map_part(mapping, raw, Progress(), is_last=True)


def map_part(mapping: Mapping, raw: bytes, progress: Progress, *, is_last: bool) -> MappedPart:
    """Maps a part of a file that is read in parts, or the whole of one that is not.

    Args:
        mapping: what is where.
        raw: the bytes; they begin where the part before was done.
        progress: that the part before answered.
        is_last: whether the file ends here, for now: then what has no line end is a record too.

    Raises:
        Reject: nothing of it can be read.
    """
    if not is_read_in_parts(mapping):
        if len(raw) > MAX_DOCUMENT_BYTES:
            raise Reject(
                f"The file is larger than {MAX_DOCUMENT_BYTES} bytes, the most of a {mapping.format} file."
            )
        read = json_records if mapping.format == "json" else xml_records
        records = list(read.document_records(raw, mapping.records.path))
        groups, skipped = _groups(mapping, records)
        return MappedPart(
            [_mapped(mapping, group) for group in groups], skipped, len(raw), Progress(records=len(records))
        )
    reader = CsvReader(mapping.csv, progress) if mapping.format == "csv" else JsonLinesReader(progress)
    records = list(reader.read(raw, is_last=is_last))
    if mapping.format == "csv" and progress.columns is None and reader.progress.columns is not None:
        _require_columns(mapping, reader.progress.columns)
    groups, skipped = _groups(mapping, records)
    used, after = reader.used, reader.progress
    if mapping.records.group:
        if groups and not is_last and groups[-1][-1] is records[-1] and len(groups[-1]) < MAX_GROUP_RECORDS:
            first = groups.pop()[0]  # the next part may have more of this job
            used, after = first.start, replace(after, lines=first.line - 1, records=first.number - 1)
        before = progress.group
        if groups:
            after = replace(after, group=_key(mapping.records.group, groups[-1][-1]))
        return MappedPart(_with_late_ones(mapping, groups, before), skipped, used, after)
    return MappedPart([_mapped(mapping, group) for group in groups], skipped, used, after)


def _with_late_ones(mapping: Mapping, groups: Sequence[list[Record]], before: list[str] | None) -> list[Mapped]:
    """A record that belongs to the last job of the part before comes too late: that job is booked."""
    mapped = [_mapped(mapping, group) for group in groups]
    if groups and before is not None and groups[0][0].node and _key(mapping.records.group, groups[0][0]) == before:
        late = Fault("", "", "belongs to a job that was taken before this record was written")
        first = mapped[0]
        mapped[0] = Mapped(first.record, first.line, first.raw, None, first.printer_name, (late,))
    return mapped


def _groups(mapping: Mapping, records: Sequence[Record]) -> tuple[list[list[Record]], int]:
    """Records that are one job each, or together; and how many are none."""
    groups: list[list[Record]] = []
    skipped = 0
    key: list[str] | None = None
    for record in records:
        if record.node is not None and _is_skipped(mapping, record):
            skipped += 1
            continue
        own = _key(mapping.records.group, record) if mapping.records.group and record.node is not None else None
        if own is not None and own == key and len(groups[-1]) < MAX_GROUP_RECORDS:
            groups[-1].append(record)
        else:
            groups.append([record])
        key = own
    return groups, skipped


def _key(places: Sequence[Place], record: Record) -> list[str]:
    found: list[str] = []
    for place in places:
        try:
            said = record.node.said(place) if record.node is not None else None
        except Reject:
            said = None  # several values: told where the job is made
        found.append(said.text.strip() if said else "")
    return found


def _is_skipped(mapping: Mapping, record: Record) -> bool:
    for each in mapping.skip:
        assert record.node is not None  # noqa: S101 - the caller looked
        try:
            said = record.node.said(each.from_)
        except Reject:
            continue
        if (said.text.strip() if said else "") in each.is_:
            return True
    return False


def _mapped(mapping: Mapping, records: Sequence[Record]) -> Mapped:
    first = records[0]
    raw = "\n".join(record.raw for record in records)
    nodes = [record.node for record in records if record.node is not None]
    if len(nodes) < len(records):
        fault = next(record.fault for record in records if record.node is None)
        return Mapped(first.number, first.line, raw, None, None, (Fault("", "", fault),))
    fields = Fields(mapping)
    job, printer_name = job_of(mapping, nodes, fields)
    return Mapped(first.number, first.line, raw, job, printer_name, tuple(fields.faults), tuple(fields.notes))


def _require_columns(mapping: Mapping, columns: Sequence[str]) -> None:
    """Every column that the mapping names must be there: else each record would be wrong for the same reason.

    Raises:
        Reject: names those that are not.
    """
    keys = [column_key(name) for name in columns]
    missing = [
        f"has {'no column' if column_key(place) not in keys else 'twice a column'} {place!r} (for {name})"
        for name, place in _named_places(mapping)
        if keys.count(column_key(place)) != 1
    ]
    if missing:
        known = ", ".join(columns)
        raise Reject(f"The file {'; it '.join(missing)}. Its columns are: {known}.")


def _named_places(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for name, spec in specs_of(mapping):
        source = source_of(spec)
        if source.optional:
            continue
        yield from ((name, place) for place in source.places if isinstance(place, str))
        if isinstance(source.unit_from, str):
            yield name, source.unit_from
    for name, places in (
        ("job/identity", mapping.job.identity),
        ("records/group", mapping.records.group),
        ("skip", [each.from_ for each in mapping.skip]),
        ("only_if", [line.only_if for line in mapping.lines if line.only_if is not None]),
    ):
        yield from ((name, place) for place in places if isinstance(place, str))
