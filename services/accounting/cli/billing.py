"""`inkmeter jobs bill` and `unbill`: whether jobs are charged to a customer."""

from __future__ import annotations

from pathlib import Path

import click

from services.accounting.cli.corrections import make_correction, show_result
from shared.terminal import data_dir_option, json_option


@click.command("bill")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@click.option("--reason", required=True, help="Why; it is kept with the change.")
@data_dir_option
@json_option
def bill(jobs: tuple[str, ...], *, reason: str, data_dir: Path | None, as_json: bool) -> None:
    """Mark jobs as billable, all of their lines.

    Example: inkmeter jobs bill 0199d0c2-6a4e-8c31-9d5b-2f7e8a1b4c60 --reason "for the customer after all"
    """
    body = {"change": {"billable": True}, "jobs": list(jobs), "reason": reason}
    show_result(make_correction(body, data_dir), as_json=as_json)


@click.command("unbill")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@click.option("--reason", required=True, help="Why; it is kept with the change.")
@data_dir_option
@json_option
def unbill(jobs: tuple[str, ...], *, reason: str, data_dir: Path | None, as_json: bool) -> None:
    """Mark jobs as not billable, all of their lines.

    Example: inkmeter jobs unbill 0199d0c2-6a4e-8c31-9d5b-2f7e8a1b4c60 --reason "misprint"
    """
    body = {"change": {"billable": False}, "jobs": list(jobs), "reason": reason}
    show_result(make_correction(body, data_dir), as_json=as_json)
