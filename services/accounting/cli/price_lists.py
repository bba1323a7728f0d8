"""`inkmeter prices`: import, show and publish price lists."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click

from services.accounting.cli.pages import all_items
from shared.errors import Reject
from shared.http.client import call, request
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

MAX_FILE_BYTES: Final = 15_000_000
_PATH: Final = "/v1/price-books"
_ACCEPT: Final = {"toml": "application/toml", "csv": "text/csv", "json": "application/json"}


@click.group(short_help="Import, show and publish price lists.")
def prices() -> None:
    """Import, show and publish price lists. A published version never changes; a new file is the next version."""


@prices.command("list")
@data_dir_option
@json_option
def list_prices(*, data_dir: Path | None, as_json: bool) -> None:
    """List every version of every price list.

    Example: inkmeter prices list
    """
    items = all_items("accounting", _PATH, {}, data_dir)
    if as_json:
        print_json(items)
        return
    print_table(
        ["Name", ("Version", "right"), "Book", "State", "Valid from", "Counts"],
        [(i["name"], i["version"], i["book"], i["state"], i["valid_from"], "yes" if i["default"] else "")
         for i in items],
        empty="There is no price list yet: import one with `inkmeter prices import FILE`.",
    )  # fmt: skip


@prices.command("show")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Which version  [default: the newest]")
@click.option("--format", "form", type=click.Choice(["toml", "csv", "json"]), default="toml", show_default=True)
@data_dir_option
@json_option
def show(name: str, *, version: int | None, form: str, data_dir: Path | None, as_json: bool) -> None:
    """Print a price list as the file that `inkmeter prices import` takes.

    Example: inkmeter prices show standard --version 2 --format csv > standard.csv
    """
    form = "json" if as_json else form
    reply = request(
        "accounting",
        "GET",
        f"{_PATH}/{quote(name, safe='')}",
        params={"version": version},
        headers={"Accept": _ACCEPT[form]},
        data_dir=data_dir,
    )
    if form == "json":
        print_json(reply.body)
    else:
        sys.stdout.write(reply.body.decode())


@prices.command("import")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@data_dir_option
@json_option
def import_file(file: Path, *, data_dir: Path | None, as_json: bool) -> None:
    """Import a price list file, TOML or CSV, as a draft. The same file again changes nothing.

    Example: inkmeter prices import standard.toml
    """
    raw = _read(file)
    is_csv = file.suffix.lower() == ".csv"
    kind = {"Content-Type": _ACCEPT["csv" if is_csv else "toml"]}
    try:
        reply = request("accounting", "POST", _PATH, body=raw, headers=kind, data_dir=data_dir)
    except Reject as refusal:
        raise Reject(f"{file}: {refusal}") from refusal
    if as_json:
        print_json(reply.body)
    else:
        say("\n".join(_imported(reply.body)))


def _read(file: Path) -> bytes:
    """The file's bytes, or those of standard input for `-`."""
    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_FILE_BYTES)
    try:
        with file.open("rb") as source:
            return source.read(MAX_FILE_BYTES)
    except OSError as error:
        raise Reject(f"{file} can't be read: {error.strerror}.") from error


def _imported(item: dict[str, Any]) -> Iterator[str]:
    label = f"{item['name']} v{item['version']}"
    if item["change"] == "unchanged":
        yield f"{label} says the same already: nothing was changed."
    else:
        verb = "is a new draft" if item["change"] == "created" else "is a draft, now with what this file says"
        yield f"{label} {verb} of book {item['book']}."
    if item["state"] == "draft":
        yield f"It does not count yet: inkmeter prices publish {item['name']}"


@prices.command("publish")
@click.argument("name")
@click.option("--default", "make_default", is_flag=True, help="Let this list count in its book.")
@data_dir_option
@json_option
def publish(name: str, *, make_default: bool, data_dir: Path | None, as_json: bool) -> None:
    """Publish the draft of a price list. From then on that version never changes.

    The first list published in a book is the one that counts there, until --default names another.

    Example: inkmeter prices publish standard
    """
    path = f"{_PATH}/{quote(name, safe='')}/publish"
    item = call("accounting", "POST", path, body={"default": make_default}, data_dir=data_dir)
    if as_json:
        print_json(item)
        return
    counts = (
        f"It counts in book {item['book']} from {item['valid_from']}."
        if item["default"]
        else f"It does not count in book {item['book']}: inkmeter prices publish {item['name']} --default"
    )
    say(f"{item['name']} v{item['version']} is published. {counts}")
