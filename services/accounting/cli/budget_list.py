"""`inkmeter budgets`: what may be charged to whom, and how much of it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import click

from services.accounting.cli.pages import all_items
from shared.http.client import call, request
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

_PATH: Final = "/v1/budgets"
_OWNERS: Final = click.Choice(["project", "department", "customer", "person"])
_PERIODS: Final = click.Choice(["month", "quarter", "year", "total"])
_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.group(short_help="Limit what may be charged, and see what is used.")
def budgets() -> None:
    """Limit what may be charged to a project, department, customer or person, and see what is used."""


@budgets.command("list")
@click.option("--owner-kind", type=_OWNERS, help="Only those of projects, departments, customers or people.")
@click.option("--owner", help="Only those of this code.")
@data_dir_option
@json_option
def list_budgets(*, owner_kind: str | None, owner: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List budgets with what is used of each in its present period.

    Example: inkmeter budgets list --owner-kind project
    """
    items = all_items("accounting", _PATH, {"owner_kind": owner_kind, "owner": owner}, data_dir)
    if as_json:
        print_json(items)
        return
    print_table(
        [("Id", "right"), "Owner", "Period", ("Amount", "right"), ("Used", "right"), ("Reserved", "right"),
         ("Left", "right"), ("%", "right"), "Limit", "Active"],
        [_row(item) for item in items],
        empty="There is no budget yet: make one with `inkmeter budgets set project P-100 --amount 500.00`.",
    )  # fmt: skip


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    usage = item["usage"]
    return (
        item["id"],
        f"{item['owner_kind']} {item['owner']}",
        item["period"],
        item["amount"],
        usage["used"],
        usage["reserved"],
        usage["left"],
        usage["percent"],
        "hard" if item["hard"] else "soft",
        "yes" if item["active"] else "no",
    )


@budgets.command("set")
@click.argument("owner_kind", type=_OWNERS)
@click.argument("owner")
@click.option("--amount", required=True, help="Such as 500.00.")
@click.option("--period", type=_PERIODS, default="month", show_default=True)
@click.option("--hard/--soft", default=False, help="Hold back jobs beyond it, or only tell.  [default: soft]")
@click.option("--threshold", "thresholds", type=click.IntRange(1, 1_000), multiple=True, default=(50, 80, 100),
              show_default=True, help="Percent at which it tells; repeat it for several.")  # fmt: skip
@click.option("--from", "valid_from", type=_DAY, help="First day that counts, such as 2026-01-01.")
@click.option("--until", "valid_until", type=_DAY, help="First day that no longer counts.")
@click.option("--active/--inactive", default=True, show_default=True)
@data_dir_option
@json_option
def set_budget(
    owner_kind: str,
    owner: str,
    *,
    valid_from: Any,
    valid_until: Any,
    thresholds: tuple[int, ...],
    data_dir: Path | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Make a budget, or change the one that this owner has of that period from that day on.

    Example: inkmeter budgets set project P-100 --amount 500.00 --period month --hard
    """
    body = {
        **values,
        "thresholds": sorted(thresholds),
        "valid_from": valid_from.date().isoformat() if valid_from else None,
        "valid_until": valid_until.date().isoformat() if valid_until else None,
    }
    there = [
        each
        for each in all_items("accounting", _PATH, {"owner_kind": owner_kind, "owner": owner}, data_dir)
        if (each["period"], each["valid_from"]) == (body["period"], body["valid_from"])
    ]
    if there:
        item = call("accounting", "PUT", f"{_PATH}/{there[0]['id']}", body=body, data_dir=data_dir)
    else:
        item = request(
            "accounting",
            "POST",
            _PATH,
            body={**body, "owner_kind": owner_kind, "owner": owner},
            headers={"Idempotency-Key": str(uuid4())},
            data_dir=data_dir,
        ).body
    print_json(item) if as_json else say(_sentence(item))


@budgets.command("show")
@click.argument("number", type=click.IntRange(1))
@click.option("--day", type=_DAY, help="Look at the period that this day lies in  [default: today]")
@data_dir_option
@json_option
def show(number: int, *, day: Any, data_dir: Path | None, as_json: bool) -> None:
    """Show a budget: what is used, reserved and left in its period.

    Example: inkmeter budgets show 1 --day 2026-10-31
    """
    params = {"day": day.date().isoformat() if day else None}
    item = call("accounting", "GET", f"{_PATH}/{number}", params=params, data_dir=data_dir)
    print_json(item) if as_json else say(_sentence(item))


@budgets.command("remove")
@click.argument("number", type=click.IntRange(1))
@data_dir_option
@json_option
def remove(number: int, *, data_dir: Path | None, as_json: bool) -> None:
    """Remove a budget; what it was is kept.

    Example: inkmeter budgets remove 1
    """
    call("accounting", "DELETE", f"{_PATH}/{number}", data_dir=data_dir)
    print_json({"id": number, "removed": True}) if as_json else say(f"Budget {number} is removed.")


def _sentence(item: dict[str, Any]) -> str:
    usage, currency = item["usage"], item["currency"]
    days = f"{usage['first_day'] or 'the beginning'} to {usage['last_day'] or 'now'}"
    limit = "jobs beyond it are held back" if item["hard"] else "it only tells"
    return (
        f"Budget {item['id']}: {item['owner_kind']} {item['owner']} may be charged {item['amount']} {currency} "
        f"by {item['period']}; {limit}{'' if item['active'] else '; it is not active'}.\n"
        f"{days}: {usage['used']} used, {usage['reserved']} reserved, {usage['left']} left "
        f"({usage['percent']} %)."
    )
