"""`inkmeter printers edit`, `replace`, `enable`, `disable` and `remove`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.collector.cli.access_options import access_of, access_options
from services.collector.cli.finding import SERVICE, find_printer, patch_printer, printer_path
from services.collector.cli.words import device_words
from shared.http.client import request
from shared.printable import printable
from shared.terminal import data_dir_option, json_option, print_json, say


@click.command("edit")
@click.argument("printer")
@click.option("--name", help="A new name.")
@click.option("--address", help="A new address of the same device.")
@click.option("--group", help="A new group; an empty one takes the printer out of its group.")
@access_options
@data_dir_option
@json_option
def edit(
    *,
    printer: str,
    name: str | None,
    address: str | None,
    group: str | None,
    data_dir: Path | None,
    as_json: bool,
    **access: Any,
) -> None:
    """Change a printer's name, address, group or log-in; its history stays with it.

    A new address must lead to the same device; for another one use `inkmeter printers replace`.

    Example: inkmeter printers edit plotter-1 --address ipp://192.0.2.11/ipp/print
    """
    body: dict[str, Any] = {"name": name, "address": address}
    body = {key: value for key, value in body.items() if value is not None}
    if group is not None:
        body["group"] = group or None
    if login := access_of(access):
        body["access"] = login
    if not body:
        raise click.UsageError("Say what to change: --name, --address, --group, or how to log in.")
    done = "Changed {name}."
    if login:
        done += " Whether it takes the log-in: `inkmeter printers test`."
    patch_printer(printer, body, data_dir, as_json=as_json, done=done)


@click.command("replace")
@click.argument("printer")
@click.option("--address", help="Address of the new device  [default: that of the old one]")
@access_options
@data_dir_option
@json_option
def replace(*, printer: str, address: str | None, data_dir: Path | None, as_json: bool, **access: Any) -> None:
    """Put another device in a printer's place: name, group and history stay, its jobs are the new device's.

    Example: inkmeter printers replace plotter-1 --address ipp://192.0.2.12/ipp/print
    """
    found = find_printer(printer, data_dir)
    wanted = {"address": address, "access": access_of(access)}
    body = {key: value for key, value in wanted.items() if value}
    path, headers = f"{printer_path(found.body['id'])}/replace", {"If-Match": found.headers["ETag"]}
    after = request(SERVICE, "POST", path, body=body, headers=headers, data_dir=data_dir).body
    if as_json:
        print_json(after)
        return
    before = f"serial number {found.body['serial']}" if found.body["serial"] else "the device before"
    say(f"{after['name']} is now {device_words(after)}, in place of {before}. Its counters start anew.")


@click.command("enable")
@click.argument("printer")
@data_dir_option
@json_option
def enable(*, printer: str, data_dir: Path | None, as_json: bool) -> None:
    """Read a printer again.

    Example: inkmeter printers enable plotter-1
    """
    patch_printer(printer, {"enabled": True}, data_dir, as_json=as_json, done="{name} is read again.")


@click.command("disable")
@click.argument("printer")
@click.option("--reason", help="Why; shown with the printer.")
@data_dir_option
@json_option
def disable(*, printer: str, reason: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Stop reading a printer; what it prints meanwhile may be lost to accounting.

    Example: inkmeter printers disable plotter-1 --reason "in repair"
    """
    body = {"enabled": False, "disabled_reason": reason or None}
    patch_printer(printer, body, data_dir, as_json=as_json, done="{name} is no longer read.")


@click.command("remove")
@click.argument("printer")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
@json_option
def remove(*, printer: str, yes: bool, data_dir: Path | None, as_json: bool) -> None:
    """Take a printer out; what it printed stays, and adding the device again brings it back.

    Example: inkmeter printers remove plotter-1 --yes
    """
    found = find_printer(printer, data_dir)
    name = found.body["name"]
    if not yes:
        click.confirm(f"Stop reading {printable(name)} and take it out of the registry?", abort=True, err=True)
    headers = {"If-Match": found.headers["ETag"]}
    request(SERVICE, "DELETE", printer_path(found.body["id"]), headers=headers, data_dir=data_dir)
    print_json({"removed": found.body["id"]}) if as_json else say(f"Removed {name}; its history stays.")
