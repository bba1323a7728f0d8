"""What the supervisor leaves on disk: secrets made once, and the processes it runs, for `status` and a restart."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

PRIVATE_MODE: Final = 0o600
SECRET_BYTES: Final = 32

T = TypeVar("T")


class ChildState(Struct, frozen=True, omit_defaults=True):
    """One process as the supervisor knows it.

    Attributes:
        mark: tells this process from a later one with the same pid (see `identity`).
        stage: when it is stopped; low comes first.
        url: where it listens, without any password.
        restarts: how often it was started again since the stack came up.
    """

    name: str
    pid: int
    mark: str
    stage: int
    stop_signal: int
    url: str = ""
    restarts: int = 0


class StackState(Struct, frozen=True):
    """The supervisor and its processes."""

    supervisor_pid: int
    children: tuple[ChildState, ...] = ()


def write_private(path: Path, content: bytes) -> None:
    """Replaces a file in one step; only its owner may read it, at no moment anybody else."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def write_json(path: Path, value: object) -> None:
    """The same for a value, as JSON."""
    write_private(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def read_json(path: Path, shape: type[T]) -> T | None:
    """A value that was written before; None when there is none, or it is no longer readable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except (OSError, msgspec.DecodeError):
        return None


def secret_of(path: Path) -> str:
    """The secret in a file, made at the first call and then kept."""
    try:
        found = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        found = ""
    if not found:
        found = secrets.token_urlsafe(SECRET_BYTES)
        write_private(path, found.encode() + b"\n")
    return found
