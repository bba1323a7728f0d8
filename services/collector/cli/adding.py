"""`inkmeter printers add`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.collector.cli.access_options import access_of, access_options
from services.collector.cli.finding import SERVICE
from services.collector.cli.words import device_words
from shared.http.client import request
from shared.ids import uuid7
from shared.terminal import data_dir_option, json_option, print_json, say


@click.command("add")
@click.argument("what", nargs=-1, required=True, metavar="[NAME] ADDRESS")
@click.option("--name", help="The same as NAME; without either the printer's own name is taken.")
@click.option("--group", help="Name of the group that the printer belongs to; a new one is made.")
@access_options
@data_dir_option
@json_option
def add(
    *,
    what: tuple[str, ...],
    name: str | None,
    group: str | None,
    data_dir: Path | None,
    as_json: bool,
    **access: Any,
) -> None:
    """Add a printer; it must answer, so that it can tell who it is.

    ADDRESS is ipp://HOST[:PORT]/PATH, ipps://, piws://HOST, ews://HOST or snmp://HOST, or a host name for
    ipp://HOST/ipp/print. Passwords and communities are read from files, variables or the terminal.

    Example: inkmeter printers add plotter-1 ipp://192.0.2.10/ipp/print --group plotters --snmp
    """
    if len(what) > 2 or (len(what) == 2 and name):  # noqa: PLR2004 - a name and an address
        raise click.UsageError("Give one name and one address: inkmeter printers add NAME ADDRESS.")
    wanted = {
        "address": what[-1],
        "name": name or (what[0] if len(what) > 1 else None),
        "group": group,
        "access": access_of(access),
    }
    body = {key: value for key, value in wanted.items() if value}
    headers = {"Idempotency-Key": str(uuid7())}
    added = request(SERVICE, "POST", "/v1/printers", body=body, headers=headers, data_dir=data_dir).body
    if as_json:
        print_json(added)
        return
    say(f"Added {added['name']}: {device_words(added)}. It is read from now on.")
    if pinned := added["access"]["certificate_sha256"]:
        say(f"Nobody vouches for its certificate: it is held to the one that it shows now, SHA-256 {pinned}.")
    for warning in added["warnings"]:
        say(f"Warning: {warning}", err=True)
