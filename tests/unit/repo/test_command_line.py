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


@pytest.mark.parametrize(("path", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in commands(root)])
def test_every_command_that_ends_by_itself_speaks_to_machines_too(path, command):
    stays = {("up",), ("demo",), ("run",)}
    assert path in stays or "as_json" in {parameter.name for parameter in command.params}


def inkmeter(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "words",
    [("nonsense",), ("up", "--data-dir", ""), ("jobs", "list", "--limit", "0"), ("explain",), ("run", "nothing"),
     ("dlq", "retry"), ("report", "summary", "--by", "nothing")],
)  # fmt: skip
def test_wrong_usage_is_told_in_one_sentence_with_the_remedy(words):
    done = inkmeter(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("inkmeter: ")
    assert "--help` shows how." in done.stderr


def test_debug_shows_the_traceback_and_keeps_the_exit_code(tmp_path):
    plain = inkmeter("jobs", "list", "--data-dir", str(tmp_path))
    debugged = inkmeter("--debug", "jobs", "list", "--data-dir", str(tmp_path))
    assert (plain.returncode, debugged.returncode) == (3, 3)
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debugged.stderr


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
