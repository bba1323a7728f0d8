"""Tells a process from a later one that got the same pid: by the moment it started."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psutil

_PROC: Final = Path("/proc")
_STATE: Final = 0
_THREADS: Final = 17
_START_TICKS: Final = 19
"""Places in /proc/<pid>/stat behind the name in brackets (proc(5): fields 3, 20 and 22)."""


def mark_of(pid: int) -> str | None:
    """The start mark of a living process; None when there is none, or it only waits to be reaped."""
    if (_PROC / "self" / "stat").exists():
        return _mark_by_proc(pid)
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


def _mark_by_proc(pid: int) -> str | None:
    """Ticks since boot: unlike a time of day they stay the same when the clock is set."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    # A Java that ends is a zombie for a moment in which its other threads still hold ports and files.
    ended = fields[_STATE] in {"Z", "X"} and int(fields[_THREADS]) <= 1
    return None if ended else fields[_START_TICKS]


def is_alive(pid: int, mark: str) -> bool:
    """Whether the very process that had this mark still runs."""
    return bool(mark) and mark_of(pid) == mark
