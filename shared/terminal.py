"""What commands print: tables for people, JSON for machines, and the options that all commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from shared.printable import escaped_json, printable

F = TypeVar("F", bound=Callable[..., Any])


def _named_directory(_: click.Context, __: click.Parameter, value: str | None) -> Path | None:
    """An empty name, such as of a variable that is not set, would mean the working directory."""
    if value == "":
        raise click.BadParameter("it is empty")
    return None if value is None else Path(value)


def data_dir_option(function: F) -> F:
    """Adds `--data-dir`: which local stack a command speaks to."""
    option = click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=str),
        callback=_named_directory,
        default=None,
        help="Data directory of the running stack  [default: $INKMETER_DATA_DIR, else the user's data folder]",
    )
    return option(function)


def json_option(function: F) -> F:
    """Adds `--json`: the answer for machines."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(function)


def print_json(value: object) -> None:
    """Writes a value as indented JSON, decimals as strings."""
    sys.stdout.write(escaped_json(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()) + "\n")


def say(text: str, *, err: bool = False) -> None:
    """Writes a sentence or several lines; control characters in what others named or wrote are neutralised."""
    click.echo(printable(text, lines=True), err=err)


def console() -> Console:
    """The terminal; as wide as needed when the output goes into a file or a pipe."""
    return Console() if sys.stdout.isatty() else Console(width=200, soft_wrap=True)


def print_table(
    columns: Sequence[str | tuple[str, str]],
    rows: Sequence[Sequence[object]],
    *,
    footer: Sequence[object] | None = None,
    empty: str = "Nothing to show.",
) -> None:
    """Writes a plain table.

    Args:
        columns: headings; a tuple is (heading, "right") for numbers. Only empty ones: no line of headings.
        rows: cells, turned into text; they are never read as markup, nor sent as control sequences.
        footer: a last row, set apart.
        empty: what to say when there are no rows.
    """
    out = console()
    if not rows:
        out.print(Text(empty))
        return
    table = Table(box=SIMPLE_HEAD, show_header=any(columns), show_footer=footer is not None, pad_edge=False)
    for index, column in enumerate(columns):
        heading, justify = column if isinstance(column, tuple) else (column, "left")
        last = Text(_cell(footer[index]), style="bold") if footer is not None else ""
        # Folded where it is too narrow: an address or an id with its end cut off is of no use.
        way: JustifyMethod = "right" if justify == "right" else "left"
        table.add_column(Text(_cell(heading)), footer=last, justify=way, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(cell)) for cell in row))
    out.print(table)


def _cell(value: object) -> str:
    return "" if value is None else printable(str(value))
