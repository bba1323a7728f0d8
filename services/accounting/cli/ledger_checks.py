"""`inkmeter accounting verify` and `rebuild`: check sums against the ledger, and make them anew."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from shared.settings import PREFIX, CommonSettings, load
from shared.stack import read_stack
from shared.terminal import data_dir_option, json_option, print_json, print_table

if TYPE_CHECKING:
    from services.accounting.verify import VerifyReport


@click.group(short_help="Check the ledger, close months, correct charges.")
def accounting() -> None:
    """Check the sums that reports read against the ledger, close months, and correct what was charged wrongly."""


@accounting.command("verify")
@click.option("--aggregates", is_flag=True, help="Compare the live windows with the ledger, too.")
@data_dir_option
@json_option
def verify_command(*, aggregates: bool, data_dir: Path | None, as_json: bool) -> None:
    """Recount every rollup from the ledger and check that all is explained; exit 1 when something is wrong.

    Example: inkmeter accounting verify --json
    """
    from services.accounting.verify import verify  # noqa: PLC0415 - so that `inkmeter --help` answers at once

    report = verify(database_url(data_dir))
    if aggregates:
        report = _with_windows(report, data_dir)
    if as_json:
        print_json(report)
    else:
        print_table(
            ["Check", ("Wrong", "right"), "For example"],
            [(each.check, each.wrong, "\n".join(each.examples)) for each in report.findings],
        )
        verdict = "All is well" if report.ok else "Something is wrong"
        click.echo(
            f"{verdict}: {report.jobs} jobs, {report.lines} lines, {report.amendments} later states of lines."
        )
    sys.exit(0 if report.ok else 1)


def _with_windows(report: VerifyReport, data_dir: Path | None) -> VerifyReport:
    """The report with one more finding: live windows that are not what the ledger says."""
    from services.accounting.cli.live_windows import check_windows  # noqa: PLC0415
    from services.accounting.verify import Finding  # noqa: PLC0415

    found = check_windows(database_url(data_dir), data_dir)
    finding = Finding("live_windows", found.wrong, found.examples)
    return msgspec.structs.replace(report, ok=report.ok and found.ok, findings=[*report.findings, finding])


@accounting.command("rebuild")
@click.option("--aggregates", is_flag=True, help="Make the live windows anew instead; nothing waits for that.")
@data_dir_option
@json_option
def rebuild_command(*, aggregates: bool, data_dir: Path | None, as_json: bool) -> None:
    """Make all rollups anew from the ledger; jobs that come in meanwhile wait.

    Example: inkmeter accounting rebuild
    """
    if aggregates:
        from services.accounting.cli.live_windows import rebuild_windows  # noqa: PLC0415

        made = rebuild_windows(database_url(data_dir), data_dir)
        told = f"Made {made.cells} live windows anew from the ledger, generation {made.generation}."
        print_json(made) if as_json else click.echo(told)
        return
    from services.accounting.verify import rebuild  # noqa: PLC0415

    cells = rebuild(database_url(data_dir))
    print_json({"cells": cells}) if as_json else click.echo(f"Made {cells} sums anew from the ledger.")


def database_url(data_dir: Path | None) -> str:
    """The database of the settings, else that of the running local stack.

    Raises:
        ConfigError: the settings are wrong.
        Unreachable: no stack runs there.
    """
    if data_dir is None and any(os.environ.get(f"{PREFIX}DATABASE_URL{twin}") for twin in ("", "_FILE")):
        return load(CommonSettings, token="-" * 16).database_url.get_secret_value()
    return read_stack(data_dir).database.url
