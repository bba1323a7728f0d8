"""`inkmeter printers reseal`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from services.collector.cli.finding import SERVICE
from services.collector.cli.words import printers_words
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, say


@click.command("reseal")
@data_dir_option
@json_option
def reseal(*, data_dir: Path | None, as_json: bool) -> None:
    """Encrypt passwords and communities of devices with the first key of INKMETER_SECRET_KEY.

    To replace the key: put the new one before the old one, start the collector again, run this, and take the
    old one out. Exit code 1 when some can't be decrypted with any of them.

    Example: inkmeter printers reseal
    """
    told = call(SERVICE, "POST", "/v1/access/reseal", data_dir=data_dir)
    if as_json:
        print_json(told)
    else:
        say(f"A log-in is kept for {printers_words(told['printers'])}; {told['sealed_again']} got the first key.")
        if told["unreadable"]:
            names = ", ".join(told["unreadable"])
            say(f"No key here decrypts those of {names}: give them again with `inkmeter printers edit`.", err=True)
    sys.exit(1 if told["unreadable"] else 0)
