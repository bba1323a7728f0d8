"""`inkmeter explain`: how a charge came about, term by term."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click

from shared.http.client import call
from shared.terminal import data_dir_option, json_option, print_json, say

_WIDTH: Final = 62
MAX_OTHERS: Final = 5
"""Lists told that are for other lines: there may be one for each project."""


@click.command(short_help="Explain how a charge came about.")
@click.argument("charge")
@data_dir_option
@json_option
def explain(charge: str, *, data_dir: Path | None, as_json: bool) -> None:
    """Explain how a charge came about: price list, version, rule, inputs, and every term before the rounding.

    CHARGE is <entry>.<line>, as `inkmeter jobs list` and the events of charges.v1 show it.

    Example: inkmeter explain 4503599627370496.0
    """
    found = call("accounting", "GET", f"/v1/charges/{quote(charge, safe='')}/explain", data_dir=data_dir)
    if as_json:
        print_json(found)
    else:
        say("\n".join(explanation_lines(found)))


def explanation_lines(found: dict[str, Any]) -> Iterator[str]:
    """An explanation as a person reads it."""
    printer = found["printer"]
    model = f" ({printer['model']})" if printer["model"] else ""
    kind = "" if found["entry_kind"] == "charge" else f", {found['entry_kind']}"
    yield f"Charge {found['charge_id']}: line {found['line']} of job {found['job_key']}{kind}"
    yield f"  completed {found['completed_at']} on {printer['name']}{model}, posted {found['posted_at']}"
    yield ""
    yield "What was consumed"
    for name, value in found["inputs"].items():
        yield f"  {name:<18} {_value(value)}"
    if found["takes_back"]:
        yield ""
        yield "This entry takes back what follows, with the opposite sign"
    for book in ("price", "cost"):
        yield ""
        yield from _book(found[book], found["currency"])
    if len(found["history"]) > 1:
        yield ""
        yield "What became of the line"
        for state in found["history"]:
            yield from _state(state)


def _state(state: dict[str, Any]) -> Iterator[str]:
    """One state of the line, and who made it."""
    mark = "*" if state["explained"] else "-"
    if state["voided"]:
        says = "void: counts nothing"
    else:
        names = " ".join(state[name] for name in ("person", "project", "department") if state[name]) or "nobody"
        billable = "billable" if state["billable"] else "not billable"
        amounts = ", ".join(f"{book} {state[book] or 'UNPRICED'}" for book in ("price", "cost"))
        says = f"{names}, {billable}, {amounts}"
    yield f"  {mark} {state['charge_id']} {state['entry_kind']} {state['at'][:19]}, booked {state['day']}: {says}"
    if state["correction_id"]:
        yield f"      correction {state['correction_id']} by {state['actor']}: {state['reason']}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {amount}" for name, amount in value.items())
    return str(value)


def _book(book: dict[str, Any], currency: str) -> Iterator[str]:
    name = book["book"].capitalize()
    listed = f"list {book['price_list']}, version {book['version']}" if book.get("price_list") else "no price list"
    if book.get("unpriced"):
        yield f"{name}: UNPRICED ({listed})"
        yield f"  {book['unpriced']}"
    else:
        yield f"{name}: {book['amount']} {currency} ({listed})"
        yield f"  rule: {book['rule']}"
        yield from _sum(book, currency)
    yield from _candidates(book.get("candidates", ()))


def _candidates(candidates: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Every list that was considered; of those that are for other lines only the first few."""
    others = [each for each in candidates if not each["chosen"] and not each["level"]]
    untold = others[MAX_OTHERS:] if len(others) > MAX_OTHERS + 1 else []
    for each in candidates:
        mark = "*" if each["chosen"] else "-"
        if not each["version"]:
            yield f"  {mark} {each['price_list']} ({each['level']}) {each['why']}"
        elif each not in untold:
            yield f"  {mark} {each['price_list']} v{each['version']} {each['why']}"
    if untold:
        yield f"  - and {len(untold):,} more that are not for this line: `--json` shows them"


def _sum(book: dict[str, Any], currency: str) -> Iterator[str]:
    for term in book.get("terms", ()):
        product = f"{term['quantity']} x {term['rate']}" if term["rate"] else term["quantity"]
        yield f"  {product:<{_WIDTH}} = {term['exact']}"
    if book.get("exact"):
        yield f"  {'exact sum, to the millionth ' + book['exact_micro']:<{_WIDTH}} = {book['exact']}"
        step = (
            f"steps of {book['rounding_step']}" if book.get("rounding_step") else f"{book['precision']} decimals"
        )
        rounded = f"rounded once, half to even, to {step}"
        yield f"  {rounded:<{_WIDTH}} = {book['amount']} {currency}"
    if book.get("note"):
        yield f"  {book['note']}"
