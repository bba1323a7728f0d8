"""The collector's commands, by the names that `inkmeter` calls them."""

from __future__ import annotations

import click

from services.collector.cli.adding import add
from services.collector.cli.changing import disable, edit, enable, remove, replace
from services.collector.cli.checks import test
from services.collector.cli.device import device
from services.collector.cli.discovery import discover
from services.collector.cli.groups import groups
from services.collector.cli.listing import list_printers, show
from services.collector.cli.probe import probe
from services.collector.cli.reconciliation import reconciliation
from services.collector.cli.recording import record, simulate
from services.collector.cli.reseal import reseal

__all__ = ["groups", "printers"]


@click.group(short_help="Find, add, list, test and remove printers.")
def printers() -> None:
    """Find, add, list, test and remove printers.

    A printer is named by its name or its id. Example: inkmeter printers list
    """


for command in (
    add,
    list_printers,
    show,
    reconciliation,
    test,
    edit,
    replace,
    enable,
    disable,
    remove,
    discover,
    reseal,
    device,
    probe,
    record,
    simulate,
):
    printers.add_command(command)
