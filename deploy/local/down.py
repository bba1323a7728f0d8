"""Stops the stack of a data directory, also one whose supervisor is gone."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import Final

import psutil

from deploy.local import leftovers
from deploy.local.lock import StackLock, holder_of
from deploy.local.paths import Layout
from deploy.local.state import StackState, read_json

POLL_S: Final = 0.05
STOPPED_WITHIN_S: Final = 45.0
"""More than the stages of `stopping` take together."""
ENDED_WITHIN_S: Final = 5.0


def stop_stack(layout: Layout) -> tuple[str, ...]:
    """Asks the supervisor to end, kills it when it does not, and makes sure that nothing is left.

    Returns:
        what was stopped, as `name (pid)`; empty when nothing ran.
    """
    state = read_json(layout.state_file, StackState)
    told = tuple(f"{child.name} ({child.pid})" for child in (state.children if state else ()))
    holder = holder_of(layout.lock_file)
    if holder:
        with suppress(ProcessLookupError):
            os.kill(holder, signal.SIGTERM)
        if _released(layout, STOPPED_WITHIN_S):
            # What is left for it to do takes milliseconds; who looks after `down` finds no process at all.
            with suppress(psutil.Error, psutil.TimeoutExpired):
                psutil.Process(holder).wait(ENDED_WITHIN_S)
        else:
            with suppress(ProcessLookupError):
                os.kill(holder, signal.SIGKILL)
            _released(layout, STOPPED_WITHIN_S)
    if not layout.state_file.exists():
        return told if holder else ()
    lock = StackLock(layout.lock_file)
    lock.acquire()
    try:
        left = leftovers.clear(layout)
        return told if holder else left
    finally:
        lock.release()


def _released(layout: Layout, within_s: float) -> bool:
    end = time.monotonic() + within_s
    while holder_of(layout.lock_file) is not None:
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True
