"""`inkmeter accounting what-if`: what a period would have come to by another price list."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import click

from services.accounting.cli.acting import acting_as
from services.accounting.cli.progress import followed
from shared.errors import Reject
from shared.http.client import call, request
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

BYS: Final = ("project", "printer", "person", "department", "media", "category", "month")
LEVELS: Final = ("all", "project", "customer", "department", "printer", "group", "model", "default")
_EXAMPLES: Final = {
    "project": "P-100", "customer": "C-7", "department": "ARCH", "printer": "CN12345678", "group": "Studio",
    "model": "'HP DesignJet T1700'",
}  # fmt: skip
"""A key of each level that needs one."""
COLUMNS: Final = (
    ("Lines", "right"), ("Changed", "right"), ("Cost", "right"), ("then", "right"), ("Price", "right"),
    ("then", "right"), ("Difference", "right"), ("Unpriced", "right"), ("then", "right"),
)  # fmt: skip


def filter_options(function: Any) -> Any:
    """Adds the filters of lines that commands take."""
    for name, text in (
        ("category", "Only this category."),
        ("media", "Only this medium."),
        ("department", "Only this department."),
        ("project", "Only this project."),
        ("person", "Only this person."),
        ("printer", "Only this printer."),
    ):
        function = click.option(f"--{name}", multiple=True, help=f"{text} May be given more than once.")(function)
    return function


def filters_of(period: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """The filters as accounting takes them."""
    said = {name: list(values) for name, values in options.items() if values}
    return {**said, "period": period} if period else said


@click.command("what-if")
@click.option("--list", "price_list", required=True, help="NAME, its newest version or draft, or NAME@VERSION.")
@click.option("--against", help="Another list to compare with  [default: what is booked]")
@click.option("--period", required=True, help="Such as last-month, 2026-10 or 2026-10-01..2026-10-15.")
@click.option("--for", "level", default="all", metavar="LEVEL[=KEY]",
              help="What the list counts for: all, default, or project=P-100, printer=..., model=...")  # fmt: skip
@click.option("--by", type=click.Choice(BYS), default="project", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="Rows shown.")
@filter_options
@data_dir_option
@json_option
def what_if(
    *,
    price_list: str,
    against: str | None,
    period: str,
    level: str,
    by: str,
    limit: int,
    data_dir: Path | None,
    as_json: bool,
    **filters: Any,
) -> None:
    """Replay a period through a price list, and tell the difference. Nothing is written to the ledger.

    Example: inkmeter accounting what-if --list standard@4 --period 2026-10 --by project
    """
    name, _, key = level.partition("=")
    if name not in LEVELS:
        raise Reject(f"--for {level} is unknown: one of {', '.join(LEVELS)}, with =KEY where it needs one.")
    if not key and name in _EXAMPLES:
        raise Reject(f"--for {name} needs its key, such as --for {name}={_EXAMPLES[name]}.")
    body = {
        "price_list": price_list,
        "against": against,
        "assign": {"level": name, "key": key},
        "filter": filters_of(period, filters),
    }
    reply = request("accounting", "POST", "/v1/what-if", body=body, headers=acting_as(), data_dir=data_dir)
    path = f"/v1/what-if/{reply.body['id']}"
    followed(reply.body, path, data_dir, quiet=as_json)
    told = call("accounting", "GET", path, params={"by": by}, data_dir=data_dir)
    if as_json:
        print_json(told)
        return
    print_table(
        [by.capitalize(), *COLUMNS],
        [(each["name"] or "(none)", *row_of(each["sums"])) for each in told["rows"][:limit]],
        footer=("All", *row_of(told["sums"])),
        empty="No line was completed in that period.",
    )
    say(_verdict(told, limit))


def row_of(sums: dict[str, Any]) -> tuple[object, ...]:
    """The cells of COLUMNS."""
    before = Decimal(sums["cost_before"]) + Decimal(sums["price_before"])
    after = Decimal(sums["cost_after"]) + Decimal(sums["price_after"])
    return (
        f"{sums['lines']:,}",
        f"{sums['changed']:,}",
        *(money(sums[name]) for name in ("cost_before", "cost_after", "price_before", "price_after")),
        money(str(after - before), sign=True),
        sums["unpriced_before"],
        sums["unpriced_after"],
    )


def money(amount: str, *, sign: bool = False) -> str:
    """An amount for people, exact, with at least two decimals."""
    text = f"{Decimal(amount):{'+' if sign else ''},f}"
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.rstrip('0').ljust(2, '0')}"


def _verdict(told: dict[str, Any], limit: int) -> str:
    sums, rows = told["sums"], told["rows"]
    against = f" against {told['against']}" if told["against"] else ""
    changed = f"{sums['changed']:,} of {sums['lines']:,} lines differ"
    lines = [f"{changed} by {told['price_list']}{against} in {told['period']}."]
    if lost := sums["newly_unpriced"]:
        lines.append(f"{counted(lost, 'line')} would have no amount any more: the list lacks a rate.")
    if found := sums["newly_priced"]:
        lines.append(f"{counted(found, 'line')} without an amount would have one.")
    if left := len(rows[limit:]) + told["more"]:
        lines.append(f"Not shown: {counted(left, 'row')} with smaller differences.")
    return "\n".join(lines)


def counted(count: int, what: str) -> str:
    """So many of something: `1 line`, `2,000 lines`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
