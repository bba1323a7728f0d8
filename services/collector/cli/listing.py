"""`inkmeter printers list` and `show`."""

from __future__ import annotations

from pathlib import Path

import click

from services.collector.cli.finding import every_printer, find_printer
from services.collector.cli.reconciliation import counters_in_words
from services.collector.cli.words import KINDS, login_words, snmp_words, state_words, time_words
from shared.terminal import data_dir_option, json_option, print_json, print_table


@click.command("list")
@click.option("--group", help="Only printers of this group.")
@data_dir_option
@json_option
def list_printers(*, group: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List printers and how reading them goes.

    Example: inkmeter printers list --group plotters
    """
    found = every_printer(data_dir, group=group)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each["name"],
            each["group"],
            each["model"],
            each["address"],
            state_words(each),
            each["status"]["jobs_read"],
        )
        for each in found
    ]
    print_table(
        ["Name", "Group", "Model", "Address", "State", ("Jobs read", "right")],
        rows,
        empty="No printer yet: add one with `inkmeter printers add NAME ADDRESS`.",
    )


@click.command("show")
@click.argument("printer")
@data_dir_option
@json_option
def show(*, printer: str, data_dir: Path | None, as_json: bool) -> None:
    """Show all that is known of a printer.

    Example: inkmeter printers show plotter-1
    """
    found = find_printer(printer, data_dir).body
    if as_json:
        print_json(found)
        return
    status, pinned = found["status"], found["access"]["certificate_sha256"]
    rows = [
        ("Name", found["name"]),
        ("Id", found["id"]),
        ("Group", found["group"]),
        ("Address", found["address"]),
        ("Kind", KINDS.get(found["kind"], found["kind"])),
        ("Model", found["model"]),
        ("Serial number", found["serial"]),
        ("UUID", found["uuid"]),
        ("Added", time_words(found["added_at"])),
        ("State", state_words(found)),
        ("Last read", time_words(status["succeeded_at"])),
        ("Read by", status["collector"]),
        ("Jobs read", f"{status['jobs_read']} since the collector was started"),
        ("Prints on", status["prints_on"]),
        ("Log-in", login_words(found["access"])),
        ("SNMP", snmp_words(found["access"]["snmp"], found["address"])),
        ("Certificate", pinned and f"held to SHA-256 {pinned}"),
        ("In place since", time_words(found["device_since"])),
        ("Devices before", ", ".join(found["former_serials"])),
        ("Says", ", ".join(status["reasons"])),
        ("Not readable", "; ".join(status["refused"][:3])),
        ("Warning", "; ".join(found["warnings"])),
        ("Counter", "; ".join(counters_in_words(found["id"], data_dir))),
    ]
    print_table(["", ""], [row for row in rows if row[1]])
