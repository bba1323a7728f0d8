"""The forwarder for Windows can't run here: what can be checked is that it parses, and sends what is taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from services.collector.windows.events import MAX_EVENTS, WindowsEvent, WindowsEvents

FOLDER = Path(__file__).parents[3] / "deploy/windows"
SCRIPTS = sorted(FOLDER.glob("*.ps1"))
SENDER = (FOLDER / "Send-PrintEvents.ps1").read_text()


def wrong_places(node: Node) -> list[str]:
    own = [f"line {node.start_point.row + 1}"] if node.is_error or node.is_missing else []
    return own + [place for child in node.children for place in wrong_places(child)]


def commands(node: Node) -> set[str]:
    own = {(node.text or b"").decode().lower()} if node.type == "command_name" else set()
    return own.union(*(commands(child) for child in node.children))


def tree(script: Path) -> Node:
    return Parser(Language(tree_sitter_powershell.language())).parse(script.read_bytes()).root_node


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_parse_as_powershell(script: Path):
    assert wrong_places(tree(script)) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_command_is_one_of_windows_powershell_or_of_the_script_itself(script: Path):
    own = {name.lower() for name in re.findall(r"^function ([\w-]+)", script.read_text(), re.MULTILINE)}
    windows = {
        "add-content", "convertfrom-json", "convertto-json", "copy-item", "foreach-object", "get-acl",
        "get-childitem", "get-content", "get-date", "get-item", "get-winevent", "icacls.exe", "invoke-webrequest",
        "join-path", "move-item", "new-item", "new-scheduledtaskaction", "new-scheduledtaskprincipal",
        "new-scheduledtasksettingsset", "new-scheduledtasktrigger", "new-timespan", "out-null",
        "register-scheduledtask", "remove-item", "set-strictmode", "sort-object", "start-scheduledtask",
        "test-path", "unregister-scheduledtask", "wevtutil.exe", "where-object", "write-error", "write-output",
    }  # fmt: skip
    assert commands(tree(script)) - own - windows == set()


def test_what_is_sent_has_the_names_that_the_collector_takes():
    body = SENDER[SENDER.index("function ConvertTo-Told") : SENDER.index("function Read-Events")]
    sent = set(re.findall(r"\$told\['(\w+)'\]", body)) | set(re.findall(r"^ {8}(\w+) +=", body, re.MULTILINE))
    assert sent == set(WindowsEvent.__struct_fields__)
    outer = re.search(r"\$body = \[ordered\] @\{ (\w+) = .*?; (\w+) = ", SENDER)
    assert outer is not None
    assert set(outer.groups()) == set(WindowsEvents.__struct_fields__)
    size = re.search(r"\$MaxEventsPerRequest = (\d+)", SENDER)
    assert size is not None
    assert int(size[1]) <= MAX_EVENTS


def test_the_token_goes_over_tls_only_and_stands_in_no_script():
    for script in SCRIPTS:
        text = script.read_text()
        assert "-ne 'https'" in text
        assert "ServerCertificateValidationCallback" not in text
        assert "SkipCertificateCheck" not in text
