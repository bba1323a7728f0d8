"""A job event as the peers read it, and its rows for the ledger's tables; the price is one multiplication."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg

JOB_COLUMNS: Final = (
    ("entry_id", "int8"),
    ("payload_hash", "int8"),
    ("completed_at", "timestamptz"),
    ("posted_at", "timestamptz"),
    ("job_id", "uuid"),
    ("printer_no", "int4"),
    ("person_no", "int4"),
    ("source_no", "int4"),
    ("copies", "int4"),
    ("lines", "int2"),
    ("measured", "int2"),
    ("authenticated", "bool"),
    ("job_key", "text"),
    ("device_job_id", "text"),
    ("title", "text"),
)
CHARGE_COLUMNS: Final = (
    ("entry_id", "int8"),
    ("occurred_at", "timestamptz"),
    ("posted_at", "timestamptz"),
    ("job_id", "uuid"),
    ("printed_area_mm2", "int8"),
    ("used_area_mm2", "int8"),
    ("width_um", "int8"),
    ("length_um", "int8"),
    ("ink_total_ul", "int8"),
    ("cost_micro", "int8"),
    ("price_micro", "int8"),
    ("day", "date"),
    ("printer_no", "int4"),
    ("person_no", "int4"),
    ("project_no", "int4"),
    ("department_no", "int4"),
    ("media_no", "int4"),
    ("category_no", "int4"),
    ("quality_no", "int4"),
    ("finishing_no", "int4"),
    ("ink_set_no", "int4"),
    ("cost_rule_no", "int4"),
    ("price_rule_no", "int4"),
    ("impressions", "int4"),
    ("sheets", "int4"),
    ("line", "int2"),
    ("entry_kind", "int2"),
    ("kind", "int2"),
    ("outcome", "int2"),
    ("colour_mode", "int2"),
    ("jobs", "int2"),
    ("media_jobs", "int2"),
    ("category_jobs", "int2"),
    ("unpriced_lines", "int2"),
    ("billable", "bool"),
    ("ink_ul", "int8[]"),
)
RATES_E8: Final = {"line-mono": 110, "line-colour": 210, "image-low": 310, "image-high": 410}
COLOUR_MODE: Final = {"mono": 1, "colour": 2}


class Line(msgspec.Struct, gc=False):
    """One line of a job."""

    media: str
    width_um: int
    length_um: int
    printed_area_mm2: int
    used_area_mm2: int
    category: str
    colour_mode: str
    impressions: int
    sheets: int
    ink_ul: dict[str, int] | None = None


class Ref(msgspec.Struct, gc=False):
    """Which job."""

    id: UUID
    key: str
    device_job_id: str
    source: str


class Printer(msgspec.Struct, gc=False):
    """Which printer."""

    id: str


class Person(msgspec.Struct, gc=False):
    """Who printed."""

    claimed: str


class Job(msgspec.Struct, gc=False):
    """The data of the event."""

    job: Ref
    printer: Printer
    person: Person
    project: str
    department: str
    title: str
    copies: int
    completed_at: datetime
    lines: list[Line]


class Event(msgspec.Struct, gc=False):
    """The envelope."""

    data: Job


decode: Final = msgspec.json.Decoder(Event).decode


class Numbers:
    """Numbers of the dimensions' keys, all read at the start: the benchmark has put them all there."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        def read(table: str, number: str) -> dict[str, int]:
            return dict(connection.execute(f"SELECT key, {number} FROM accounting.{table}".encode()).fetchall())

        self.printer = read("printer", "printer_no")
        self.person = read("person", "person_no")
        self.project = read("project_key", "project_no")
        self.department = read("department_key", "department_no")
        self.media = read("media", "media_no")
        self.category = read("category", "category_no")
        self.source = read("source", "source_no")
        self.ink_set = max(read("ink_set", "ink_set_no").values())
        self.rule = max(read("rule", "rule_no").values())


def rows(job: Any, numbers: Numbers, posted_at: datetime) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
    """The row of a job and those of its lines; takes any object with these attributes, times also as text.

    The entry id is the first half of the job's UUID: in order of time, and the same when the job is told again.
    """
    ref, moment = job.job, job.completed_at
    identity = ref.id if isinstance(ref.id, UUID) else UUID(ref.id)
    entry_id = identity.int >> 65
    day = date.fromisoformat(moment[:10]) if isinstance(moment, str) else moment.date()
    printer_no, person_no = numbers.printer[job.printer.id], numbers.person[job.person.claimed]
    project_no, department_no = numbers.project[job.project], numbers.department[job.department]
    media: set[str] = set()
    categories: set[str] = set()
    charges = []
    for at, line in enumerate(job.lines):
        ink = line.ink_ul
        total_ul = sum(ink.values()) if ink else None
        price = (line.printed_area_mm2 * RATES_E8[line.category] + 50) // 100
        charges.append(
            (
                entry_id, moment, posted_at, identity, line.printed_area_mm2, line.used_area_mm2,
                line.width_um, line.length_um, total_ul, price // 3, price, day,
                printer_no, person_no, project_no, department_no, numbers.media[line.media],
                numbers.category[line.category], 0, 0, numbers.ink_set if ink else 0, numbers.rule, numbers.rule,
                line.impressions, line.sheets, at, 1, 1, 1, COLOUR_MODE[line.colour_mode],
                int(at == 0), int(line.media not in media), int(line.category not in categories), 0, True,
                list(ink.values()) if ink else None,
            )
        )  # fmt: skip
        media.add(line.media)
        categories.add(line.category)
    row = (
        entry_id, 0, moment, posted_at, identity, printer_no, person_no,
        numbers.source[ref.source], job.copies, len(charges), 1, False, ref.key, ref.device_job_id, job.title,
    )  # fmt: skip
    return row, charges


def now() -> datetime:
    """The posting time."""
    return datetime.now(UTC)
