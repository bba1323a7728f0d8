"""What a library repeats is held back, counted, and said again after a while; all else passes."""

from __future__ import annotations

import logging

import pytest

from shared.log_repeats import EVERY_S, MAX_KEPT, Repeats


class Said:
    """A logger behind the filter, at a time that we set."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.lines: list[str] = []
        self._filter = Repeats(lambda: self.now_s)

    def say(self, text: str, *arguments: object, logger: str = "kafka", exc_info: object = None) -> None:
        record = logging.LogRecord(logger, logging.WARNING, "", 0, text, arguments, exc_info)  # type: ignore[arg-type]
        if self._filter.filter(record):
            self.lines.append(record.getMessage())


@pytest.fixture
def said() -> Said:
    return Said()


def test_what_is_repeated_is_said_once_until_the_time_is_over(said: Said) -> None:
    for _ in range(5):
        said.say("broker %d is down after %d ms", 1, 20)
        said.say("broker %d is down after %d ms", 1, 31)
    said.now_s = EVERY_S
    said.say("broker 1 is down after 50 ms")
    said.say("broker 1 is down after 51 ms")

    assert said.lines == [
        "broker 1 is down after 20 ms",
        "broker 1 is down after 50 ms (held back 9 times before)",
    ]


def test_other_things_and_other_loggers_pass(said: Said) -> None:
    said.say("down")
    said.say("up")
    said.say("down", logger="database")

    assert said.lines == ["down", "up", "down"]


def test_percent_signs_of_the_text_are_no_place_for_arguments(said: Said) -> None:
    for _ in range(2):
        said.say("%s", "100 % full %s")
        said.now_s += EVERY_S - 1
    said.now_s += 1
    said.say("%s", "100 % full %s")

    assert said.lines == ["100 % full %s", "100 % full %s (held back 1 times before)"]


def test_what_has_a_traceback_always_passes(said: Said) -> None:
    for _ in range(2):
        said.say("it broke", exc_info=(ValueError, ValueError(), None))

    assert said.lines == ["it broke"] * 2


def test_what_was_said_long_ago_is_forgotten_first(said: Said) -> None:
    said.say("first")
    for number in range(MAX_KEPT):
        said.say("another: " + "x" * number)
    said.say("first")

    assert said.lines.count("first") == 2
