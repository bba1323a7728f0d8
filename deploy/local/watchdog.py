"""Outlives a supervisor that is killed, and then stops everything that it ran: `python -m deploy.local.watchdog`.

It reads one JSON order a line from its standard input, a pipe whose other end only the supervisor holds. When
the pipe ends, the supervisor is gone, however it went. It runs in a session of its own, so that whoever kills
the supervisor's whole group does not kill it as well.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from deploy.local.state import ChildState
from deploy.local.stopping import stop_in_order


class Watch(Struct, frozen=True, tag="watch"):
    """From now on, this process is to be stopped."""

    child: ChildState


class Forget(Struct, frozen=True, tag="forget"):
    """This process has ended."""

    pid: int


class Remove(Struct, frozen=True, tag="remove"):
    """Take this file away at the end: it says that a stack is ready."""

    path: str


Order = Watch | Forget | Remove


def obey(lines: Iterable[bytes]) -> tuple[list[ChildState], list[Path]]:
    """Reads orders until they end.

    Returns:
        the processes to stop, in no order, and the files to remove.
    """
    children: dict[int, ChildState] = {}
    files: list[Path] = []
    decode = msgspec.json.Decoder(Order).decode
    for line in lines:
        try:
            order = decode(line)
        except msgspec.DecodeError:
            continue  # the supervisor died in the middle of a line
        match order:
            case Watch(child):
                children[child.pid] = child
            case Forget(pid):
                children.pop(pid, None)
            case Remove(path):
                files.append(Path(path))
    return list(children.values()), files


def main() -> None:
    """Runs until the supervisor is gone and nothing is left of it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    children, files = obey(iter(sys.stdin.buffer.readline, b""))
    if not children:
        return
    for path in files:
        with suppress(OSError):
            path.unlink()
    os.write(1, f"the supervisor is gone; stopping {', '.join(child.name for child in children)}\n".encode())
    killed = stop_in_order(children)
    os.write(1, f"stopped; killed: {', '.join(killed) or 'none'}\n".encode())


if __name__ == "__main__":
    main()
