"""`inkmeter accounting unpriced` and `reprice`: lines without an amount, and pricing lines again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from services.accounting.cli.acting import acting_as
from services.accounting.cli.progress import followed
from services.accounting.cli.what_if import COLUMNS, counted, filter_options, filters_of, row_of
from shared.errors import Reject
from shared.http.client import call, request
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

_COLUMNS: Final = (
    "Book", "Why", "Model", "Medium", "Category", ("Lines", "right"), ("Jobs", "right"), ("Used m2", "right"),
    "First", "Last",
)  # fmt: skip


@click.command("unpriced")
@click.option("--period", help="Such as this-month or 2026-10  [default: all time]")
@click.option("--list", "price_list", help="Tell what this list, such as a draft, would price of them.")
@filter_options
@data_dir_option
@json_option
def unpriced(
    *, period: str | None, price_list: str | None, data_dir: Path | None, as_json: bool, **filters: Any
) -> None:
    """List what lines lack that have no cost or no price, most lines first; or preview what a list would price.

    Example: inkmeter accounting unpriced --list standard
    """
    wanted = filters_of(period, filters)
    if price_list:
        body = {"price_list": price_list, "filter": wanted}
        told = call("accounting", "POST", "/v1/unpriced/preview", body=body, data_dir=data_dir)
        if as_json:
            print_json(told)
            return
        rows = [(each["name"] or "(none)", *row_of(each["sums"])) for each in told["rows"]]
        print_table(["Project", *COLUMNS], rows, footer=("All", *row_of(told["sums"])))
        lacking = counted(told["sums"]["unpriced_before"], "line")
        say(f"{told['sums']['newly_priced']:,} of {lacking} would have all amounts. "
            "Publish the list, then: inkmeter accounting reprice --unpriced")  # fmt: skip
        return
    found = call("accounting", "GET", "/v1/unpriced", params=wanted, data_dir=data_dir)
    if as_json:
        print_json(found["items"])
        return
    print_table(_COLUMNS, [_row(each) for each in found["items"]], empty="Every line has a cost and a price.")
    if found["more"]:
        say("There are more, of fewer lines each: name a period, project, medium or category to see them.")


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    what = (item["book"], item["reason"], item["model"], item["media"], item["category"])
    seen = (item["first_seen"][:10], item["last_seen"][:10])
    return (*what, f"{item['lines']:,}", f"{item['jobs']:,}", item["used_area_m2"].rstrip("0").rstrip("."), *seen)


@click.command("reprice")
@click.option("--period", help="Such as last-month or 2026-10.")
@click.option("--unpriced", "only_unpriced", is_flag=True, help="Only fill in amounts that are lacking.")
@click.option("--reason", help="Why; it is kept with the entries.")
@click.option("--dry-run", is_flag=True, help="Only tell what it would come to.")
@filter_options
@data_dir_option
@json_option
def reprice(
    *,
    period: str | None,
    only_unpriced: bool,
    reason: str | None,
    dry_run: bool,
    data_dir: Path | None,
    as_json: bool,
    **filters: Any,
) -> None:
    """Price lines again by the published lists; those whose amounts differ get new entries, and can be undone.

    What a draft would change tells `inkmeter accounting what-if`.

    Example: inkmeter accounting reprice --period 2026-10 --reason "rates of the new contract" --dry-run
    """
    wanted = filters_of(period, filters)
    body: dict[str, Any] = {"filter": wanted, "dry_run": dry_run}
    if reason or not only_unpriced:
        body["reason"] = reason or ("a trial" if dry_run else "")
    if not body.get("reason", "said") or not (period or only_unpriced):
        lacking = (
            "--reason, which is kept with the entries" if period or only_unpriced else "--period or --unpriced"
        )
        raise Reject(f"Give {lacking}.")
    path = "/v1/unpriced/price" if only_unpriced else "/v1/repricings"
    reply = request("accounting", "POST", path, body=body, headers=acting_as(), data_dir=data_dir)
    task = followed(reply.body, f"/v1/repricings/{reply.body['id']}", data_dir, quiet=as_json)
    if as_json:
        print_json(task)
        return
    rows = [
        (each["month"], *row_of(each["sums"]), each["correction_id"])
        for each in task["months"]
        if each["sums"]["lines"] or each["sums"]["changed"]
    ]
    print_table(["Month", *COLUMNS, ("Correction", "right")], rows, empty="There is no such line.")
    say("Nothing was posted: this was a trial." if dry_run else _verdict(task["months"]))


def _verdict(months: list[dict[str, Any]]) -> str:
    changed = sum(each["sums"]["changed"] for each in months)
    if not changed:
        return "No amount differs: nothing was posted."
    made = ", ".join(str(each["correction_id"]) for each in months if each["correction_id"])
    have = "has new entries" if changed == 1 else "have new entries"
    return f"{counted(changed, 'line')} {have}, by correction {made}."
