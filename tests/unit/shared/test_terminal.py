"""What printers, people and documents are called must not steer the terminal it is shown on."""

from __future__ import annotations

import json

import pytest

from shared.printable import printable
from shared.terminal import print_json, print_table, say

EVIL = "plan\x1b]0;pwned\x07\x1b[31m\x9b2J\u202etxt.exe\r\n"


def steers(text: str) -> bool:
    return any(each in text for each in "\x1b\x07\x9b\u202e\r")


def test_a_table_shows_foreign_text_without_its_control_characters(capsys: pytest.CaptureFixture[str]):
    print_table(["Title", EVIL], [[EVIL, 1]], footer=[EVIL, 2])
    shown = capsys.readouterr().out
    assert "plan" in shown
    assert not steers(shown)


def test_a_table_of_facts_has_no_line_of_headings(capsys: pytest.CaptureFixture[str]):
    print_table(["", ""], [["Model", "Plotter"]])
    assert capsys.readouterr().out.split() == ["Model", "Plotter"]


def test_a_message_keeps_its_lines_and_nothing_else(capsys: pytest.CaptureFixture[str]):
    say(f"first {EVIL}second")
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 2
    assert not steers(shown)


def test_json_means_the_same_and_holds_control_characters_only_as_escapes(capsys: pytest.CaptureFixture[str]):
    print_json({"title": EVIL})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"title": EVIL}
    assert not steers(shown)


def test_an_empty_table_and_letters_of_all_the_world_are_left_alone(capsys: pytest.CaptureFixture[str]):
    print_table(["Title"], [["Grundriß 一階 Ångström\u00a0№ 5 👩\u200d🔧"]])
    assert "Grundriß 一階 Ångström\u00a0№ 5 👩\u200d🔧" in capsys.readouterr().out
    assert printable("a\nb") == "a\N{REPLACEMENT CHARACTER}b"
