"""`inkmeter jobs`: list what was printed, with what it cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.accounting.cli.pages import all_items
from shared.terminal import data_dir_option, json_option, print_json, print_table


@click.group(short_help="List jobs.")
def jobs() -> None:
    """List jobs."""


@jobs.command("list")
@click.option("--period", help="Such as today, this-month, 2026-11 or 2026-11-01..2026-11-30.")
@click.option("--printer", help="Printer id.")
@click.option("--person", help="User name.")
@click.option("--project", help="Project code.")
@click.option("--unpriced", is_flag=True, help="Only jobs with a line that lacks a cost or a price.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@data_dir_option
@json_option
def list_jobs(*, limit: int, data_dir: Path | None, as_json: bool, unpriced: bool, **filters: str | None) -> None:
    """List jobs, the last completed first. The charges of a job have its lines' numbers: CHARGE is <entry>.<line>.

    Example: inkmeter jobs list --period this-month --project P-100
    """
    params: dict[str, Any] = {**filters, "unpriced": unpriced or None}
    items = all_items("accounting", "/v1/jobs", params, data_dir, at_most=limit)
    if as_json:
        print_json(items)
        return
    print_table(
        ["Completed", "Printer", "Person", "Project", "Title", ("Used m2", "right"), ("Cost", "right"),
         ("Price", "right"), "Charge of its first line"],
        [_row(item) for item in items],
        empty="No job was printed.",
    )  # fmt: skip


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    unpriced = bool(item.get("unpriced_lines"))
    return (
        item["completed_at"],
        item["printer_name"],
        item["person"],
        item.get("project"),
        item.get("title"),
        item.get("used_area_m2"),
        _money(item.get("cost"), unpriced=unpriced),
        _money(item.get("price"), unpriced=unpriced),
        item.get("first_charge_id"),
    )


def _money(amount: str | None, *, unpriced: bool) -> str:
    if amount is None:
        return "UNPRICED" if unpriced else ""
    return amount.rstrip("0").ljust(amount.index(".") + 3, "0")
