"""The command line as a whole: every command loads, shows an example, and says plainly what is not installed."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from services.cli import COMMANDS, root


def commands(group: click.Group, path: tuple[str, ...] = ()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(("path", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in commands(root)])
def test_every_command_shows_an_example_of_itself(path, command):
    text = command.help or ""
    assert "Example" in text, path
    assert f"inkmeter {' '.join(path)}" in text, path


def test_help_is_quick_because_it_imports_no_client_library():
    program = (
        "import sys, services.cli; print([m for m in ('aiokafka', 'psycopg', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["up", "demo", "down", "status"])
def test_without_the_local_extra_a_command_says_how_to_get_it(command):
    program = f"import sys; sys.modules['psutil'] = None; sys.argv[1:] = ['{command}']; "
    program += "import services.cli as cli; cli.main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "inkmeter[local]" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_is_listed_with_a_sentence():
    assert all(text.endswith(".") for _, text in COMMANDS.values())
