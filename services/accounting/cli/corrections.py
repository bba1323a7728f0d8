"""`inkmeter accounting correct`, `void`, `undo` and `corrections`: what was charged wrongly is set right."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import click

from services.accounting.cli.acting import acting_as
from services.accounting.cli.pages import all_items
from shared.events.jobs import Kind, Outcome
from shared.http.client import call, request
from shared.http.headers import IDEMPOTENCY_KEY
from shared.terminal import data_dir_option, json_option, print_json, print_table, say

F = TypeVar("F", bound=Callable[..., Any])
_FILTERS: Final = ("period", "printer", "group", "person", "project", "department", "customer", "kind", "media",
                   "category", "outcome")  # fmt: skip
_SUMS: Final = ("jobs", "lines", "cost", "price", "unpriced_lines")
_COLUMNS: Final = ("", "Project", ("Jobs", "right"), ("Lines", "right"), ("Cost", "right"), ("Price", "right"),
                   ("Unpriced", "right"))  # fmt: skip


def lines_options(function: F) -> F:
    """Adds the options that say which lines: some by name, or all that filters find."""
    options = [
        click.option("--charge", multiple=True, help="Id of a charge; may be given several times."),
        click.option("--job", multiple=True, help="Id of a job, meaning all of its lines."),
        click.option("--period", help="Lines of jobs completed in it, such as 2026-11 or 2026-11-01..2026-11-15."),
        click.option("--printer", multiple=True, help="Printer id."),
        click.option("--group", multiple=True, help="Group of printers."),
        click.option("--person", multiple=True, help="User name that lines count for now."),
        click.option("--project", multiple=True, help="Project code that lines count for now; '' for none."),
        click.option("--department", multiple=True, help="Department code that lines count for now."),
        click.option("--customer", multiple=True, help="Customer of the project."),
        click.option("--kind", multiple=True, type=click.Choice(get_args(Kind))),
        click.option("--media", multiple=True, help="Media code."),
        click.option("--category", multiple=True, help="Category."),
        click.option("--outcome", multiple=True, type=click.Choice(get_args(Outcome))),
        click.option("--unpriced", is_flag=True, help="Only lines that lack a cost or a price."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def change_options(function: F) -> F:
    """Adds the options of every change: why, and how carefully."""
    options = [
        click.option("--reason", required=True, help="Why; it is kept with the change."),
        click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing."),
        click.option("--expect-lines", type=click.IntRange(0), help="Refuse unless just so many lines change."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command("correct")
@lines_options
@click.option("--to-person", help="User name that lines are to count for; '' for nobody.")
@click.option("--to-project", help="Project code that lines are to count for; '' for none.")
@click.option("--to-department", help="Department code that lines are to count for; '' for none.")
@click.option("--billable/--not-billable", default=None, help="Whether the lines are billable.")
@click.option("--force", is_flag=True, help="Also to a project or department that is not active.")
@change_options
@data_dir_option
@json_option
def correct(*, data_dir: Path | None, as_json: bool, billable: bool | None, **options: Any) -> None:
    """Make lines count for another person, project or department, or (not) billable, by new entries.

    Example: inkmeter accounting correct --period 2026-11 --project P-100 --to-project P-200 --reason "wrong site"
    """
    change = {name: options[f"to_{name}"] for name in ("person", "project", "department")}
    named = {name: value for name, value in {**change, "billable": billable}.items() if value is not None}
    if not named:
        raise click.UsageError("Say what is to change, such as --to-project P-200 or --not-billable.")
    body = {"change": named, "force": options["force"], **_lines(options)}
    show_result(make_correction(body | _how(options), data_dir), as_json=as_json)


@click.command("void")
@lines_options
@change_options
@data_dir_option
@json_option
def void(*, data_dir: Path | None, as_json: bool, **options: Any) -> None:
    """Take lines out of every total, as if they had never been charged; both stay to be seen.

    Example: inkmeter accounting void --job 0199d0c2-6a4e-8c31-9d5b-2f7e8a1b4c60 --reason "test print"
    """
    show_result(make_correction({"void": True, **_lines(options)} | _how(options), data_dir), as_json=as_json)


@click.command("undo")
@click.argument("correction")
@change_options
@data_dir_option
@json_option
def undo(correction: str, *, data_dir: Path | None, as_json: bool, **options: Any) -> None:
    """Give the lines of a correction the state that they had before it, by a further correction.

    Example: inkmeter accounting undo 12 --reason "it was right after all"
    """
    show_result(make_correction({"undo": correction} | _how(options), data_dir), as_json=as_json)


@click.command("corrections")
@click.option("--actor", help="Only those that this one made.")
@click.option("--kind", type=click.Choice(["correction", "void", "reprice", "undo"]))
@click.option("--period", help="Only those made then, such as today or 2026-11.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@data_dir_option
@json_option
def corrections(*, limit: int, data_dir: Path | None, as_json: bool, **filters: str | None) -> None:
    """List corrections, the newest first: who changed how many lines, when and why.

    Example: inkmeter accounting corrections --period this-month
    """
    items = all_items("accounting", "/v1/corrections", filters, data_dir, at_most=limit)
    if as_json:
        print_json(items)
        return
    rows = [
        (each["id"], each["kind"], each["made_at"][:16].replace("T", " "), each["actor"], each["lines"],
         _undoing(each), each["reason"])
        for each in items
    ]  # fmt: skip
    print_table(
        ["Id", "Kind", "Made", "By", ("Lines", "right"), "", "Reason"], rows, empty="Nothing was corrected."
    )


@click.command("correction")
@click.argument("correction")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="Lines to show.")
@data_dir_option
@json_option
def correction(correction: str, *, limit: int, data_dir: Path | None, as_json: bool) -> None:
    """Show a correction with the lines that it changed, before and after.

    Example: inkmeter accounting correction 12
    """
    found = call("accounting", "GET", f"/v1/corrections/{correction}", params={"limit": limit}, data_dir=data_dir)
    if as_json:
        print_json(found)
        return
    say(f"Correction {found['id']} ({found['kind']}) by {found['actor']}, {found['made_at']}: {found['reason']}")
    rows = [(each["charge_id"], each["day"], *_states(each)) for each in found["entries"]]
    print_table(["Charge", "Booked", "Before", "After"], rows)
    if found["next"]:
        say(f"{found['lines'] - len(rows)} more lines: --limit shows more of them.")


def make_correction(body: dict[str, Any], data_dir: Path | None) -> dict[str, Any]:
    """Sends a correction; sent again by a retry below, it is made once."""
    headers = {**acting_as(), IDEMPOTENCY_KEY.name: str(uuid.uuid4())}
    sent = request("accounting", "POST", "/v1/corrections", body=body, headers=headers, data_dir=data_dir)
    result: dict[str, Any] = sent.body
    return result


def show_result(result: dict[str, Any], *, as_json: bool) -> None:
    """Says what a change did."""
    if as_json:
        print_json(result)
        return
    if not result["lines"]:
        say(f"Nothing to change: {result['unchanged']} lines are so already.")
        return
    did = "would change" if result["dry_run"] else f"changed, correction {result['id']}"
    months = ", ".join(f"{each['lines']} booked in {each['month']}" for each in result["booked"])
    left = f"; {result['unchanged']} were so already" if result["unchanged"] else ""
    say(f"{result['lines']} lines {did}: {months}{left}.")
    rows = [("Before", each["project"] or "(none)", *_sums(each["before"])) for each in result["projects"]]
    rows += [("After", each["project"] or "(none)", *_sums(each["after"])) for each in result["projects"]]
    print_table(_COLUMNS, sorted(rows, key=lambda row: (row[1], row[0] == "After")))


def _lines(options: dict[str, Any]) -> dict[str, Any]:
    """Which lines, from the options."""
    chosen: dict[str, Any] = {}
    if options["charge"]:
        chosen["charges"] = list(options["charge"])
    if options["job"]:
        chosen["jobs"] = list(options["job"])
    filters = {name: options[name] for name in _FILTERS if options[name]}
    if options["unpriced"]:
        filters["unpriced"] = True
    if filters:
        chosen["filter"] = {
            name: list(each) if isinstance(each, tuple) else each for name, each in filters.items()
        }
    if len(chosen) != 1:
        raise click.UsageError("Say which lines: by --charge, or by --job, or by filters such as --period.")
    return chosen


def _how(options: dict[str, Any]) -> dict[str, Any]:
    how = {name: options[name] for name in ("reason", "dry_run", "expect_lines")}
    return {name: value for name, value in how.items() if value is not None}


def _sums(sums: dict[str, Any]) -> tuple[object, ...]:
    return tuple(sums[name] for name in _SUMS)


def _undoing(item: dict[str, Any]) -> str:
    if item["undone_by"]:
        return f"undone by {item['undone_by']}"
    return f"undoes {item['undoes']}" if item["undoes"] else ""


def _states(entry: dict[str, Any]) -> tuple[str, str]:
    """Before and after; a line that only counts its medium or category from then on, or no longer, says so."""
    before, after = _state(entry["before"]), _state(entry["after"])
    return before, after if before != after else f"{after}, counts its medium or category otherwise"


def _state(state: dict[str, Any]) -> str:
    """One state of a line in a few words."""
    if state["voided"]:
        return "void"
    names = [state[name] for name in ("person", "project", "department") if state[name]]
    amounts = f"{state.get('cost', 'UNPRICED')} / {state.get('price', 'UNPRICED')}"
    counts = ", counts the job" if state["jobs"] else ""
    return f"{' '.join(names) or '(nobody)'}, {'' if state['billable'] else 'not '}billable, {amounts}{counts}"
