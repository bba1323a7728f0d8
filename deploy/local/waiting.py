"""Waits until a server answers, gives up when it has ended, and stops waiting when it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from deploy.local.child import Child
from shared.errors import ConfigError, Unreachable

POLL_S: Final = 0.05


class Abort(Protocol):
    """Says that nobody waits any more: a threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop waiting."""
        ...


NEVER: Final[Abort] = threading.Event()


class Aborted(Exception):  # noqa: N818 - it is no error: somebody asked for it
    """A start was given up because the stack is to stop."""


def wait_until(answers: Callable[[], bool], child: Child, *, within_s: float, abort: Abort) -> None:
    """Asks again and again until the answer is yes.

    Raises:
        ConfigError: the process ended; gives its last words.
        Unreachable: it did not answer in time.
        Aborted: told so.
    """
    program = child.program
    end = time.monotonic() + within_s
    while not answers():
        if abort.is_set():
            raise Aborted(program.name)
        if child.exit_code is not None:
            raise ConfigError(
                f"{program.name} ended with {child.exit_code} while it started: {child.last_words()}",
                remedy=f"The whole story is in {program.log_path}.",
            )
        if time.monotonic() > end:
            raise Unreachable(
                f"{program.name} is not ready after {within_s:g} s, see {program.log_path}: {child.last_words()}"
            )
        time.sleep(POLL_S)
