"""`inkmeter jobs`: list what was printed, with what it cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import click

from services.accounting.cli.pages import counted_items
from services.accounting.csvfile import write_table
from services.accounting.csvfile.writer import Number
from services.accounting.sorting import NEWEST_FIRST, Sort
from shared.events.jobs import Kind, Outcome
from shared.periods import ACCEPTED
from shared.terminal import data_dir_option, json_option, print_json, print_table

F = TypeVar("F", bound=Callable[..., Any])

FILTERS: Final[dict[str, str]] = {
    "printer": "Printer id.",
    "group": "Group of printers.",
    "person": "User name.",
    "project": "Project code.",
    "department": "Department code.",
    "customer": "Customer of the project.",
    "kind": f"One of: {', '.join(get_args(Kind))}.",
    "media": "Media code.",
    "category": "Category.",
    "status": f"One of: {', '.join(get_args(Outcome))}.",
}
COLUMNS: Final = (
    "job_id", "completed_at", "printer", "printer_name", "person", "project", "department", "billable", "kind",
    "outcome", "title", "copies", "lines", "printed_area_m2", "used_area_m2", "ink_ml", "impressions", "sheets",
    "cost", "price", "unpriced_lines", "voided", "amended",
)  # fmt: skip
"""Of CSV: these keep their names and their order, and more may come after them."""
_NUMBERS: Final = frozenset({"printed_area_m2", "used_area_m2", "ink_ml", "cost", "price"})


def _filters(function: F) -> F:
    """Adds an option for each filter that may be given several times."""
    for name, words in reversed(FILTERS.items()):
        none = "" if name in {"kind", "status"} else "; '' for none"
        function = click.option(f"--{name}", multiple=True, help=f"{words} Several times for any{none}.")(function)
    return function


@click.group(short_help="List jobs.")
def jobs() -> None:
    """List jobs."""


@jobs.command("list")
@click.option("--period", help=f"Of completion, such as {ACCEPTED[0]}, {ACCEPTED[3]} or {ACCEPTED[-1]}.")
@_filters
@click.option("--billable/--not-billable", default=None, help="Only jobs that are billable, or are not.")
@click.option("--unpriced", is_flag=True, help="Only jobs with a line that lacks a cost or a price.")
@click.option(
    "--voided/--not-voided",
    default=None,
    help="Only jobs of which nothing counts any more, or others; without it what a source took back is left out.",
)
@click.option(
    "--sort",
    type=click.Choice(get_args(Sort)),
    default=NEWEST_FIRST,
    show_default=True,
    metavar="ORDER",
    help=f"One of: {', '.join(each for each in get_args(Sort) if each[0] != '-')}; - before it turns round.",
)
@click.option("--totals", is_flag=True, help="Also sum up everything that was asked for, shown or not.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--all", "everything", is_flag=True, help="All of them, however many.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@data_dir_option
@json_option
def list_jobs(
    *,
    limit: int,
    everything: bool,
    form: str,
    data_dir: Path | None,
    as_json: bool,
    unpriced: bool,
    totals: bool,
    **asked: Any,
) -> None:
    """List jobs, the last completed first. The charges of a job have its lines' numbers: CHARGE is <entry>.<line>.

    Example: inkmeter jobs list --period this-month --project P-100 --project P-200 --totals

    Example: inkmeter jobs list --period 2026-11 --sort -price --all --format csv
    """  # fmt: skip
    params = {**asked, "unpriced": unpriced or None, "totals": totals or None}
    at_most = None if everything else limit
    items, sums = counted_items("accounting", "/v1/jobs", params, data_dir, at_most=at_most)
    if as_json or form == "json":
        print_json({"items": items, "totals": sums} if totals else items)
    elif form == "csv":
        rows = ([_cell(item, name) for name in COLUMNS] for item in items)
        click.echo(write_table(COLUMNS, rows, bom=False), nl=False)
    else:
        _print(items, sums)


def _print(items: Sequence[dict[str, Any]], sums: dict[str, Any] | None) -> None:
    columns: list[str | tuple[str, str]] = [
        "Completed", "Printer", "Person", "Project", "Title", ("Used m2", "right"), ("Cost", "right"),
        ("Price", "right"), "Charge of its first line",
    ]  # fmt: skip
    rows = [_row(item) for item in items]
    if any(partly := [_partly(item) for item in items]):
        columns.append("Lines UNPRICED")
        rows = [(*row, words) for row, words in zip(rows, partly, strict=True)]
    print_table(columns, rows, empty="No job was printed.")
    if sums is not None:
        words = [
            f"{sums['jobs']} jobs",
            f"{sums['lines']} lines",
            f"{sums['used_area_m2']} m2 used",
            f"{sums['ink_ml']} ml ink",
            f"{sums['impressions']} impressions",
            f"cost {_money(sums['cost'], unpriced=False)}",
            f"price {_money(sums['price'], unpriced=False)}",
            f"{sums['unpriced_lines']} lines UNPRICED",
        ]
        click.echo(f"In all: {', '.join(words)}.")


def _cell(item: dict[str, Any], name: str) -> str | int | None:
    value = item.get(name, False if name in {"voided", "amended"} else None)
    if isinstance(value, bool):
        return str(value).lower()
    return Number(value) if name in _NUMBERS and value is not None else value


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    unpriced = bool(item.get("unpriced_lines"))
    voided = bool(item.get("voided"))
    return (
        item["completed_at"],
        item["printer_name"],
        item["person"],
        item.get("project"),
        item.get("title"),
        item.get("used_area_m2"),
        "VOID" if voided else _money(item.get("cost"), unpriced=unpriced),
        "VOID" if voided else _money(item.get("price"), unpriced=unpriced),
        item.get("first_charge_id"),
    )


def _partly(item: dict[str, Any]) -> str:
    """How many lines of a job with several lack an amount: what is shown of it leaves them out."""
    lacking = item.get("unpriced_lines", 0)
    return f"{lacking} of {item['lines']}" if lacking and item["lines"] > 1 and not item.get("voided") else ""


def _money(amount: str | None, *, unpriced: bool) -> str:
    if amount is None:
        return "UNPRICED" if unpriced else ""
    return amount.rstrip("0").ljust(amount.index(".") + 3, "0")
