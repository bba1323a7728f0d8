"""`inkmeter printers device`: what a registered printer says by SNMP."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from services.collector.cli.finding import SERVICE, find_printer, printer_path
from services.collector.cli.probe import show_reading
from services.collector.devices.reading import DeviceReading
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, say


@click.command("device")
@click.argument("printer")
@data_dir_option
@json_option
def device(*, printer: str, data_dir: Path | None, as_json: bool) -> None:
    """Show what a printer's device said last by SNMP: status, alerts, counters, supplies, trays.

    Example: inkmeter printers device plotter-1
    """
    found = find_printer(printer, data_dir).body
    told = call(SERVICE, "GET", f"{printer_path(found['id'])}/device", data_dir=data_dir)
    if as_json:
        print_json(told)
        return
    if told["read_at"] is None:
        reason = f" ({told['error']})" if told["error"] else ""
        say(
            f"{found['name']} was not read by SNMP{reason}. "
            f"`inkmeter printers edit {found['name']} --snmp` has it read."
        )
        return
    if told["error"]:
        say(f"It does not answer now ({told['error']}); this is what it said at {told['read_at']}.", err=True)
    show_reading(msgspec.convert({**told, "at": told["read_at"]}, DeviceReading))
