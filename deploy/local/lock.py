"""One supervisor for each data directory: a lock that the kernel takes back when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from shared.errors import ConfigError

TRY_FOR_S: Final = 0.5
POLL_S: Final = 0.05


class StackLock:
    """Held from `acquire` until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            ConfigError: another supervisor holds it; says which.
        """
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        end = time.monotonic() + TRY_FOR_S
        while not _try(self._file, fcntl.LOCK_EX):
            # `status` holds it for a moment when it looks.
            if time.monotonic() > end:
                pid = _pid_in(self._file)
                os.close(self._file)
                self._file = -1
                raise ConfigError(
                    f"A stack already runs with the data directory {self._path.parent} (pid {pid or 'unknown'}).",
                    remedy="Stop it with `inkmeter down`, or name another --data-dir.",
                )
            time.sleep(POLL_S)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    @property
    def held(self) -> bool:
        """Whether this object holds it."""
        return self._file >= 0

    def release(self) -> None:
        """Gives the lock back; the file stays, as removing it would let two hold "the" lock."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1


def holder_of(path: Path) -> int | None:
    """The pid of the supervisor that holds the lock; 0 when it is not known yet, None when nobody does."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _try(file, fcntl.LOCK_SH) else _pid_in(file)
    finally:
        os.close(file)


def _try(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid_in(file: int) -> int:
    text = os.pread(file, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isdecimal() else 0
