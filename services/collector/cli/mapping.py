"""`inkmeter mapping check`: what a mapping file makes of a file, before any of it counts."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from services.collector.sources.mapping import Mapped, MappedPart, load_mapping, map_whole
from services.collector.sources.mapping.records import MAX_DOCUMENT_BYTES
from shared.errors import Reject
from shared.events.jobs import JobCompleted, JobLine
from shared.terminal import json_option, print_json, print_table, say

SHOWN: Final = 20
"""Jobs and faults that the table shows; JSON has all."""
MAX_LOADED_BYTES: Final = 1_000_000


@click.group(short_help="Try a mapping file before it is used.")
def mapping() -> None:
    """Try a mapping file before it is used.

    Example: inkmeter mapping check rip.toml jobs.csv
    """


@mapping.command("check")
@click.argument("mapping_file", metavar="MAPPING", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def check(*, mapping_file: Path, file: Path, as_json: bool) -> None:
    """Show the jobs that a mapping makes of a file; nothing is taken.

    Exit code 1 when records are refused, 2 when the mapping is wrong or nothing of the file can be read.

    Example: inkmeter mapping check rip.toml jobs.csv
    """
    wanted = load_mapping(_read(mapping_file, MAX_LOADED_BYTES))
    part = map_whole(wanted, _read(file, MAX_DOCUMENT_BYTES))
    refused = [each for each in part.mapped if each.job is None]
    if as_json:
        print_json(
            {
                "jobs": [_job(each) for each in part.mapped if each.job is not None],
                "refused": [_refused(each) for each in refused],
                "skipped": part.skipped,
            }
        )
    else:
        _show(part, refused)
    sys.exit(1 if refused else 0)


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise Reject(f"{path} can't be read ({error.strerror}).") from error
    if len(raw) > most:
        raise Reject(f"{path} is larger than {most} bytes: check a part of it.")
    return raw


def _job(mapped: Mapped) -> dict[str, Any]:
    job: dict[str, Any] = msgspec.to_builtins(mapped.job)
    notes = [str(note) for note in mapped.notes]
    return {
        "record": mapped.record,
        "line": mapped.line,
        "printer_name": mapped.printer_name,
        "job": job,
        "notes": notes,
    }


def _refused(mapped: Mapped) -> dict[str, Any]:
    faults = [{"field": each.field, "value": each.value, "detail": each.detail} for each in mapped.faults]
    return {"record": mapped.record, "line": mapped.line, "faults": faults, "raw": mapped.raw}


def _show(part: MappedPart, refused: list[Mapped]) -> None:
    good = [(each, each.job) for each in part.mapped if each.job is not None]
    print_table(
        [
            "Record",
            "Job",
            "Completed",
            "Printer",
            "Person",
            "Project",
            "Title",
            "Kind",
            ("Copies", "right"),
            "Lines",
        ],
        [
            (
                each.record,
                job.job.device_job_id,
                job.completed_at.isoformat(sep=" ", timespec="seconds"),
                each.printer_name or job.printer.serial or job.printer.id,
                job.person.claimed if job.person else None,
                job.project,
                job.title,
                job.kind if job.outcome == "completed" else f"{job.kind}, {job.outcome}",
                job.copies,
                "; ".join(_line(line) for line in job.lines),
            )
            for each, job in good[:SHOWN]
        ],
        empty="No job.",
    )
    for each in refused[:SHOWN]:
        say("\n  ".join([f"{each.place} is refused:", *(str(fault) for fault in each.faults)]))
    for each in [each for each in part.mapped if each.notes][:SHOWN]:
        say("\n  ".join([f"{each.place}:", *(str(note) for note in each.notes)]))
    more = f" The first {SHOWN} are shown." if max(len(good), len(refused)) > SHOWN else ""
    say(f"{len(good)} jobs, {len(refused)} records refused, {part.skipped} skipped.{more}")
    if twice := _same_identity([job for _, job in good]):
        say(f"Records that would be one job, as number and time are equal: {twice}.")


def _same_identity(jobs: list[JobCompleted]) -> int:
    keys = Counter((job.printer, job.job.device_job_id, job.completed_at) for job in jobs)
    return sum(count for count in keys.values() if count > 1)


def _line(line: JobLine) -> str:
    """What a line consumed, in the canonical units."""
    told: dict[str, Any] = msgspec.to_builtins(line)
    ink = " + ".join(f"{colour} {amount}" for colour, amount in (told.pop("ink_ul", None) or {}).items())
    parts = [f"{name}={value}" for name, value in told.items() if name != "category_by"]
    return " ".join([*parts, *([f"ink_ul: {ink}"] if ink else [])])
