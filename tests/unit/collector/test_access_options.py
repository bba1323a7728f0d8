"""Options of a log-in: secrets come from files, variables or a prompt; what can't be meant is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from services.collector.cli.access_options import access_of, access_options
from shared.errors import Reject


def told(*words: str, stdin: str = "", **environment: str) -> Any:
    """The `access` that a command makes of its words."""
    found: list[Any] = []

    @click.command()
    @access_options
    def command(**given: Any) -> None:
        found.append(access_of(given))

    done = CliRunner(env=environment).invoke(command, words, input=stdin, catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return found[0]


def test_without_options_nothing_is_said():
    assert told() == {}


def test_secrets_come_from_files(tmp_path: Path):
    (tmp_path / "pw").write_text("pass word\n")
    (tmp_path / "community").write_text("comm\n")
    words = ["--user", "admin", "--password-file", str(tmp_path / "pw")]
    words += ["--snmp-community-file", str(tmp_path / "community"), "--snmp-port", "1161"]
    assert told(*words) == {
        "username": "admin", "password": "pass word", "snmp": {"community": "comm", "port": 1161},
    }  # fmt: skip


def test_secrets_come_from_variables_and_a_prompt():
    assert told("--user", "a", INKMETER_DEVICE_PASSWORD="x") == {"username": "a", "password": "x"}
    assert told("--ask-password", stdin="typed\n") == {"password": "typed"}
    v3 = told("--snmp-user", "u", INKMETER_SNMP_AUTH_KEY="a" * 8, INKMETER_SNMP_PRIV_KEY="p" * 8)
    assert v3["snmp"] == {
        "version": "3", "user": "u", "auth_protocol": "SHA256", "auth_key": "a" * 8,
        "priv_protocol": "AES", "priv_key": "p" * 8,
    }  # fmt: skip


def test_snmp_can_be_switched_on_and_off():
    assert told("--snmp") == {"snmp": {"version": "2c"}}
    assert told("--no-snmp") == {"snmp": None}
    assert told("--snmp-community", "public") == {"snmp": {"community": "public"}}


def test_a_certificate_is_named_as_tools_print_it():
    assert told("--certificate", "AB:CD")["certificate_sha256"] == "abcd"


@pytest.mark.parametrize("words", [("--no-snmp", "--snmp"), ("--snmp-user", "u", "--snmp-version", "2c")])
def test_what_contradicts_itself_is_refused(words):
    with pytest.raises(AssertionError, match="Usage"):
        told(*words)


def test_a_file_that_is_no_secret_is_refused_without_its_content(tmp_path: Path):
    large, binary = tmp_path / "large", tmp_path / "binary"
    large.write_text("x" * 2_000)
    binary.write_bytes(b"\xff\xfe")
    for path in (large, binary, tmp_path / "missing"):
        with pytest.raises(Reject, match=path.name):
            told("--password-file", str(path))
