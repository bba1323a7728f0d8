"""Keeps a library that says the same thing again and again from filling the disk while a server is away."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

EVERY_S: Final = 60.0
"""How often the same thing may be said."""
MAX_KEPT: Final = 1_000
"""Of so many different things it is known when they were said."""
_NUMBERS: Final = re.compile(r"\d+")


@dataclass(slots=True)
class _Said:
    at_s: float
    held_back: int = 0


class Repeats(logging.Filter):
    """Lets a logger say the same thing once a minute, and then how often it was held back meanwhile.

    Things that differ in numbers alone are the same. A Kafka client whose broker is away says so twenty times a
    second. What comes with a traceback always passes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[tuple[str, str], _Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be said."""
        if record.exc_info:
            return True
        text = record.getMessage()
        what = (record.name, _NUMBERS.sub("#", text))
        now = self._clock()
        with self._lock:
            said = self._said.pop(what, None)
            if said and now - said.at_s < EVERY_S:
                said.held_back += 1
                self._said[what] = said
                return False
            self._said[what] = _Said(now)
            if len(self._said) > MAX_KEPT:
                del self._said[next(iter(self._said))]
        if said and said.held_back:
            record.msg, record.args = f"{text} (held back {said.held_back} times before)", ()
        return True
