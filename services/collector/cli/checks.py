"""`inkmeter printers test`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from services.collector.cli.finding import SERVICE, find_printer
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, print_table


@click.command("test")
@click.argument("printer")
@data_dir_option
@json_option
def test(*, printer: str, data_dir: Path | None, as_json: bool) -> None:
    """Test a printer step by step; exit code 1 when something is wrong.

    Example: inkmeter printers test plotter-1
    """
    found = find_printer(printer, data_dir).body
    told = call(SERVICE, "POST", f"/v1/printers/{found['id']}/test", data_dir=data_dir)
    if as_json:
        print_json(told)
    else:
        rows = [(check["result"], check["name"], check["detail"], check["remedy"]) for check in told["checks"]]
        print_table(["Result", "Check", "Found", "What to do"], rows)
    sys.exit(1 if told["result"] == "FAIL" else 0)
