"""Stops processes in order, each stage bounded: first asked, then killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from typing import Final

from deploy.local.identity import is_alive
from deploy.local.state import ChildState

POLL_S: Final = 0.02
KILLED_WITHIN_S: Final = 3.0


class Stage(IntEnum):
    """What is stopped when: a service still needs the servers while it ends."""

    SERVICE = 0
    KAFKA = 1
    POSTGRES = 2


GRACE_S: Final = {Stage.SERVICE: 12.0, Stage.KAFKA: 10.0, Stage.POSTGRES: 8.0}
"""How long each stage has before it is killed: 30 s in all."""


def stop_in_order(children: Sequence[ChildState]) -> tuple[str, ...]:
    """Stops these processes stage by stage; whoever else stops them at the same time does no harm.

    Returns:
        the names of those that had to be killed.
    """
    killed: list[str] = []
    for stage in Stage:
        killed += _stop_stage([child for child in children if child.stage == stage], GRACE_S[stage])
    return tuple(killed)


def _stop_stage(children: Sequence[ChildState], grace_s: float) -> list[str]:
    for child in children:
        if is_alive(child.pid, child.mark):
            with suppress(ProcessLookupError):
                os.kill(child.pid, child.stop_signal)
    left = _wait(children, grace_s)
    for child in left:
        kill_group(child.pid)
    _wait(left, KILLED_WITHIN_S)
    return [child.name for child in left]


def _wait(children: Sequence[ChildState], within_s: float) -> list[ChildState]:
    """Those that still live when the time is over."""
    end = time.monotonic() + within_s
    left = [child for child in children if is_alive(child.pid, child.mark)]
    while left and time.monotonic() < end:
        time.sleep(POLL_S)
        left = [child for child in left if is_alive(child.pid, child.mark)]
    return left


def kill_group(pid: int) -> None:
    """Kills a process that leads its own group, and what it started in that group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
