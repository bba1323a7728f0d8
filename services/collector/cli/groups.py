"""`inkmeter groups`: make, rename and remove groups of printers, and move printers between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from services.collector.cli.finding import SERVICE, find_printer
from services.collector.cli.words import printers_words
from shared.errors import NotFound
from shared.http.client import Reply, call, request
from shared.ids import uuid7
from shared.printable import printable
from shared.terminal import data_dir_option, json_option, print_json, print_table, say


@click.group(short_help="Put printers into groups.")
def groups() -> None:
    """Put printers into groups: prices and reports can go by them.

    A group is named by its name or its id. Example: inkmeter groups list
    """


@groups.command("list")
@data_dir_option
@json_option
def list_groups(*, data_dir: Path | None, as_json: bool) -> None:
    """List groups and their printers.

    Example: inkmeter groups list
    """
    found = _every(data_dir)
    if as_json:
        print_json(found)
        return
    rows = [
        (each["name"], len(each["printers"]), ", ".join(member["name"] for member in each["printers"]))
        for each in found
    ]
    print_table(
        ["Group", ("Printers", "right"), ""],
        rows,
        empty="No group yet: make one with `inkmeter groups add NAME`.",
    )


@groups.command("add")
@click.argument("name")
@click.argument("printers", nargs=-1)
@data_dir_option
@json_option
def add(*, name: str, printers: tuple[str, ...], data_dir: Path | None, as_json: bool) -> None:
    """Make a group, and put printers into it.

    Example: inkmeter groups add plotters plotter-1 plotter-2
    """
    members = [find_printer(printer, data_dir).body for printer in printers]
    headers = {"Idempotency-Key": str(uuid7())}
    made = request(SERVICE, "POST", "/v1/groups", body={"name": name}, headers=headers, data_dir=data_dir).body
    for member in members:
        made = _put_in(made, member, data_dir)
    print_json(made) if as_json else say(f"Made the group {made['name']}{_with(made)}.")


@groups.command("rename")
@click.argument("group")
@click.argument("name")
@data_dir_option
@json_option
def rename(*, group: str, name: str, data_dir: Path | None, as_json: bool) -> None:
    """Rename a group; price lists that name it keep its old name.

    Example: inkmeter groups rename plotters "Large format"
    """
    found = _find(group, data_dir)
    headers = {"If-Match": found.headers["ETag"]}
    path = _path(found.body)
    after = request(SERVICE, "PATCH", path, body={"name": name}, headers=headers, data_dir=data_dir).body
    if as_json:
        print_json(after)
        return
    before = found.body["name"]
    say(f"{before} is now {after['name']}. If price lists name {before}, change them too.")


@groups.command("move")
@click.argument("group")
@click.argument("printers", nargs=-1, required=True)
@data_dir_option
@json_option
def move(*, group: str, printers: tuple[str, ...], data_dir: Path | None, as_json: bool) -> None:
    """Put printers into a group, out of the groups that they were in.

    Example: inkmeter groups move plotters plotter-1 plotter-2
    """
    after = _find(group, data_dir).body
    for member in [find_printer(printer, data_dir).body for printer in printers]:
        after = _put_in(after, member, data_dir)
    print_json(after) if as_json else say(_now(after))


@groups.command("take-out")
@click.argument("group")
@click.argument("printers", nargs=-1, required=True)
@data_dir_option
@json_option
def take_out(*, group: str, printers: tuple[str, ...], data_dir: Path | None, as_json: bool) -> None:
    """Take printers out of a group; they stay registered.

    Example: inkmeter groups take-out plotters plotter-1
    """
    found = _find(group, data_dir).body
    for member in [find_printer(printer, data_dir).body for printer in printers]:
        call(SERVICE, "DELETE", f"{_path(found)}/printers/{quote(member['id'], safe='')}", data_dir=data_dir)
    after = _find(found["id"], data_dir).body
    print_json(after) if as_json else say(_now(after))


@groups.command("remove")
@click.argument("group")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
@json_option
def remove(*, group: str, yes: bool, data_dir: Path | None, as_json: bool) -> None:
    """Remove a group; its printers stay, without a group.

    Example: inkmeter groups remove plotters --yes
    """
    found = _find(group, data_dir)
    name = found.body["name"]
    if not yes:
        click.confirm(f"Remove the group {printable(name)}? Its printers stay.", abort=True, err=True)
    request(SERVICE, "DELETE", _path(found.body), headers={"If-Match": found.headers["ETag"]}, data_dir=data_dir)
    print_json({"removed": found.body["id"]}) if as_json else say(f"Removed {name}; its printers stay.")


def _every(data_dir: Path | None, **filters: str) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = None
    while True:
        params = {"limit": 1_000, "cursor": cursor, **filters}
        page = call(SERVICE, "GET", "/v1/groups", params=params, data_dir=data_dir)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def _find(group: str, data_dir: Path | None) -> Reply:
    named = _every(data_dir, name=group)
    try:
        return request(SERVICE, "GET", _path(named[0] if named else {"id": group}), data_dir=data_dir)
    except NotFound:
        raise NotFound(f"There is no group {group}: `inkmeter groups list` shows all.") from None


def _path(group: dict[str, Any]) -> str:
    return f"/v1/groups/{quote(group['id'], safe='')}"


def _put_in(group: dict[str, Any], printer: dict[str, Any], data_dir: Path | None) -> Any:
    return call(SERVICE, "PUT", f"{_path(group)}/printers/{quote(printer['id'], safe='')}", data_dir=data_dir)


def _now(group: dict[str, Any]) -> str:
    return f"The group {group['name']} has now {printers_words(len(group['printers']))}."


def _with(group: dict[str, Any]) -> str:
    count = len(group["printers"])
    return f" with {printers_words(count)}" if count else ""
