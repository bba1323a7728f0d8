"""`inkmeter printers`: add, list, show, test, edit, enable, disable and remove printers."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from shared.errors import NotFound, Reject
from shared.http.client import Reply, call, request
from shared.ids import uuid7
from shared.printable import printable
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

SERVICE = "collector"


@click.group(short_help="Add, list, test and remove printers.")
def printers() -> None:
    """Add, list, test and remove printers.

    A printer is named by its name or its id. Example: inkmeter printers list
    """


@printers.command("add")
@click.argument("what", nargs=-1, required=True, metavar="[NAME] ADDRESS")
@click.option("--name", help="The same as NAME; without either the printer's own name is taken.")
@click.option("--group", help="Name of the group that the printer belongs to.")
@data_dir_option
@json_option
def add(
    *, what: tuple[str, ...], name: str | None, group: str | None, data_dir: Path | None, as_json: bool
) -> None:
    """Add a printer; it must answer, so that it can tell who it is.

    ADDRESS is ipp://HOST[:PORT]/PATH, or a host name for ipp://HOST/ipp/print.

    Example: inkmeter printers add plotter-1 ipp://192.0.2.10/ipp/print --group plotters
    """
    if len(what) > 2 or (len(what) == 2 and name):  # noqa: PLR2004 - a name and an address
        raise click.UsageError("Give one name and one address: inkmeter printers add NAME ADDRESS.")
    wanted = {"address": what[-1], "name": name or (what[0] if len(what) > 1 else None), "group": group}
    body = {key: value for key, value in wanted.items() if value}
    headers = {"Idempotency-Key": str(uuid7())}
    added = request(SERVICE, "POST", "/v1/printers", body=body, headers=headers, data_dir=data_dir).body
    if as_json:
        print_json(added)
        return
    say(f"Added {added['name']}: {_device(added)}. It is read from now on.")
    for warning in added["warnings"]:
        say(f"Warning: {warning}", err=True)


@printers.command("list")
@click.option("--group", help="Only printers of this group.")
@data_dir_option
@json_option
def list_printers(*, group: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List printers and how reading them goes.

    Example: inkmeter printers list --group plotters
    """
    found = _every(data_dir, group=group)
    if as_json:
        print_json(found)
        return
    rows = [
        (each["name"], each["group"], each["model"], each["address"], _state(each), each["status"]["jobs_read"])
        for each in found
    ]
    print_table(
        ["Name", "Group", "Model", "Address", "State", ("Jobs read", "right")],
        rows,
        empty="No printer yet: add one with `inkmeter printers add NAME ADDRESS`.",
    )


@printers.command("show")
@click.argument("printer")
@data_dir_option
@json_option
def show(*, printer: str, data_dir: Path | None, as_json: bool) -> None:
    """Show all that is known of a printer.

    Example: inkmeter printers show plotter-1
    """
    found = _find(printer, data_dir).body
    if as_json:
        print_json(found)
        return
    status = found["status"]
    rows = [
        ("Name", found["name"]),
        ("Id", found["id"]),
        ("Group", found["group"]),
        ("Address", found["address"]),
        ("Kind", "queue of a CUPS server" if found["kind"] == "cups" else "IPP printer"),
        ("Model", found["model"]),
        ("Serial number", found["serial"]),
        ("UUID", found["uuid"]),
        ("Added", _time(found["added_at"])),
        ("State", _state(found)),
        ("Last read", _time(status["succeeded_at"])),
        ("Jobs read", f"{status['jobs_read']} since the collector was started"),
        ("Prints on", status["prints_on"]),
        ("Says", ", ".join(status["reasons"])),
        ("Not readable", "; ".join(status["refused"][:3])),
        ("Warning", "; ".join(found["warnings"])),
    ]
    print_table(["", ""], [row for row in rows if row[1]])


@printers.command("test")
@click.argument("printer")
@data_dir_option
@json_option
def test(*, printer: str, data_dir: Path | None, as_json: bool) -> None:
    """Test a printer step by step; exit code 1 when something is wrong.

    Example: inkmeter printers test plotter-1
    """
    found = _find(printer, data_dir).body
    told = call(SERVICE, "POST", f"/v1/printers/{found['id']}/test", data_dir=data_dir)
    if as_json:
        print_json(told)
    else:
        rows = [(check["result"], check["name"], check["detail"], check["remedy"]) for check in told["checks"]]
        print_table(["Result", "Check", "Found", "What to do"], rows)
    sys.exit(1 if told["result"] == "FAIL" else 0)


@printers.command("edit")
@click.argument("printer")
@click.option("--name", help="A new name.")
@click.option("--address", help="A new address of the same device.")
@click.option("--group", help="A new group; an empty one takes the printer out of its group.")
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
) -> None:
    """Change a printer's name, address or group; its history stays with it.

    Example: inkmeter printers edit plotter-1 --address ipp://192.0.2.11/ipp/print
    """
    body: dict[str, Any] = {"name": name, "address": address}
    body = {key: value for key, value in body.items() if value is not None}
    if group is not None:
        body["group"] = group or None
    if not body:
        raise click.UsageError("Say what to change: --name, --address or --group.")
    _patch(printer, body, data_dir, as_json=as_json, done="Changed {name}.")


@printers.command("enable")
@click.argument("printer")
@data_dir_option
@json_option
def enable(*, printer: str, data_dir: Path | None, as_json: bool) -> None:
    """Read a printer again.

    Example: inkmeter printers enable plotter-1
    """
    _patch(printer, {"enabled": True}, data_dir, as_json=as_json, done="{name} is read again.")


@printers.command("disable")
@click.argument("printer")
@click.option("--reason", help="Why; shown with the printer.")
@data_dir_option
@json_option
def disable(*, printer: str, reason: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Stop reading a printer; what it prints meanwhile may be lost to accounting.

    Example: inkmeter printers disable plotter-1 --reason "in repair"
    """
    body = {"enabled": False, "disabled_reason": reason or None}
    _patch(printer, body, data_dir, as_json=as_json, done="{name} is no longer read.")


@printers.command("remove")
@click.argument("printer")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
@json_option
def remove(*, printer: str, yes: bool, data_dir: Path | None, as_json: bool) -> None:
    """Take a printer out; what it printed stays, and adding the device again brings it back.

    Example: inkmeter printers remove plotter-1 --yes
    """
    found = _find(printer, data_dir)
    name = found.body["name"]
    if not yes:
        click.confirm(f"Stop reading {printable(name)} and take it out of the registry?", abort=True, err=True)
    headers = {"If-Match": found.headers["ETag"]}
    request(SERVICE, "DELETE", _path(found.body["id"]), headers=headers, data_dir=data_dir)
    print_json({"removed": found.body["id"]}) if as_json else say(f"Removed {name}; its history stays.")


# --- finding and showing -------------------------------------------------------------------------------------


def _every(data_dir: Path | None, **filters: str | None) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = None
    while True:
        params = {"limit": 1_000, "cursor": cursor, **filters}
        page = call(SERVICE, "GET", "/v1/printers", params=params, data_dir=data_dir)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def _find(printer: str, data_dir: Path | None) -> Reply:
    """A printer by its name, else by its id."""
    if not printer.strip():
        raise Reject("Name a printer.")
    named = _every(data_dir, name=printer)
    printer_id = named[0]["id"] if named else printer
    try:
        return request(SERVICE, "GET", _path(printer_id), data_dir=data_dir)
    except NotFound:
        raise NotFound(f"There is no printer {printer}: `inkmeter printers list` shows all.") from None


def _path(printer_id: str) -> str:
    return f"/v1/printers/{quote(printer_id, safe='')}"


def _patch(printer: str, body: dict[str, Any], data_dir: Path | None, *, as_json: bool, done: str) -> None:
    found = _find(printer, data_dir)
    headers = {"If-Match": found.headers["ETag"]}
    changed = request(
        SERVICE, "PATCH", _path(found.body["id"]), body=body, headers=headers, data_dir=data_dir
    ).body
    print_json(changed) if as_json else say(done.format(name=changed["name"]))


def _device(printer: dict[str, Any]) -> str:
    parts = [printer["model"] or "a printer that does not tell its model"]
    parts += [f"serial number {printer['serial']}"] if printer["serial"] else []
    parts += ["a queue of a CUPS server"] if printer["kind"] == "cups" else []
    return ", ".join(parts)


def _state(printer: dict[str, Any]) -> str:
    status = printer["status"]
    if not printer["enabled"]:
        return f"disabled: {printer['disabled_reason']}" if printer["disabled_reason"] else "disabled"
    if status["error"]:
        return f"failing ({status['consecutive_failures']}x): {status['error']}"
    return status["activity"] or ("read" if status["succeeded_at"] else "not read yet")


def _time(text: str | None) -> str | None:
    if not text:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
