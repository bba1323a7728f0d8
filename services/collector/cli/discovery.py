"""`inkmeter printers discover`: searches with live progress; Ctrl-C stops it and shows what was found."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from services.collector.cli.access_options import COMMUNITY, secret
from services.collector.cli.finding import SERVICE
from services.collector.cli.words import KINDS
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

POLL_S: Final = 0.3
WAYS: Final = {"dns-sd": "announced", "snmp": "SNMP"}


@click.command("discover")
@click.option(
    "--range", "ranges", multiple=True, metavar="RANGE",
    help="Ask each address by SNMP: 192.0.2.0/24, 192.0.2.10-50 or one; may be given more than once.",
)  # fmt: skip
@click.option("--no-dns-sd", is_flag=True, help="Do not listen to what announces itself.")
@click.option("--no-broadcast", is_flag=True, help="Do not ask this machine's networks by SNMP broadcast.")
@click.option("--listen", type=click.IntRange(1, 60), default=5, help="Seconds to listen  [default: 5]")
@click.option("--rate", type=click.IntRange(1, 1_000), help="Questions per second at most  [default: 200]")
@click.option("--snmp-port", type=click.IntRange(1, 65_535), help="UDP port  [default: 161]")
@click.option("--snmp-version", type=click.Choice(["1", "2c"]), help="Version of SNMP  [default: 2c]")
@click.option(
    "--snmp-community-file", type=click.Path(dir_okay=False, path_type=Path),
    help=f"File with the community [or {COMMUNITY}].",
)  # fmt: skip
@data_dir_option
@json_option
def discover(
    *,
    ranges: tuple[str, ...],
    no_dns_sd: bool,
    no_broadcast: bool,
    listen: int,
    rate: int | None,
    data_dir: Path | None,
    as_json: bool,
    **snmp: Any,
) -> None:
    """Search for printers in the allowed networks; none is added by itself.

    Ctrl-C stops the search and shows what was found so far. Exit code 1 when a way of searching did not work.

    Example: inkmeter printers discover --range 192.0.2.0/24
    """
    spoken = {
        "port": snmp["snmp_port"],
        "version": snmp["snmp_version"],
        "community": secret(COMMUNITY, snmp["snmp_community_file"]),
    }
    body: dict[str, Any] = {
        "dns_sd": not no_dns_sd,
        "broadcast": not no_broadcast,
        "ranges": list(ranges),
        "listen_s": listen,
        "snmp": {name: value for name, value in spoken.items() if value is not None},
    }
    if rate is not None:
        body["rate_per_s"] = rate
    search = call(SERVICE, "POST", "/v1/discoveries", body=body, data_dir=data_dir)
    search = _followed(search, data_dir, quiet=as_json)
    print_json(search) if as_json else _show(search)
    sys.exit(1 if search["faults"] or search["state"] == "failed" else 0)


def _followed(search: Any, data_dir: Path | None, *, quiet: bool) -> Any:
    path = f"/v1/discoveries/{search['id']}"
    is_shown = not quiet and sys.stderr.isatty()
    told: list[int] = []
    # Ctrl-C is written down: an exception could come where Python passes over it, as in a destructor.
    before = signal.signal(signal.SIGINT, lambda number, _: told.append(number))
    try:
        while search["state"] == "running" and not told:
            if is_shown:
                click.echo(f"\r\033[K{_progress(search)}", nl=False, err=True)
            time.sleep(POLL_S)
            search = call(SERVICE, "GET", path, data_dir=data_dir)
        if told:
            search = call(SERVICE, "POST", f"{path}/cancel", data_dir=data_dir)
    finally:
        signal.signal(signal.SIGINT, before)
        if is_shown:
            click.echo("\r\033[K", nl=False, err=True)
    return search


def _progress(search: Any) -> str:
    at = search["progress"]
    count = len(search["found"])
    found = f"{count} device{'' if count == 1 else 's'} seen"
    if at["phase"] == "asking":
        return f"Asking who they are: {at['devices_asked']} of {at['devices']}; {found} ... Ctrl-C stops"
    asked = f"{at['addresses_asked']:,} of {at['addresses']:,} addresses asked; " if at["addresses"] else ""
    return f"Searching: {asked}{found} ... Ctrl-C stops"


def _show(search: Any) -> None:
    rows = [
        (
            each["name"],
            each["model"],
            each["serial"] or each["uuid"],
            each["address"] or each["ip"],
            ", ".join(WAYS.get(way, way) for way in each["ways"]),
            _what(each),
        )
        for each in search["found"]
    ]
    print_table(
        ["Name", "Model", "Serial number or UUID", "Address", "Seen by", "What it is"],
        rows,
        empty="No printer was seen: are they switched on, and their networks in INKMETER_PRINTER_NETWORKS?",
    )
    if search["state"] == "cancelled":
        say("Stopped before its end.", err=True)
    for fault in search["faults"]:
        say(f"Warning: {fault}", err=True)
    new = next((each for each in search["found"] if each["address"] and not each["registered_as"]), None)
    if new:
        say(f"Add one with `inkmeter printers add NAME {new['address']}`.")


def _what(device: Any) -> str:
    if device["registered_as"]:
        return f"registered as {device['registered_as']['name']}"
    if device["fault"]:
        return f"can't be read: {device['fault']}"
    return KINDS.get(device["kind"], str(device["kind"]))
