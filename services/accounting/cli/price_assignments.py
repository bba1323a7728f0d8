"""`inkmeter prices assign`, `unassign` and `assignments`: which price list counts for whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import click

from services.accounting.cli.pages import all_items
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

F = TypeVar("F", bound=Callable[..., Any])
_PATH: Final = "/v1/price-assignments"
_LEVELS: Final = {
    "project": ("CODE", "For the jobs of a project."),
    "customer": ("CODE", "For all projects of a customer."),
    "department": ("CODE", "For the jobs of a department."),
    "printer": ("ID", "For the jobs of a printer, by its id or serial number."),
    "group": ("NAME", "For the printers of a group."),
    "model": ("NAME", "For the printers of a model."),
}
"""In the order in which they are tried."""


def _whom_options(function: F) -> F:
    """Adds the options that name one place, and `--default`."""
    wrapped: Any = click.option("--default", "default", is_flag=True, help="For all that have none of their own.")(
        function
    )
    for level, (metavar, text) in reversed(_LEVELS.items()):
        wrapped = click.option(f"--{level}", level, metavar=metavar, help=text)(wrapped)
    found: F = wrapped
    return found


def _whom(whom: dict[str, Any]) -> tuple[str, str, str]:
    """The one place that was named: its path after the book, its level, and how it is called."""
    default = whom.pop("default")
    given = [(level, key) for level, key in whom.items() if key]
    if len(given) + default != 1:
        options = ", ".join(f"--{level}" for level in (*_LEVELS, "default"))
        raise click.UsageError(f"Name exactly one of {options}")
    if default:
        return "default", "default", "all that have none of their own"
    ((level, key),) = given
    return f"{level}/{quote(key, safe='')}", level, f"{level} {key}"


@click.command("assign")
@click.argument("price_list", metavar="LIST")
@_whom_options
@data_dir_option
@json_option
def assign(price_list: str, *, data_dir: Path | None, as_json: bool, **whom: Any) -> None:
    """Let a price list count for a project, customer, department, printer, group or model.

    They are tried in this order; the first list that has a version valid when the job completed counts as a whole.
    Jobs that are charged already stay as they are.

    Example: inkmeter prices assign bridge --project P-100
    """
    path, _, words = _whom(whom)
    book = call("accounting", "GET", f"/v1/price-books/{quote(price_list, safe='')}", data_dir=data_dir)["book"]
    item = call("accounting", "PUT", f"{_PATH}/{book}/{path}", body={"price_list": price_list}, data_dir=data_dir)
    if as_json:
        print_json(item)
        return
    say(f"{price_list} counts in book {book} for {words}.")
    if not item["known"]:
        say(f"There is no {words} yet: is it misspelt? The list counts as soon as there is one.")


@click.command("unassign")
@_whom_options
@click.option(
    "--book", type=click.Choice(["price", "cost"]), default="price", show_default=True, help="Which book."
)
@data_dir_option
@json_option
def unassign(*, book: str, data_dir: Path | None, as_json: bool, **whom: Any) -> None:
    """Take away the price list that counts for a project, customer, department, printer, group or model.

    Example: inkmeter prices unassign --project P-100
    """
    path, level, words = _whom(whom)
    call("accounting", "DELETE", f"{_PATH}/{book}/{path}", data_dir=data_dir)
    if as_json:
        print_json({"unassigned": True, "book": book, "level": level})
    elif level == "default":
        say(f"No price list counts by default in book {book}: jobs without a list of their own are UNPRICED.")
    else:
        say(f"No price list of book {book} is assigned to {words} any more.")


@click.command("assignments")
@click.option("--book", type=click.Choice(["price", "cost"]), help="Only of this book.")
@click.option("--level", type=click.Choice([*_LEVELS, "default"]), help="Only of this level.")
@click.option("--list", "price_list", metavar="NAME", help="Only of this price list.")
@data_dir_option
@json_option
def assignments(
    *, book: str | None, level: str | None, price_list: str | None, data_dir: Path | None, as_json: bool
) -> None:
    """List which price list counts for whom.

    Example: inkmeter prices assignments --level project
    """
    params = {"book": book, "level": level, "price_list": price_list}
    items = all_items("accounting", _PATH, params, data_dir)
    if as_json:
        print_json(items)
        return
    print_table(
        ["Book", "Level", "For", "Price list", "Since", "By"],
        [
            (i["book"], i["level"], i["key"], i["price_list"], i["assigned_at"][:10], i["assigned_by"])
            for i in items
        ],
        empty="No price list is assigned to anybody: publish one, or see `inkmeter prices assign --help`.",
    )
