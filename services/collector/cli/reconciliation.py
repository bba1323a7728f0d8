"""`inkmeter printers reconciliation`: how a printer's counter stands against its jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from services.collector.cli.finding import SERVICE, find_printer, printer_path
from services.collector.cli.words import time_words
from shared.errors import InkmeterError
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

_STANDING: Final = {
    "balanced": "every count is told by a job",
    "waiting": "{waiting} {unit} are not told by any job yet",
    "unknown": "{unknown} {unit} are booked on Unknown",
    "ahead": "the jobs are {ahead} {unit} ahead of the counter",
}


@click.command("reconciliation")
@click.argument("printer")
@data_dir_option
@json_option
def reconciliation(*, printer: str, data_dir: Path | None, as_json: bool) -> None:
    """Show how a printer's counter stands against its jobs, and what is booked on Unknown.

    Example: inkmeter printers reconciliation plotter-1
    """
    found = reconciliation_of(find_printer(printer, data_dir).body["id"], data_dir)
    if as_json:
        print_json(found)
        return
    if not found["items"]:
        say("No counter was read yet: give the printer SNMP access, or wait for its next reading.")
    for each in found["items"]:
        _print_counter(each)


def reconciliation_of(printer_id: str, data_dir: Path | None) -> Any:
    """What the collector knows of a printer's counters."""
    return call(SERVICE, "GET", f"{printer_path(printer_id)}/reconciliation", data_dir=data_dir)


def counters_in_words(printer_id: str, data_dir: Path | None) -> list[str]:
    """How a printer's counters stand; nothing while the database that knows is away."""
    try:
        found = reconciliation_of(printer_id, data_dir)["items"]
    except InkmeterError:
        return []
    return [
        f"{each['counter']} at {each['last']['value']} {each['unit']}: {standing_words(each)}" for each in found
    ]


def standing_words(counter: dict[str, Any]) -> str:
    """How a counter stands, in words."""
    words = _STANDING[counter["standing"]].format_map(counter)
    return f"{words}; {counter['drift']} {counter['unit']} of drift before" if counter["drift"] else words


def _print_counter(each: dict[str, Any]) -> None:
    unit = each["unit"]
    rows = [
        ("Counter", f"{each['counter']}, in {unit}"),
        ("Stands", standing_words(each)),
        ("Base", f"{each['base']['value']} at {time_words(each['base']['at'])}"),
        ("Last change", f"{each['last']['value']} at {time_words(each['last']['at'])}"),
        ("Counted since the base", f"{each['counted']} {unit}"),
        ("Told by jobs", f"{each['told']} {unit} in {each['jobs']} jobs"),
        ("Waiting since", time_words(each["waiting_since"])),
    ]
    print_table(["", ""], [row for row in rows if row[1]])
    if each["bookings"]:
        booked = [
            (f"{one['amount']} {unit}", time_words(one["completed_at"]), one["job_id"]) for one in each["bookings"]
        ]
        print_table(["Booked on Unknown", "At", "Job"], booked)
    for note in each["notes"]:
        say(f"{time_words(note['at'])}: {note['words']}")
