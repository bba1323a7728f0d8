"""The collector's commands, by the names that `inkmeter` calls them."""

from __future__ import annotations

import click

from services.collector.cli.adding import add
from services.collector.cli.changing import disable, edit, enable, remove
from services.collector.cli.checks import test
from services.collector.cli.device import device
from services.collector.cli.listing import list_printers, show
from services.collector.cli.probe import probe
from services.collector.cli.recording import record, simulate
from services.collector.cli.reseal import reseal

__all__ = ["printers"]


@click.group(short_help="Add, list, test and remove printers.")
def printers() -> None:
    """Add, list, test and remove printers.

    A printer is named by its name or its id. Example: inkmeter printers list
    """


for command in (
    add,
    list_printers,
    show,
    test,
    edit,
    enable,
    disable,
    remove,
    reseal,
    device,
    probe,
    record,
    simulate,
):
    printers.add_command(command)
