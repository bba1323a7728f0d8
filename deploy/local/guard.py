"""The supervisor's end of the watchdog's pipe: tells it what to stop should the supervisor die."""

from __future__ import annotations

import atexit
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from deploy.local.state import ChildState
from deploy.local.watchdog import Forget, Order, Remove, Watch

MODULE: Final = "deploy.local.watchdog"
CLOSED_WITHIN_S: Final = 45.0


class Guard:
    """One watchdog and what it was told; a watchdog that was killed is replaced and told all again."""

    def __init__(self, log_path: Path | None = None) -> None:
        self._log_path = log_path
        self._lock = threading.Lock()
        self._children: dict[int, ChildState] = {}
        self._files: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The watchdog's pid, None before the first process is watched."""
        return self._process.pid if self._process else None

    def watch(self, child: ChildState) -> None:
        """Has a process stopped when this one dies."""
        with self._lock:
            self._children[child.pid] = child
            self._tell(Watch(child))

    def forget(self, pid: int) -> None:
        """A process has ended."""
        with self._lock:
            if self._children.pop(pid, None):
                self._tell(Forget(pid))

    def remove_at_end(self, path: Path) -> None:
        """Has a file removed when this process dies."""
        with self._lock:
            self._files.append(str(path))
            self._tell(Remove(str(path)))

    def check(self) -> None:
        """Replaces a watchdog that is gone."""
        with self._lock:
            if self._process and self._process.poll() is not None:
                self._start()

    def close(self) -> None:
        """Ends the watchdog; it first stops what was not forgotten."""
        with self._lock:
            process, self._process = self._process, None
            self._files.clear()
            self._children.clear()
        if process and process.stdin:
            with suppress(OSError):
                process.stdin.close()
            process.wait(CLOSED_WITHIN_S)

    def _tell(self, order: Order) -> None:
        if not self._process or self._process.poll() is not None:
            self._start()
        else:
            try:
                self._write(self._process, order)
            except OSError:
                self._start()

    def _start(self) -> None:
        """Starts a watchdog in place of one that is gone, and tells it all that is known."""
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        log = self._log_path.open("ab") if self._log_path else None
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=log or subprocess.DEVNULL,
                stderr=log or subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        finally:
            if log:
                log.close()
        for path in self._files:
            self._write(process, Remove(path))
        for child in self._children.values():
            self._write(process, Watch(child))
        self._process = process

    @staticmethod
    def _write(process: subprocess.Popen[bytes], order: Order) -> None:
        assert process.stdin  # noqa: S101
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        process.stdin.flush()


@cache
def guard_of_this_process() -> Guard:
    """The guard of servers that are started on their own, as tests and benchmarks do; ends with this process."""
    guard = Guard()
    atexit.register(guard.close)
    return guard
