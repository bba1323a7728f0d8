"""Watches the stack's processes: one that dies is started again on the same port, and its pid made known."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from deploy.local.child import Child
from deploy.local.guard import Guard
from deploy.local.restarts import MAX_DEATHS, WITHIN_S, Restarts
from deploy.local.state import ChildState
from deploy.local.stopping import stop_in_order
from shared.errors import ConfigError

POLL_S: Final = 0.05
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Watched:
    child: Child
    restarts: Restarts = field(default_factory=Restarts)
    due_s: float | None = None
    """When to start it again; None while it runs."""


class Supervisor:
    """The running processes of one stack.

    Args:
        guard: is told of each process, and replaced when it is gone itself.
        changed: called after each start, so that the new pid is written down at once.
    """

    def __init__(self, guard: Guard, changed: Callable[[], None]) -> None:
        self._guard = guard
        self._changed = changed
        self._watched: dict[str, _Watched] = {}

    def add(self, child: Child) -> None:
        """Watches a child from now on; starts it unless it runs."""
        self._watched[child.program.name] = _Watched(child)
        child.start()
        self._changed()

    def __getitem__(self, name: str) -> Child:
        return self._watched[name].child

    def states(self) -> tuple[ChildState, ...]:
        """Each process with its pid and how often it was started again."""
        found = (each.child.state(restarts=each.restarts.count) for each in self._watched.values())
        return tuple(state for state in found if state)

    def deaths_of(self, name: str) -> int:
        """How often a process has died."""
        return self._watched[name].restarts.count

    async def watch(self) -> None:
        """Watches until cancelled.

        Raises:
            ConfigError: a process dies again and again; gives its last words.
        """
        with _child_ended() as ended:
            while True:
                ended.clear()
                for each in list(self._watched.values()):
                    self._look_after(each, time.monotonic())
                self._guard.check()
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), POLL_S)

    def stop(self) -> tuple[str, ...]:
        """Stops all in order; call it when nobody watches any more. The names of those that had to be killed."""
        killed = stop_in_order([state for state in self.states() if self[state.name].pid])
        for each in self._watched.values():
            each.child.stop()
        return killed

    def _look_after(self, each: _Watched, now_s: float) -> None:
        child = each.child
        if each.due_s is None and child.exit_code is not None:
            self._note_death(each, now_s)
        if each.due_s is not None and now_s >= each.due_s:
            each.due_s = None
            child.start()
            _log.info("process_restarted", process=child.program.name, pid=child.pid, restarts=each.restarts.count)
            self._changed()

    def _note_death(self, each: _Watched, now_s: float) -> None:
        child, name = each.child, each.child.program.name
        child.reap()
        delay_s = each.restarts.died(now_s=now_s, lived_s=now_s - child.started_at_s)
        if delay_s is None:
            raise ConfigError(
                f"{name} died more than {MAX_DEATHS} times within {WITHIN_S:g} s, the last time with exit code "
                f"{child.exit_code}: {child.last_words()}",
                remedy=f"The whole story is in {child.program.log_path}.",
            )
        each.due_s = now_s + delay_s
        _log.warning("process_died", process=name, exit_code=child.exit_code, restart_in_s=delay_s)


@contextmanager
def _child_ended() -> Iterator[asyncio.Event]:
    """An event that the kernel's SIGCHLD sets, so that a death is seen at once; elsewhere POLL_S has to do."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    with suppress(NotImplementedError, RuntimeError, ValueError):
        loop.add_signal_handler(signal.SIGCHLD, ended.set)
    try:
        yield ended
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGCHLD)
