"""`inkmeter prices copy` and `inkmeter prices compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

import click

from services.accounting.cli.price_differences import day_text, print_differences
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, say

_PATH: Final = "/v1/price-books"


def _reference(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, int | None] | None:
    """A list as `standard` or, in one version, `standard@2`."""
    if value is None:
        return None
    name, at, version = value.rpartition("@")
    if not at:
        return value, None
    if not name or not version.isdecimal() or not int(version):
        raise click.BadParameter(f"{value!r} is no list: write it as NAME or NAME@VERSION")
    return name, int(version)


@click.command("copy")
@click.argument("source", metavar="NAME[@VERSION]", callback=_reference)
@click.option("--name", help="Of the new list  [default: its own, so it is the next version]")
@click.option("--valid-from", metavar="DAY", help="From when it is to count  [default: as before]")
@click.option("--valid-until", metavar="DAY", help="The day from which it counts no more  [default: as before]")
@click.option("--change-percent", metavar="PERCENT", help="On every rate, such as 2.5 or -10.")
@data_dir_option
@json_option
def copy(
    source: tuple[str, int | None],
    *,
    name: str | None,
    valid_from: str | None,
    valid_until: str | None,
    change_percent: str | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Make a draft from a version of a price list, with every rate raised if wanted.

    Example: inkmeter prices copy standard --valid-from 2027-01-01 --change-percent 2.5
    """
    old, version = source
    body = {
        "name": name or old,
        "version": version,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "change_percent": change_percent,
    }
    given = {key: value for key, value in body.items() if value is not None}
    item = call("accounting", "POST", f"{_PATH}/{quote(old, safe='')}/copy", body=given, data_dir=data_dir)
    if as_json:
        print_json(item)
        return
    label = f"{item['name']} v{item['version']}"
    say(
        f"{label} is a new draft of book {item['book']}, valid from {day_text(item['valid_from'])}.\n"
        f"It does not count yet: inkmeter prices publish {item['name']}"
    )


@click.command("compare")
@click.argument("before", metavar="A[@VERSION]", callback=_reference)
@click.argument("after", metavar="[B[@VERSION]]", callback=_reference, required=False)
@data_dir_option
@json_option
def compare(
    before: tuple[str, int | None], after: tuple[str, int | None] | None, *, data_dir: Path | None, as_json: bool
) -> None:
    """Show what differs between two price lists, or between two versions of one.

    A list alone is compared in its newest version with the one before; a version alone, with the newest.

    Example: inkmeter prices compare standard@1 standard@2
    """
    name, version = before
    other, other_version = after or (None, None)
    found = call(
        "accounting",
        "GET",
        f"{_PATH}/{quote(name, safe='')}/compare",
        params={"version": version, "with": other, "with_version": other_version},
        data_dir=data_dir,
    )
    if as_json:
        print_json(found)
        return
    print_differences(found, *(f"{found[side]['name']} v{found[side]['version']}" for side in ("before", "after")))
