"""`inkmeter report`: summaries as a table, JSON, CSV or a page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args
from urllib.parse import urlencode

import click
import msgspec

from services.reporting.answer import SummaryAnswer, from_answer
from services.reporting.question import DEFAULT_PERIOD, FILTERS
from services.reporting.render.terminal import as_text, drawn
from services.reporting.summary import By, Sort
from shared.errors import Reject
from shared.http.client import request
from shared.periods import ACCEPTED
from shared.terminal import console, data_dir_option, json_option, print_json

F = TypeVar("F", bound=Callable[..., Any])


def _filters(function: F) -> F:
    """Adds an option for each filter; an empty value wants the jobs that name none."""
    for name in reversed(FILTERS):
        function = click.option(f"--{name}", metavar="CODE", help=f"Only jobs of this {name}; '' for none.")(
            function
        )
    return function


@click.group(short_help="Print summaries.")
def report() -> None:
    """Print summaries of what was printed and what it cost."""


@report.command("summary")
@click.option(
    "--by", type=click.Choice(get_args(By)), default="project", show_default=True, help="What rows stand for."
)
@click.option("--period", default=DEFAULT_PERIOD, show_default=True, help=f"One of: {', '.join(ACCEPTED)}.")
@click.option("--timezone", metavar="ZONE", help="Such as Europe/Berlin  [default: the installation's].")
@click.option("--sort", type=click.Choice(get_args(Sort)), help="What rows are ordered by  [default: price].")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "html"]),
    default="table",
    show_default=True,
    help="A page (html) goes into a file, all else to the terminal unless --output is given.",
)
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, for spreadsheets that need it.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@_filters
@click.option("--billable/--not-billable", default=None, help="Only lines that are billable, or are not.")
@click.option("--unpriced/--priced", default=None, help="Only lines that lack a cost or a price, or lack neither.")
@click.option(
    "--as-of", metavar="MOMENT", help="As the ledger stood then, such as 2026-11-24T10:00Z  [default: now]."
)
@json_option
@data_dir_option
def summary(
    *,
    form: str,
    output: Path | None,
    as_json: bool,
    data_dir: Path | None,
    **asked: str | bool | None,
) -> None:
    """Sum up a period by printer, group, person, project, customer, department, kind, media, category, day, month.

    Example: inkmeter report summary --by project --period this-month

    Example: inkmeter report summary --by person --period 2026-11-01..2026-11-30 --format html

    Example: inkmeter report summary --by customer --period 2026-10 --as-of 2026-11-03T08:00+01:00
    """
    form = "json" if as_json else form
    given = {name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()}
    told = {name: value for name, value in given.items() if value is not None}
    wire = "json" if form == "table" else form
    reply = request("reporting", "GET", f"/v1/summary?{urlencode({**told, 'format': wire})}", data_dir=data_dir)
    if form == "html" and output is None:
        output = Path(Path(reply.headers.get_filename("inkmeter-summary.html")).name)
    if form == "table":
        found = from_answer(msgspec.convert(reply.body, SummaryAnswer))
        if output is None:
            console().print(drawn(found))
        else:
            _write(as_text(found).encode(), output)
    elif form == "json" and output is None:
        print_json(reply.body)
    else:
        _write(reply.body if isinstance(reply.body, bytes) else _pretty(reply.body), output)


def _pretty(body: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n"


def _write(raw: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(raw)
        return
    try:
        output.write_bytes(raw)
    except OSError as error:
        raise Reject(f"{output} can't be written ({error.strerror}).") from error
    click.echo(f"{output}")
