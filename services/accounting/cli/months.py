"""`inkmeter accounting periods` and `close`: the months of the ledger."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import click

from services.accounting.cli.acting import acting_as
from services.accounting.cli.pages import all_items
from shared.http.client import request
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

_COLUMNS: Final = (
    "Month", "State", "Closed", "By", ("Jobs", "right"), ("Cost", "right"), ("Price", "right"),
    ("Unpriced", "right"), ("Late lines", "right"), ("Late price", "right"),
)  # fmt: skip


@click.command("close")
@click.argument("month")
@data_dir_option
@json_option
def close(month: str, *, data_dir: Path | None, as_json: bool) -> None:
    """Close a month, such as 2026-11: its sums never change again.

    Late jobs and corrections of its jobs are booked on the first day of the next month. Months close in order, and
    stay closed.

    Example: inkmeter accounting close 2026-11
    """
    path = f"/v1/periods/{month}/close"
    closed = request("accounting", "POST", path, headers=acting_as(), data_dir=data_dir).body
    if as_json:
        print_json(closed)
        return
    say(f"{closed['month']} is closed since {_moment(closed['closed_at'])} by {closed['actor']}: "
        f"{closed['jobs']} jobs, cost {_money(closed['cost'])}, price {_money(closed['price'])}.")  # fmt: skip
    if closed["unpriced_lines"]:
        say(f"{closed['unpriced_lines']} of its lines have no cost or no price: priced later, they count later.")


@click.command("periods")
@data_dir_option
@json_option
def periods(*, data_dir: Path | None, as_json: bool) -> None:
    """List the months of the ledger: open or closed, what is booked in them, and what came late.

    Example: inkmeter accounting periods
    """
    months = all_items("accounting", "/v1/periods", {}, data_dir)
    if as_json:
        print_json(months)
    else:
        print_table(_COLUMNS, [_row(each) for each in months])


def _row(month: dict[str, Any]) -> tuple[object, ...]:
    late = month["late"] or {}
    money = (month["jobs"], _money(month["cost"]), _money(month["price"]), month["unpriced_lines"])
    closed = (month["state"], _moment(month["closed_at"]), month["actor"])
    return (month["month"], *closed, *money, late.get("lines"), _money(late.get("price")))


def _moment(text: str | None) -> str:
    return text[:16].replace("T", " ") if text else ""


def _money(text: str | None) -> str:
    return f"{Decimal(text):.4f}" if text is not None else ""
