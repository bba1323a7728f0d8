"""The mapping file: a TOML document that says how records of a CSV, JSON or XML file become jobs."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

MAX_LINE_TABLES: Final = 50

Format = Literal["csv", "json", "jsonl", "xml"]
Place = str | Annotated[int, Meta(ge=1, le=10_000)]
"""A column's name or, from 1, its number; a path such as `job/pages[1]/@width` in JSON and XML."""
Told = str | int | bool
"""A constant; there are no fractions among them that would not be exact: write those as text."""


class Source(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a value comes from and how it is written; a plain text or number in the file is its `from`.

    Attributes:
        from_: one place, or several whose texts are joined by a blank.
        value: a constant, instead of a place.
        default: what counts where the place is empty.
        required: a record without it is refused.
        optional: the file need not have the column at all.
        unit: of a length, an area or ink; "told" where the value itself says it, as `1,07 m²`.
        unit_from: the place that holds the unit.
        values: what each word of the file means; `*` stands for all others, "" for nothing.
        formats: of a time, instead of those of [dates].
    """

    from_: Place | list[Place] | UnsetType = field(name="from", default=UNSET)
    value: Told | UnsetType = UNSET
    default: Told | UnsetType = UNSET
    required: bool = False
    optional: bool = False
    unit: str | None = None
    unit_from: Place | None = None
    values: dict[str, Told] | None = None
    formats: list[str] | None = None

    @property
    def places(self) -> list[Place]:
        """All places that are looked at for the value."""
        if isinstance(self.from_, UnsetType):
            return []
        return self.from_ if isinstance(self.from_, list) else [self.from_]


Spec = str | int | list[Place] | Source


class CsvOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a CSV is written.

    Attributes:
        encoding: utf-8 (with or without a byte order mark), utf-16, cp1252, latin-1 or another that Python knows.
        header: whether the first line names the columns; else they are numbers.
        skip_lines: before the header.
    """

    encoding: str = "utf-8"
    separator: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Meta(min_length=1, max_length=1)] = '"'
    header: bool = True
    skip_lines: Annotated[int, Meta(ge=0, le=1_000)] = 0


class RecordOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a record is.

    Attributes:
        path: of the records in a JSON or XML file, from the document's root; "" for the root itself, `//name` for
            elements of that name wherever they are.
        group: records in a row with equal values here are one job, and each of them gives it lines.
        empty: texts that mean that there is no value, such as "-".
    """

    path: str = ""
    group: list[Place] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


class NumberOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How numbers are written; a grouping sign that is not named here is refused."""

    decimal: Literal[".", ","] = "."
    group: Literal["", ".", ",", " ", "'"] = ""


class UnitOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Units of the values that name none of their own."""

    length: str | None = None
    area: str | None = None
    ink: str | None = None


class DateOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How times are written.

    Attributes:
        formats: tried in turn: `iso`, `unix`, `unix-ms`, or directives of strptime such as `%d.%m.%Y %H:%M:%S`.
        timezone: of times that name none.
        twice: which one a time is that came twice as the clocks went back.
        never: what to do with a time that was passed over as the clocks went forward; more likely the time zone
            is wrong, thus the record is refused unless told otherwise.
        months: twelve names in the language of the file; `%m` then stands for them.
    """

    formats: list[str] = field(default_factory=lambda: ["iso"])
    timezone: str | None = None
    twice: Literal["first", "second", "refuse"] = "first"
    never: Literal["refuse", "later"] = "refuse"
    months: Annotated[list[str], Meta(min_length=12, max_length=12)] | None = None


class Skip(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Records that are no jobs: those whose value is one of these."""

    from_: Place = field(name="from")
    is_: list[str] = field(name="is")


class PrinterFields(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which printer; none of them where the folder says it."""

    id: Spec | None = None
    serial: Spec | None = None
    name: Spec | None = None
    model: Spec | None = None


class JobFields(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of a record is what of the job.

    Attributes:
        identity: instead of a device_job_id: places that together are never the same for two jobs.
    """

    completed_at: Spec
    device_job_id: Spec | None = None
    identity: list[Place] = field(default_factory=list)
    submitted_at: Spec | None = None
    started_at: Spec | None = None
    title: Spec | None = None
    person: Spec | None = None
    project: Spec | None = None
    department: Spec | None = None
    billable: Spec | None = None
    kind: Spec | None = None
    outcome: Spec | None = None
    copies: Spec | None = None
    measured: Spec | None = None
    correlation_id: Spec | None = None


class InkEach(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Ink that is a list in the record: the path of its items, and within each the colour and the amount."""

    path: str
    colour: Spec
    amount: Spec


class LineFields(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of a record is what of a line.

    Attributes:
        each: path of a list in the record: one line for each of its items, and all places are within the item;
            one that begins with a slash is within the record.
        only_if: the line is left out where this is empty or 0.
        per_copy: the quantities are those of one copy, so they are multiplied.
        area_from_size: where no printed area is told, width x length x impressions is it.
    """

    each: str | None = None
    only_if: Place | None = None
    per_copy: bool = False
    area_from_size: bool = False
    media: Spec | None = None
    media_name: Spec | None = None
    page_range: Spec | None = None
    roll_width: Spec | None = None
    width: Spec | None = None
    length: Spec | None = None
    printed_area: Spec | None = None
    used_area: Spec | None = None
    scan_area: Spec | None = None
    category: Spec | None = None
    category_by: Spec | None = None
    colour_mode: Spec | None = None
    quality: Spec | None = None
    impressions: Spec | None = None
    sheets: Spec | None = None
    finishing: Spec | None = None
    ink: dict[str, Spec] = field(default_factory=dict)
    ink_each: InkEach | None = None


class Mapping(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole mapping file. `name` becomes the source of its jobs."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")]
    format: Format
    csv: CsvOptions = CsvOptions()
    records: RecordOptions = RecordOptions()
    numbers: NumberOptions = NumberOptions()
    units: UnitOptions = UnitOptions()
    dates: DateOptions = DateOptions()
    skip: list[Skip] = field(default_factory=list)
    printer: PrinterFields = PrinterFields()
    job: JobFields
    lines: Annotated[list[LineFields], Meta(min_length=1, max_length=MAX_LINE_TABLES)]


def source_of(spec: Spec) -> Source:
    """A short form in full."""
    return spec if isinstance(spec, Source) else Source(from_=spec)
