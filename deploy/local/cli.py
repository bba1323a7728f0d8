"""`inkmeter up|down|status`: the local stack on the command line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shared import log
from shared.errors import InkmeterError
from shared.terminal import data_dir_option, json_option, print_json, print_table

if TYPE_CHECKING:
    from deploy.local.stack import LocalStack


def ports_option(function: click.decorators.FC) -> click.decorators.FC:
    """Adds `--ports`: fixed ones, or free ones."""
    return click.option(
        "--ports",
        type=click.Choice(["fixed", "free"]),
        default="fixed",
        show_default=True,
        help="Take the fixed ports, or free ones that are kept for the next start.",
    )(function)


@click.command(short_help="Start the local stack: PostgreSQL, Kafka and all services.")
@data_dir_option
@ports_option
@click.option("--detach", is_flag=True, help="Return when all is ready; stop it with `inkmeter down`.")
@click.option("--progress-fd", type=int, default=None, hidden=True)
def up(*, data_dir: Path | None, ports: str, detach: bool, progress_fd: int | None) -> None:
    """Start the local stack: PostgreSQL, Kafka and all services; Ctrl-C stops it.

    Example: inkmeter up --ports free --data-dir /tmp/inkmeter
    """
    from deploy.local.detach import start_detached  # noqa: PLC0415 - `--help` needs none of this
    from deploy.local.paths import layout_of  # noqa: PLC0415

    layout = layout_of(data_dir)
    if detach:
        arguments = ["--data-dir", str(layout.root), "--ports", ports]
        sys.exit(start_detached(layout, arguments, click.echo, lambda line: click.echo(line, err=True)))
    _run(layout.root, free_ports=ports == "free", progress_fd=progress_fd)


def _run(data_dir: Path, *, free_ports: bool, progress_fd: int | None) -> None:
    from deploy.local.detach import ERROR, ProgressPipe  # noqa: PLC0415
    from deploy.local.run import run_stack  # noqa: PLC0415
    from deploy.local.stack_options import StackOptions  # noqa: PLC0415

    pipe = ProgressPipe(progress_fd) if progress_fd is not None else None
    log.configure("console", service="up", level="info" if pipe else "warning")

    def say(line: str) -> None:
        click.echo(line)
        if pipe:
            pipe.say(line)

    async def ready(stack: LocalStack) -> None:
        for line in ready_lines(stack):
            say(line)
        if pipe:
            pipe.ready()
        else:
            click.echo("Press Ctrl-C to stop.")

    say(f"Starting Inkmeter in {data_dir}")
    try:
        asyncio.run(run_stack(StackOptions(data_dir=data_dir, free_ports=free_ports, say=say), ready))
    except InkmeterError as error:
        if pipe:
            pipe.say(f"{ERROR}inkmeter: {error}")
        raise
    click.echo("Stopped.")


def ready_lines(stack: LocalStack) -> list[str]:
    """What a person needs to know once all is ready."""
    found = stack.stack
    lines = [f"Ready after {stack.ready_after_s:.1f} s."]
    lines += [f"  {name:<12} {service.url}" for name, service in found.services.items()]
    return [*lines, f"  {'token':<12} {found.token_file}"]


@click.command(short_help="Stop the local stack.")
@data_dir_option
@json_option
def down(*, data_dir: Path | None, as_json: bool) -> None:
    """Stop the local stack, and say what was stopped.

    Example: inkmeter down
    """
    from deploy.local.down import stop_stack  # noqa: PLC0415
    from deploy.local.paths import layout_of  # noqa: PLC0415

    layout = layout_of(data_dir)
    stopped = stop_stack(layout)
    if as_json:
        print_json({"data_dir": str(layout.root), "stopped": stopped})
    elif stopped:
        click.echo(f"Stopped {', '.join(stopped)}.")
    else:
        click.echo(f"Nothing runs with the data directory {layout.root}.")


@click.command(short_help="Show what of the local stack runs.")
@data_dir_option
@json_option
def status(*, data_dir: Path | None, as_json: bool) -> None:
    """Show what of the local stack runs; exit 0 when all is well, 1 when something is down, 3 when none runs.

    Example: inkmeter status --json
    """
    from deploy.local.paths import layout_of  # noqa: PLC0415
    from deploy.local.status import status_of  # noqa: PLC0415

    found = status_of(layout_of(data_dir))
    if as_json:
        print_json(found)
    else:
        print_table(
            ["Name", "Running", "Ready", ("Pid", "right"), "Address", ("Restarts", "right"), "What is wrong"],
            [
                (part.name, _yes(part.running), _yes(part.ready), part.pid, part.url, part.restarts, part.why)
                for part in found.parts
            ],
            empty="The stack is just starting.",
        )
    sys.exit(0 if found.ready else 1)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
