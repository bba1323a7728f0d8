"""`inkmeter prices check` and `inkmeter prices publish`: what publishing a draft would do, and doing it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click

from services.accounting.cli.price_differences import day_text
from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

_PATH: Final = "/v1/price-books"
FOUND: Final = 1
"""Exit code: done, but something is wrong."""


@click.command("check")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Which version  [default: the newest]")
@click.option("--default", "make_default", is_flag=True, help="As if it were to become the default of its book.")
@data_dir_option
@json_option
def check(name: str, *, version: int | None, make_default: bool, data_dir: Path | None, as_json: bool) -> None:
    """Say what publishing a draft would leave, and what it would have changed last month.

    It tells of gaps, overlaps and rates that are gone, and prices last month's jobs again without writing them.
    The exit code is 1 where it finds an error.

    Example: inkmeter prices check standard
    """
    found = _checked(name, {"version": version, "default": make_default}, data_dir)
    if as_json:
        print_json(found)
    else:
        _tell(found)
    if any(each["level"] == "error" for each in found["findings"]):
        sys.exit(FOUND)


@click.command("publish")
@click.argument("name")
@click.option("--default", "make_default", is_flag=True, help="Let this list count in its book.")
@click.option("--accept", metavar="CODE", multiple=True, help="Publish although the checks find this error.")
@data_dir_option
@json_option
def publish(name: str, *, make_default: bool, accept: Sequence[str], data_dir: Path | None, as_json: bool) -> None:
    """Publish the draft of a price list. From then on that version never changes.

    What there is to say of it is shown first; errors stop the publication unless they are accepted.
    The first list published in a book is the one that counts there, until --default names another.

    Example: inkmeter prices publish standard
    """
    if not as_json:
        checked = _checked(name, {"default": make_default}, data_dir)
        _print_findings(checked["findings"])
        _print_effect(checked)
    body = {"default": make_default, "accept": list(accept)}
    item = call("accounting", "POST", f"{_PATH}/{quote(name, safe='')}/publish", body=body, data_dir=data_dir)
    if as_json:
        print_json(item)
        return
    counts = (
        f"It counts in book {item['book']} from {day_text(item['valid_from'])}."
        if item["default"]
        else f"It does not count by default in book {item['book']}: inkmeter prices assign {item['name']} --help"
    )
    say(f"{item['name']} v{item['version']} is published. {counts}")


def _checked(name: str, body: dict[str, Any], data_dir: Path | None) -> Any:
    given = {key: value for key, value in body.items() if value is not None}
    return call("accounting", "POST", f"{_PATH}/{quote(name, safe='')}/check", body=given, data_dir=data_dir)


def _tell(found: dict[str, Any]) -> None:
    label = f"{found['name']} v{found['version']}"
    if found["state"] == "published":
        say(f"{label} is published: there is nothing to check.")
        return
    _print_findings(found["findings"])
    _print_effect(found)
    errors = [each["code"] for each in found["findings"] if each["level"] == "error"]
    if errors:
        accepted = " ".join(f"--accept {code}" for code in dict.fromkeys(errors))
        say(f"{label} can't be published until the errors are mended, or accepted:")
        say(f"  inkmeter prices publish {found['name']} {accepted}")
    elif not found["findings"]:
        say(f"{label} can be published: nothing stands against it.")
    else:
        say(f"{label} can be published.")


def _print_findings(findings: Sequence[dict[str, str]]) -> None:
    if findings:
        print_table(["Level", "Code", "What"], [(each["level"], each["code"], each["text"]) for each in findings])


def _print_effect(found: dict[str, Any]) -> None:
    """What the draft would have changed last month, in all and where it would have changed most."""
    effect = found["effect"]
    if effect is None or not effect["total"]["lines"]:
        return
    rows = [
        (what, row["name"] or row["key"] or "(none)", row["lines"], *_amounts(row))
        for what in ("project", "printer", "category")
        for row in effect[f"by_{what}"]
    ]
    total = effect["total"]
    is_for_nobody = any(each["code"] == "not-assigned" for each in found["findings"])
    as_if = ", as if the list counted by default" if is_for_nobody else ""
    say(f"Effect on the jobs of {effect['first_day']} to {effect['last_day']}, in {effect['currency']}{as_if}:")
    print_table(
        ["By", "Name", ("Lines", "right"), ("As booked", "right"), ("By the draft", "right"),
         ("Difference", "right"), ("UNPRICED", "right")],
        rows,
        footer=["all", "", total["lines"], *_amounts(total)],
        empty=f"None: all {total['lines']} lines would cost what they cost now.",
    )  # fmt: skip


def _amounts(sums: dict[str, Any]) -> tuple[str, str, str, str]:
    difference = sums["difference"]
    signed = difference if difference.startswith("-") else f"+{difference}"
    return sums["before"], sums["after"], signed, str(sums["newly_unpriced"] or "")
