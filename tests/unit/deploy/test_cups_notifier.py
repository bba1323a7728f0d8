"""The notifier of a CUPS server: reads whatever cupsd writes without waiting, and gives up rather than fill up."""

from __future__ import annotations

import os
import threading
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from services.collector.sources.ipp.encode import encode
from services.collector.sources.ipp.message import Attribute, Group, Message
from services.collector.sources.ipp.tags import GroupTag, Tag
from tests.deadline import eventually

PROGRAM = Path(__file__).parents[3] / "deploy/cups/notifier"
WITHIN_S = 10


@pytest.fixture
def notifier(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = SourceFileLoader("inkmeter_notifier", str(PROGRAM))
    spec = spec_from_loader("inkmeter_notifier", loader)
    assert spec is not None
    module = module_from_spec(spec)
    monkeypatch.setattr("sys.dont_write_bytecode", True)  # nothing is left beside the program
    loader.exec_module(module)
    return module


def event(number: int, **more: int) -> bytes:
    """One event as cupsd writes it."""
    attributes = (
        Attribute.of("notify-subscription-id", Tag.INTEGER, 3),
        Attribute.of("notify-sequence-number", Tag.INTEGER, number),
        Attribute.of("notify-printer-uri", Tag.URI, "ipp://vm/printers/Plotter"),
        Attribute.of("printer-name", Tag.NAME, "Plotter"),
        Attribute.of("printer-state-reasons", Tag.KEYWORD, "none", "paused"),
        *(Attribute.of(name.replace("_", "-"), Tag.ENUM, value) for name, value in more.items()),
    )
    return encode(Message(0, number, (Group(GroupTag.EVENT_NOTIFICATION, attributes),)))


def read(notifier: ModuleType, *pieces: bytes) -> list[dict[str, Any]]:
    left = list(pieces)
    reader = notifier.Reader(lambda: left.pop(0) if left else b"")
    found = []
    while (message := reader.message()) is not None:
        found += [notifier.hint(attributes) for tag, attributes in message[1] if tag == notifier.EVENT]
    return found


@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_messages_without_a_mark_between_them_are_told_apart_however_they_are_cut(notifier: ModuleType, size: int):
    octets = b"".join(event(n, notify_job_id=n, job_state=9, job_impressions_completed=6) for n in (1, 2, 3))
    found = read(notifier, *(octets[at : at + size] for at in range(0, len(octets), size)))
    assert [told["job"] for told in found] == [1, 2, 3]
    assert found[0] == {"queue": "Plotter", "server": "vm", "job": 1, "job_state": 9, "impressions": 6}


def test_an_event_of_no_job_is_no_hint_and_half_a_message_is_an_error(notifier: ModuleType):
    assert read(notifier, event(1)) == [None]
    with pytest.raises(notifier.Malformed):
        read(notifier, event(1)[:-5])
    with pytest.raises(notifier.Malformed):
        read(notifier, b"\x02\x00\x00\x00\x00\x00\x00\x01" + b"\x42\x00\x01a\x00\x00" * 10)


def test_a_collector_that_hangs_never_keeps_cupsd_waiting_and_what_is_too_much_is_dropped(notifier: ModuleType):
    posted: list[list[int]] = []
    hangs = threading.Event()

    def post(batch: list[int]) -> tuple[bool, None]:
        hangs.wait(WITHIN_S)
        posted.append(batch)
        return False, None

    sender = notifier.Sender(post)
    sender.start()
    for number in range(3 * notifier.MAX_QUEUED):
        sender.add(number)
    hangs.set()
    sender.finish()
    sender.join(WITHIN_S)
    told = [number for batch in posted for number in batch]
    assert told == sorted(told)
    assert told[-1] == 3 * notifier.MAX_QUEUED - 1, "the newest stay"
    assert len(told) <= notifier.MAX_QUEUED + notifier.MAX_BATCH
    assert max(map(len, posted)) <= notifier.MAX_BATCH


def test_what_can_pass_is_tried_again_and_what_cannot_is_given_up(notifier: ModuleType):
    notifier.FIRST_RETRY_S = 0.01
    answers = [(False, "away"), (False, "HTTP 503"), (False, None), (True, "HTTP 401")]
    asked: list[list[str]] = []

    def post(batch: list[str]) -> tuple[bool, str | None]:
        asked.append(batch)
        return answers[len(asked) - 1]

    sender = notifier.Sender(post)
    sender.start()
    sender.add("first")
    eventually(lambda: len(asked) == 3, within_s=WITHIN_S, what="three tries")
    sender.add("second")
    sender.finish()
    assert asked == [["first"]] * 3 + [["second"]]


def test_where_to_post_is_the_administrators_to_say(notifier: ModuleType, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("CUPS_SERVERROOT", str(tmp_path))
    with pytest.raises(SystemExit, match="must name url and token_file"):
        notifier.config()
    token = tmp_path / "token"
    token.write_text("secret\n")
    config = tmp_path / notifier.CONFIG
    config.write_text(f"# url = http://elsewhere\nurl = http://collector:7081/\n token_file = {token}\n")
    assert (notifier.config()["url"], notifier.config()["token"]) == ("http://collector:7081/", "secret")
    config.write_text(f"url = file:///etc/passwd\ntoken_file = {token}\n")
    with pytest.raises(SystemExit, match="url must be the collector's"):
        notifier.config()


def test_it_is_one_file_that_any_python_runs():
    assert os.access(PROGRAM, os.X_OK)
    assert PROGRAM.read_text().startswith("#!/usr/bin/python3 -SE\n")
