"""`inkmeter prices`: import, show and publish price lists."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click

from services.accounting.cli.pages import all_items
from services.accounting.cli.price_differences import day_text, print_differences
from shared.errors import Reject
from shared.http.client import call, request
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

MAX_FILE_BYTES: Final = 15_000_000
_PATH: Final = "/v1/price-books"
_CSV_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt"})
_ACCEPT: Final = {"toml": "application/toml", "csv": "text/csv", "json": "application/json"}


@click.group(short_help="Import, compare, check and publish price lists.")
def prices() -> None:
    """Price lists, from file to charge. A published version never changes; a new file is the next version."""


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
        ["Name", ("Version", "right"), "Book", "State", "Valid from", "Valid until", "Published", "Default"],
        [(i["name"], i["version"], i["book"], i["state"], day_text(i["valid_from"]), day_text(i["valid_until"]),
          (i["published_at"] or "")[:10], "yes" if i["default"] else "")
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
@click.option("--dry-run", is_flag=True, help="Only say what it would do and change.")
@data_dir_option
@json_option
def import_file(file: Path, *, dry_run: bool, data_dir: Path | None, as_json: bool) -> None:
    """Import a price list file, TOML or CSV, as a draft. The same file again changes nothing.

    CSV (.csv, .tsv, .txt) may be as any spreadsheet saves it: UTF-8, UTF-16 or cp1252, with comma, semicolon or
    tab, with decimal point or comma. `inkmeter prices show NAME --format csv` shows the columns.

    Example: inkmeter prices import standard.toml --dry-run
    """
    raw = _read(file)
    kind = {"Content-Type": _ACCEPT["csv" if file.suffix.lower() in _CSV_SUFFIXES else "toml"]}
    try:
        reply = request(
            "accounting",
            "POST",
            _PATH,
            body=raw,
            params={"dry_run": dry_run or None},
            headers=kind,
            data_dir=data_dir,
        )
    except Reject as refusal:
        raise Reject(f"{file}: {refusal}") from refusal
    if as_json:
        print_json(reply.body)
    elif dry_run:
        _tell_dry_run(reply.body)
    else:
        say("\n".join(_imported(reply.body)))


def _tell_dry_run(item: dict[str, Any]) -> None:
    """What an import would do, and how the file differs from the newest version."""
    label, before = f"{item['name']} v{item['version']}", f"v{item['compared_with']}"
    if item["change"] == "unchanged":
        say(f"{label} says the same already: nothing would be changed.")
        return
    if item["change"] == "created":
        say(f"{label} would be a new draft of book {item['book']}. Nothing was changed.")
    else:
        say(f"{label}, a draft of book {item['book']}, would be replaced. Nothing was changed.")
    if item["differences"]:
        print_differences(item["differences"], before, "the file")


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
        rest = "." if item["change"] == "created" else ", now with what this file says."
        yield f"{label} is a {'new ' if item['change'] == 'created' else ''}draft of book {item['book']}{rest}"
    if item["state"] == "draft":
        yield f"It does not count yet: inkmeter prices publish {item['name']}"


@prices.command("delete")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Which version  [default: the newest]")
@data_dir_option
@json_option
def delete(name: str, *, version: int | None, data_dir: Path | None, as_json: bool) -> None:
    """Delete a draft. What is published is kept for ever, for charges name it.

    Example: inkmeter prices delete standard
    """
    path = f"{_PATH}/{quote(name, safe='')}"
    found = call("accounting", "GET", path, params={"version": version}, data_dir=data_dir)
    call("accounting", "DELETE", path, params={"version": found["version"]}, data_dir=data_dir)
    if as_json:
        print_json({"deleted": True, "name": name, "version": found["version"]})
    else:
        say(f"The draft {name} v{found['version']} is deleted.")
