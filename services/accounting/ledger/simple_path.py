"""The simple path: rows into temporary tables, ON CONFLICT, sums in SQL. What it does is what the ledger means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from services.accounting import dimensions as dim
from services.accounting.dimensions import Dimension, Dimensions
from services.accounting.event_codes import CATEGORY_BY, COLOUR_MODE, ENTRY_KIND, KIND, MEASURED, OUTCOME
from services.accounting.ledger.columns import CHARGE_COLUMNS, CHARGE_NAMES, JOB_COLUMNS, JOB_NAMES
from services.accounting.ledger.posting import Line, Posting
from services.accounting.rollups import ROLLUPS, moved_on, summed
from shared import sqlfile

QUERIES: Final = sqlfile.load("services.accounting", "queries.sql")
_POST_JOBS: Final = QUERIES["post_jobs"].replace("{job_columns}", JOB_NAMES)
_POST_CHARGES: Final = QUERIES["post_charges"].replace("{charge_columns}", CHARGE_NAMES)
_ROLL_UP: Final = [moved_on(each, summed(each, "pg_temp.staged_charge")) for each in ROLLUPS]


def learn_dimensions(postings: Sequence[Posting], dimensions: Dimensions) -> None:
    """Gets the numbers of all keys that the postings use."""
    wanted: dict[Dimension, dict[str, tuple[Any, ...]]] = {each: {} for each in dim.DIMENSIONS}
    for posting in postings:
        job = posting.job
        serial, model = wanted[dim.PRINTER].get(job.printer.id or "", ("", ""))
        wanted[dim.PRINTER][job.printer.id or ""] = (
            serial or job.printer.serial or "",
            model or job.printer.model or "",
        )
        wanted[dim.PERSON][posting.person] = ()
        wanted[dim.SOURCE][job.job.source or ""] = ()
        wanted[dim.PROJECT][job.project or ""] = ()
        wanted[dim.DEPARTMENT][posting.department] = ()
        for line in posting.lines:
            told = line.told
            wanted[dim.MEDIA].setdefault(told.media or "", (told.media_name or "",))
            wanted[dim.CATEGORY][line.category] = ()
            wanted[dim.QUALITY][told.quality or ""] = ()
            wanted[dim.FINISHING][line.finishing] = ()
            wanted[dim.INK_SET][line.ink_set] = ()
            for rule in (line.cost_rule, line.price_rule):
                wanted[dim.RULE][rule.key] = tuple(rule)
    for dimension, keys in wanted.items():
        dimensions.learn(dimension, keys)


def post(
    connection: Connection[TupleRow], postings: Sequence[Posting], dimensions: Dimensions, posted_at: datetime
) -> tuple[int, int, list[int]]:
    """Posts within the caller's transaction what was not posted before.

    Returns:
        Jobs posted, lines posted, and the entry ids of those that contradict what was posted.
    """
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["stage"])
        jobs = [(*_job_row(each, dimensions, posted_at), at) for at, each in enumerate(postings)]
        _copy(cursor, "staged_job", (*JOB_COLUMNS, ("ordinal", "int4")), jobs)
        charges = [
            _charge_row(each, index, dimensions, posted_at)
            for each in postings
            for index in range(len(each.lines))
        ]
        _copy(cursor, "staged_charge", CHARGE_COLUMNS, charges)
        posted = cursor.execute(_POST_JOBS).rowcount
        contradictions = [row[0] for row in cursor.execute(QUERIES["contradictions"])]
        cursor.execute(QUERIES["keep_posted"])
        lines = cursor.execute(_POST_CHARGES).rowcount
        for statement in _ROLL_UP:
            cursor.execute(statement)
    return posted, lines, contradictions


def _copy(
    cursor: Cursor[TupleRow], table: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]
) -> None:
    names = ", ".join(name for name, _ in columns)
    statement = f"COPY pg_temp.{table} ({names}) FROM STDIN (FORMAT BINARY)"
    with cursor.copy(statement.encode()) as copy:
        copy.set_types([kind for _, kind in columns])
        for row in rows:
            copy.write_row(row)


def _job_row(posting: Posting, dimensions: Dimensions, posted_at: datetime) -> tuple[Any, ...]:
    job = posting.job
    return (
        posting.entry_id,
        posting.payload_hash,
        job.completed_at,
        posted_at,
        job.submitted_at,
        job.started_at,
        posting.job_id,
        dimensions.known(dim.PRINTER)[job.printer.id or ""],
        dimensions.known(dim.PERSON)[posting.person],
        dimensions.known(dim.SOURCE)[job.job.source or ""],
        job.copies,
        len(job.lines),
        MEASURED[job.measured] if job.measured else None,
        bool(job.person and job.person.authenticated),
        job.job.key,
        job.job.device_job_id,
        job.title,
        job.correlation_id,
    )


def _charge_row(posting: Posting, index: int, dimensions: Dimensions, posted_at: datetime) -> tuple[Any, ...]:
    job, line = posting.job, posting.lines[index]
    told = line.told
    return (
        posting.entry_id,
        job.completed_at,
        posted_at,
        posting.job_id,
        told.printed_area_mm2,
        told.used_area_mm2,
        told.scan_area_mm2,
        told.roll_width_um,
        told.width_um,
        told.length_um,
        sum(told.ink_ul.values()) if told.ink_ul else None,
        line.cost_micro,
        line.price_micro,
        posting.day,
        *_numbers(posting, line, dimensions),
        told.impressions,
        told.sheets,
        index,
        ENTRY_KIND[line.entry_kind],
        KIND[job.kind],
        OUTCOME[job.outcome],
        CATEGORY_BY[line.category_by] if line.category_by else None,
        COLOUR_MODE[told.colour_mode] if told.colour_mode else None,
        line.jobs,
        line.media_jobs,
        line.category_jobs,
        line.unpriced_lines,
        posting.billable,
        list(told.ink_ul.values()) if told.ink_ul else None,
    )


def _numbers(posting: Posting, line: Line, dimensions: Dimensions) -> tuple[int, ...]:
    """The dimension columns from printer_no to price_rule_no."""
    return (
        dimensions.known(dim.PRINTER)[posting.job.printer.id or ""],
        dimensions.known(dim.PERSON)[posting.person],
        dimensions.known(dim.PROJECT)[posting.job.project or ""],
        dimensions.known(dim.DEPARTMENT)[posting.department],
        dimensions.known(dim.MEDIA)[line.told.media or ""],
        dimensions.known(dim.CATEGORY)[line.category],
        dimensions.known(dim.QUALITY)[line.told.quality or ""],
        dimensions.known(dim.FINISHING)[line.finishing],
        dimensions.known(dim.INK_SET)[line.ink_set],
        dimensions.known(dim.RULE)[line.cost_rule.key],
        dimensions.known(dim.RULE)[line.price_rule.key],
    )
