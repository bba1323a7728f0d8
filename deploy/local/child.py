"""One program that runs as a child in a session of its own, is watched by the guard, and writes a log file."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.local.account import Account
from deploy.local.guard import Guard
from deploy.local.identity import mark_of
from deploy.local.state import ChildState
from deploy.local.stopping import KILLED_WITHIN_S, Stage, kill_group, stop_in_order

MAX_LOG_BYTES: Final = 20_000_000
TAIL_BYTES: Final = 4_000
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class Program:
    """What to run and how to stop it.

    Attributes:
        environment: the whole environment; None is that of this process.
        account: the system user to run as; None is the one of this process.
        before_start: called before each start, so also after a crash.
        dies_with_parent: have the kernel stop it at once when its parent is gone (Linux only).
    """

    name: str
    argv: Sequence[str]
    log_path: Path
    stage: Stage
    url: str = ""
    stop_signal: int = signal.SIGTERM
    environment: Mapping[str, str] | None = None
    account: Account | None = None
    cwd: str = "/"
    before_start: Callable[[], None] = field(default=lambda: None)
    dies_with_parent: bool = False


class Child:
    """A program that can be started again and again, one process at a time."""

    def __init__(self, program: Program, guard: Guard) -> None:
        self.program = program
        self._guard = guard
        self._process: subprocess.Popen[bytes] | None = None
        self._mark = ""
        self.started_at_s = 0.0

    @property
    def pid(self) -> int | None:
        """The pid of the running process."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How the last process ended; None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    def state(self, *, restarts: int = 0) -> ChildState | None:
        """What `status` and the watchdog need; None before the first start."""
        if not self._process:
            return None
        program = self.program
        return ChildState(
            name=program.name,
            pid=self._process.pid,
            mark=self._mark,
            stage=program.stage,
            stop_signal=program.stop_signal,
            url=program.url,
            restarts=restarts,
        )

    def start(self) -> None:
        """Starts the process unless it runs; returns before it is ready.

        Raises:
            OSError: the program can't be run.
        """
        if self.pid:
            return
        self.reap()
        program = self.program
        program.before_start()
        rotate(program.log_path)
        account = program.account
        with program.log_path.open("ab") as log:
            process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=program.environment,
                cwd=program.cwd,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=() if account else None,
                preexec_fn=_DIE_WITH_PARENT if program.dies_with_parent else None,  # noqa: PLW1509 - one system call
            )
        self._process, self._mark = process, mark_of(process.pid) or ""
        self.started_at_s = time.monotonic()
        if state := self.state():
            self._guard.watch(state)

    def stop(self) -> None:
        """Asks the process to end, kills it when it does not in time, and waits until it is gone."""
        if self._process and (state := self.state()) and self.pid:
            stop_in_order([state])
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(KILLED_WITHIN_S)
        self.reap()

    def kill(self) -> None:
        """Kills the process as a crash would (SIGKILL), and waits until it is gone."""
        if self._process and self.pid:
            kill_group(self._process.pid)
            self._process.wait()
        self.reap()

    def reap(self) -> None:
        """Tells the guard that a process has ended."""
        if self._process and self._process.poll() is not None:
            self._guard.forget(self._process.pid)

    def last_words(self) -> str:
        """The last line of its log that says anything, for messages."""
        lines = tail(self.program.log_path)
        return lines[-1] if lines else "it wrote nothing"


def rotate(path: Path) -> None:
    """Sets a log that has grown large aside, so that two of them bound what is kept."""
    try:
        if path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_suffix(".1.log"))
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)


def tail(path: Path) -> list[str]:
    """The last lines of a log that are not empty."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]


def _die_with_parent() -> Callable[[], None] | None:
    """What a child calls before it becomes its program: SIGTERM when the thread that started it ends."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask_kernel


_DIE_WITH_PARENT: Final = _die_with_parent()
